"""A coordinator of Citus that BERCEAU_TEST_CITUS_URL names, by an administrator's URL.

Tests that kill servers start their own, and so do all others if only these are given.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from tests.citus import cluster
from tests.citus.cluster import Cluster
from tests.conftest import Project

VARIABLE = "BERCEAU_TEST_CITUS_URL"
COUNTRY = "CREATE TABLE country (id serial PRIMARY KEY, name text NOT NULL)"
# A tenant's table on another server can refer to what is on all of them.
ON_ALL = "SELECT create_reference_table('country')"
# What other servers have committed, the coordinator may not forget.
ON_DISK = "SELECT 1 / (current_setting('synchronous_commit') = 'on')::integer"
NOTE = "CREATE TABLE note (id serial PRIMARY KEY, text text, country int REFERENCES country)"


@pytest.fixture(scope="session")
def servers() -> Iterator[Cluster]:
    """Servers of the tests' own; without programs of Citus, what needs them is skipped."""
    folder = cluster.programs()
    if folder is None:
        pytest.skip(f"{cluster.VARIABLE} isn't set: it names a folder of programs with Citus")
    with cluster.cluster(folder) as running:
        yield running


@pytest.fixture(scope="session")
def admin(request: pytest.FixtureRequest) -> Url:
    """The administrator's URL; without one, what needs Citus is skipped."""
    if os.environ.get(VARIABLE):
        return Url.parse(os.environ[VARIABLE])
    if cluster.programs():
        return request.getfixturevalue("servers").admin
    pytest.skip(f"{VARIABLE} isn't set: it names a coordinator of Citus")


@pytest.fixture
def schema(admin: Url) -> Iterator[Url]:
    """An empty schema of the coordinator's own, dropped after the test."""
    name = f"citus_test_{secrets.token_hex(6)}"
    with connect(admin, autocommit=True) as connection:
        create_schema(connection, name)
        try:
            yield admin.with_schema(name)
        finally:
            drop_schema(connection, name)


@pytest.fixture
def ask(schema: Url) -> Callable[[str], list[tuple[Any, ...]]]:
    """Run SQL in the schema, in a transaction of its own, and return the rows."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with connect(schema, autocommit=True) as connection:
            return fetch(connection, sql)

    return ask


@pytest.fixture
def placed(project: Project, schema: Url) -> Project:
    """A project without components, on the schema; nothing else runs on it."""
    url = schema.with_password()
    project.environment = {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "BERCEAU_ALLOW_DOWNTIME": "true",
    }
    return project


@pytest.fixture
def shop(placed: Project) -> Iterator[Project]:
    """A project with two tenants, whose tables are on other servers."""
    placed.environment |= {"BERCEAU_TENANTS": "schema"}
    shared = "migrations/shared/20260101000000_country/migration.sql"
    placed.write(shared, f"{COUNTRY};\n{ON_ALL};\n")
    placed.write("migrations/tenant/20260101000001_note/migration.sql", f"{NOTE};\n{ON_DISK};\n")
    placed.succeed("migrate.deploy")
    placed.succeed("tenant.create", "acme")
    placed.succeed("tenant.create", "globex")
    yield placed
    for name in ("acme", "globex"):
        placed.succeed("tenant.drop", name, "--force")
