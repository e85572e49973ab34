"""What tenants hold is recorded in each, whatever is the matter with another one."""

from pathlib import Path

import pytest

from berceau.errors import TenantError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.schema.model import EMPTY
from berceau.settings import load
from berceau.tasks.migrate.recording import record_in
from berceau.tenancy import Target
from berceau.workflows.build.declared import Declared
from berceau.workflows.shared.databases import Databases

NAME = "20260101000000_init"


def test_one_that_was_dropped_meanwhile_keeps_none_behind_it_from_being_recorded(
    tmp_path: Path, database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.runtime_url.with_password())
    monkeypatch.setenv("MIGRATION_DATABASE_URL", database.migration_url.with_password())
    monkeypatch.setenv("BERCEAU_TENANTS", "schema")
    folder = tmp_path / "migrations" / "tenant" / NAME
    folder.mkdir(parents=True)
    (folder / "migration.sql").write_text("CREATE TABLE note (text text);\n")
    url = database.migration_url
    gone, there = f"tenant_gone_{url.schema}", f"tenant_there_{url.schema}"
    with connect(url, autocommit=True) as connection:
        create_schema(connection, there)
        execute(connection, f"CREATE TABLE {there}.note (text text)")
    places = [
        load(tmp_path).targeting(Target("tenant", schema, name=schema.split("_")[1]))
        for schema in (gone, there)
    ]
    said: list[tuple[str, str | None]] = []
    try:
        done = record_in(places, Declared(EMPTY, {}), NAME, lambda *each: said.append(each))
    finally:
        with connect(url, autocommit=True) as connection:
            drop_schema(connection, there)
    assert said == [(NAME, "there")]
    with pytest.raises(TenantError, match=r"Tenant gone: The role .* can't use the schema"):
        done.require(NAME)
