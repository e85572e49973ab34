"""Servers for the tests of berceau.postgres: each is stopped, whatever the test does."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from berceau.postgres.scratch import scratch
from berceau.postgres.server import EmbeddedServer


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that every account can enter, PostgreSQL's too; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="berceau test ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def folder():
    """An empty folder for one test."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def module_folder():
    """An empty folder for one module."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def running():
    """A server that all tests share: it is neither stopped nor changed beyond new names."""
    with open_folder() as folder:
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def template():
    """The data folder of a server that was made, provisioned and stopped, to copy from."""
    with open_folder() as folder:
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        server.stop()
        yield server.folder


@pytest.fixture(scope="session")
def lasting(template):
    """The server of ``embedded``: its data outlives every start, stop and crash."""
    server = EmbeddedServer(template)
    yield server
    server.stop()


@pytest.fixture
def embedded(lasting):
    """A server with its data made, not running. A test that damages the data takes a copy."""
    lasting.stop()
    yield lasting
    lasting.stop()


@pytest.fixture
def embedded_in(template, lasting, folder):  # noqa: ARG001 - the folder outlives the servers in it
    """Give the function that makes a server in a project's folder, from a copy of the template."""
    made = []

    def make(project: Path) -> EmbeddedServer:
        lasting.stop()
        server = EmbeddedServer(project / ".berceau" / "postgres")
        shutil.copytree(template, server.folder)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def connection(running):
    """An autocommit connection of the owner on the shared server, in an empty schema."""
    with scratch(running.owner_url) as connection:
        yield connection
