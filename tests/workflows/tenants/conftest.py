"""A project with tenants, deployed in the process of the test."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.runner import processes
from berceau.postgres.runner.processes import Process
from berceau.postgres.tenants import registry
from berceau.settings import Settings, load
from berceau.tenancy import Scope, Tenant
from berceau.workflows.shared.databases import Databases
from berceau.workflows.tenants.create import create
from berceau.workflows.tenants.deploying import deploy_all
from tests.conftest import TASKS


@dataclass
class Shop:
    """A project in ``root``, without components."""

    root: Path
    databases: Databases

    @property
    def settings(self) -> Settings:
        return load(self.root)

    def write(self, number: int, sql: str, data: str = "", scope: Scope = "tenant") -> str:
        """Write a migration, mostly of tenants, and return its name."""
        name = f"202601010000{number:02}_step"
        folder = self.root / "migrations" / scope / name
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(sql)
        if data:
            (folder / "data.py").write_text(data)
        return name

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the project."""
        (self.root / "tasks.py").write_text(TASKS)
        command = [sys.executable, "-m", "invoke", *arguments]
        return subprocess.Popen(command, cwd=self.root, stdout=subprocess.DEVNULL)

    def add(self, *names: str) -> None:
        """Bring what is shared up to date, and make tenants."""
        deploy_all(self.settings)
        for name in names:
            create(self.settings, name)

    def announce(self, newest: str) -> None:
        """Let a process run whose code has all migrations up to the ``newest``."""
        with connect(self.databases.migration_url, autocommit=True) as connection:
            execute(connection, "COMMENT ON TABLE berceau_process IS NULL")  # it isn't a new one
        process = Process(newest, "here", 1)
        assert processes.announce(self.databases.runtime_url, str(uuid4()), process) == "done"

    def tenants(self) -> tuple[Tenant, ...]:
        with connect(self.databases.migration_url) as connection:
            return registry.read(connection)

    def run(self, tenant: Tenant, sql: str) -> list[Any]:
        """Run SQL as the owner, and return its rows."""
        with connect(self.databases.migration_url.of_tenant(tenant.schema)) as connection:
            return fetch(connection, sql)

    def rows(self, sql: str) -> list[Any]:
        """Return the rows of all tenants."""
        return [row for tenant in self.tenants() for row in self.run(tenant, sql)]


@pytest.fixture
def shop(tmp_path: Path, database: Databases, monkeypatch) -> Iterator[Shop]:
    """A project with tenants on a private schema."""
    monkeypatch.setenv("DATABASE_URL", database.runtime_url.with_password())
    monkeypatch.setenv("MIGRATION_DATABASE_URL", database.migration_url.with_password())
    monkeypatch.setenv("BERCEAU_TENANTS", "schema")
    made = Shop(tmp_path, database)
    yield made
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)
