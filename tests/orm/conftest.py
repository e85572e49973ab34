"""Entities of a test, with tables in a schema of their own on the project's embedded server."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pony.orm import Database, db_session, rollback
from psycopg2.extensions import connection as Connection

from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.postgres.connection import connect
from berceau.postgres.schemas import create_schema, drop_schema, execute, use_schema
from berceau.postgres.server import EmbeddedServer
from berceau.postgres.url import Url
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def owner_url() -> Url:
    server = EmbeddedServer(ROOT / ".berceau" / "postgres")
    server.start()
    return server.owner_url


@pytest.fixture(scope="module")
def connection(owner_url: Url) -> Iterator[Connection]:
    """An autocommit connection to a schema that is dropped after the module."""
    schema = f"test_orm_{secrets.token_hex(6)}"
    with closing(connect(owner_url)) as connection:
        connection.autocommit = True
        create_schema(connection, schema)
        try:
            use_schema(connection, schema)
            yield connection
        finally:
            drop_schema(connection, schema)


@pytest.fixture(scope="module")
def make_tables(owner_url: Url, connection: Connection) -> Iterator[Callable[[Database], None]]:
    """Map a Database, create its tables in the module's schema, and connect it."""
    with ExitStack() as databases:

        def make_tables(database: Database) -> None:
            orm.map_entities(database)
            execute(connection, to_statements(order(create(to_schema(database)))))
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                orm.connect(owner_url.dsn(*cursor.fetchone()), database)
            databases.callback(database.disconnect)

        yield make_tables


@pytest.fixture
def session() -> Iterator[None]:
    """A session whose work is undone."""
    with db_session:
        yield
        rollback()
