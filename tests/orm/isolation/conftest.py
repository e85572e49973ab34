"""The one transaction that the units of work of a test share, and the pool of those that commit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from berceau.orm.isolation import SharedSource, queries_to
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.queries import ObservedPool, Recorder
from berceau.postgres.pooling.shared_transaction import share
from berceau.settings import Limits
from berceau.workflows.shared.databases import Databases
from tests.orm.conftest import create_tables
from tests.orm.isolation.entities import database
from tests.waiting import LONG


@pytest.fixture(scope="session")
def connection(server: Databases) -> Iterator[Connection]:
    """An autocommit connection of the owner, to a schema for all tests of this folder."""
    with scratch(server.migration_url) as connection:
        yield connection


@pytest.fixture(scope="session", autouse=True)
def tables(server, connection) -> Iterator[None]:
    create_tables(database, server, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            ALTER TABLE book ALTER CONSTRAINT book_author_fkey DEFERRABLE INITIALLY DEFERRED;
            CREATE TABLE page (number int PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE);
            CREATE FUNCTION add_author(text) RETURNS int LANGUAGE SQL
                AS 'INSERT INTO author (name) VALUES ($1) RETURNING id';
            """
        )
    yield
    database.disconnect()


@pytest.fixture
def url(server, connection) -> Url:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return server.migration_url.with_schema(*cursor.fetchone())


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(autouse=True)
def shared(url, recorder, connection) -> Iterator[Any]:
    """The connection that the units of work of a test share, while it runs."""
    before = database.provider.pool
    shared = share(url, recorder, patience=LONG)
    with queries_to(SharedSource(shared), database):
        yield shared
    shared.end()
    shared.close()
    database.provider.pool = before
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")


@pytest.fixture
def observed(url, recorder, connection) -> Iterator[ObservedPool]:
    """The pool of a test that commits."""
    before = database.provider.pool
    pool = ObservedPool(url, Limits(), recorder)
    with queries_to(pool, database):
        yield pool
    pool.close()
    database.provider.pool = before
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")


@pytest.fixture
def committed(connection) -> Callable[..., int]:
    """Return a function that counts what is really in a table."""

    def committed(table="author") -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return cursor.fetchone()[0]

    return committed
