"""A project with a server of its own, whose copies for tests are made, used and pruned."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from berceau.postgres.core.connection import Connection, connect
from berceau.settings import Settings, load
from berceau.workflows.shared.databases import embedded_server, resolve_databases
from berceau.workflows.testing.isolation import prepare
from berceau.workflows.testing.prune import prune
from tests.conftest import sync_nothing
from tests.folders import open_folder
from tests.waiting import wait_until
from tests.workflows.testing.copies import run

MIGRATION = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE post (id serial PRIMARY KEY, title text NOT NULL, mood mood);
CREATE TABLE reply (id int PRIMARY KEY, post int NOT NULL REFERENCES post);
"""


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The settings of a migrated project with an embedded server of its own."""
    with open_folder() as root:
        folder = root / "migrations" / "20260101000000_first"
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(MIGRATION)
        settings = replace(load(root), database_url=None, migration_database_url=None)
        resolve_databases(settings)
        sync_nothing(embedded_server(settings).admin_url("berceau"))
        yield settings


@pytest.fixture(autouse=True)
def pruned(settings) -> Iterator[None]:
    """Let no test find the copies of another.

    The server gives a lock back a moment after its connection was closed.
    """
    yield
    wait_until(lambda: not prune(resolve_databases(settings).migration_url).held)


@pytest.fixture
def admin(settings) -> Iterator[Connection]:
    """A connection of the superuser to the project's database."""
    resolve_databases(settings)
    with connect(embedded_server(settings).admin_url("berceau"), autocommit=True) as admin:
        yield admin


@pytest.fixture
def configured(settings, admin) -> Iterator[Settings]:
    """The settings of the same project as if its server weren't the embedded one."""
    urls = resolve_databases(settings)
    prepare(settings)
    run(admin, f"ALTER ROLE {urls.migration_url.user} NOCREATEDB")
    yield replace(
        settings,
        database_url=urls.runtime_url.with_password(),
        migration_database_url=urls.migration_url.with_password(),
    )
    run(admin, f"ALTER ROLE {urls.migration_url.user} CREATEDB")
