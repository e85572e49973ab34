"""Entities of a test, with tables in a schema of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pony.orm import Database, db_session, rollback

from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from berceau.workflows.shared.databases import Databases


def create_tables(database: Database, server: Databases, connection: Connection) -> None:
    """Map a Database, create its tables in the schema of ``connection``, and connect it there."""
    orm.map_entities(database)
    execute_statements(connection, to_statements(order(create(to_schema(database)))))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        url = server.migration_url.with_schema(*cursor.fetchone())
    orm.connect(ConnectionPool(url, Limits()), database)


@pytest.fixture(scope="module")
def connection(server: Databases) -> Iterator[Connection]:
    """An autocommit connection of the owner, to a schema for one module."""
    with scratch(server.migration_url) as connection:
        yield connection


@pytest.fixture(scope="module")
def make_tables(server: Databases, connection: Connection) -> Iterator[Callable[[Database], None]]:
    """Map a Database, create its tables in the module's schema, and connect it."""
    with ExitStack() as connected:

        def make_tables(database: Database) -> None:
            create_tables(database, server, connection)
            connected.callback(database.disconnect)

        yield make_tables


@pytest.fixture
def session() -> Iterator[None]:
    """A session whose work is undone."""
    with db_session:
        yield
        rollback()
