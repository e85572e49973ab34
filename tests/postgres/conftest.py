"""Servers for the tests of berceau.postgres: each is stopped, whatever the test does."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.embedded.cluster import ADMIN
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.extensions import COUNTING_SCHEMA
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.statistics import planning
from tests.conftest import sync_nothing
from tests.folders import open_folder

ROOT = Path(__file__).parents[2]

# Imports come first: another account may not be able to read this Python.
START_ELSEWHERE = """
import os, sys
from pathlib import Path
from berceau.postgres.runner import ledger, runner
from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.server import EmbeddedServer
if len(sys.argv) > 2:
    uid, gid = map(int, sys.argv[2:])
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
with connect(server.runtime_url) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT 1")
print(server.status().pid)
"""


class Server(EmbeddedServer):
    """An embedded server that tests can look into."""

    @property
    def pid(self) -> int:
        return self.status().pid

    def ask(self, question: str = "SELECT 1") -> object:
        """Return the one value that answers ``question``, put by the application's role."""
        with connect(self.runtime_url) as connection, connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]

    def start_elsewhere(self, *identity: int) -> subprocess.Popen[str]:
        """Start it from a process of its own, which prints its pid; ``identity`` is uid and gid."""
        return subprocess.Popen(
            [sys.executable, "-c", START_ELSEWHERE, self.folder, *map(str, identity)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder for one test."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    """An empty folder for one module."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    """A server that all tests share: it is neither stopped nor changed beyond new names."""
    with open_folder() as folder:
        server = Server(folder / ".berceau" / "postgres")
        server.start()
        sync_nothing(server.admin_url("berceau"))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """The data folder of a server that was made, provisioned and stopped, to copy from."""
    with open_folder() as folder:
        server = Server(folder / ".berceau" / "postgres")
        server.start()
        sync_nothing(server.admin_url("berceau"))
        server.stop()
        yield server.folder


@pytest.fixture(scope="session")
def lasting(template) -> Iterator[Server]:
    """The server of ``embedded``: its data outlives every start, stop and crash."""
    server = Server(template)
    yield server
    server.stop()


@pytest.fixture
def embedded(lasting) -> Iterator[Server]:
    """A server with its data made, not running. A test that damages the data takes a copy."""
    lasting.stop()
    yield lasting
    lasting.stop()


@pytest.fixture
def fresh_in(folder) -> Iterator[Callable[[Path], Server]]:  # noqa: ARG001 - it outlives the servers in it
    """Give the function that makes a server, without data, for a project's folder."""
    made = []

    def make(project: Path) -> Server:
        server = Server(project / ".berceau" / "postgres")
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def embedded_in(fresh_in, template, lasting) -> Callable[[Path], Server]:
    """Give the function that makes a server from a copy of the template, for a project's folder."""

    def make(project: Path) -> Server:
        lasting.stop()
        server = fresh_in(project)
        shutil.copytree(template, server.folder)
        return server

    return make


@pytest.fixture
def apply() -> Callable[..., None]:
    """Give the function that applies a migration as a deploy does."""

    def apply(connection, migration, **options) -> None:
        ledger.ensure(connection)
        schema = ledger.Ledger(connection).schema
        with deploy_lock(connection, schema):
            runner.apply(connection, migration, **options)

    return apply


@pytest.fixture
def connection(running) -> Iterator[Connection]:
    """An autocommit connection of the owner on the shared server, in an empty schema."""
    with scratch(running.owner_url) as connection:
        yield connection


@pytest.fixture
def owner(running) -> Iterator[Connection]:
    """An autocommit connection of a schema owner without other rights."""
    with connect(running.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(running) -> Iterator[Connection]:
    """An autocommit connection of a superuser."""
    with connect(running._url(ADMIN, running.owner_url.database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def only_what_a_test_makes(admin) -> Iterator[None]:
    """Let no test find a schema that another one made or left."""
    yield
    for name in made_schemas(admin):
        drop_schema(admin, name)


def made_schemas(connection: Connection) -> list[str]:
    """Return the schemas that are neither the server's nor Berceau's own, the newest first.

    Not those that are new since a test began: what made them may have run before the fixture.
    """
    query = (
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> ALL (%s)"
        " ORDER BY oid DESC"
    )
    kept = ["information_schema", "public", planning.SCHEMA, COUNTING_SCHEMA]
    return [name for (name,) in fetch(connection, query, (kept,))]
