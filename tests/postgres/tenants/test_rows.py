"""Rows without a value, looked for in one schema after the other."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from psycopg2 import errors, sql

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.postgres.tenants.rows import lacking
from berceau.workflows.shared.databases import Databases

TABLE, COLUMN = 'No%s "te', "te xt"
SOON, LATE = 0.05, 3000.0
"""How many seconds to wait for a lock that is never given, and for one that is."""


@pytest.fixture
def owner(database: Databases) -> Iterator[Connection]:
    with connect(database.migration_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def schemas(database: Databases, owner: Connection) -> Iterator[list[str]]:
    """Four schemas, in order: all have the table, with a row that lacks a value in all but b."""
    made = [f'{database.runtime_url.schema[:40]}_%s"{each} Z' for each in "abcd"]
    for each in made:
        create_schema(owner, each)
        run(owner, each, "CREATE TABLE {table} ({column} text)")
        run(owner, each, "INSERT INTO {table} VALUES ('x'), (NULL)")
    run(owner, made[1], "DELETE FROM {table} WHERE {column} IS NULL")
    yield made
    for each in made:
        with suppress(errors.InvalidSchemaName):
            drop_schema(owner, each)


def run(connection: Connection, schema: str, text: str) -> None:
    table, column = sql.Identifier(schema, TABLE), sql.Identifier(COLUMN)
    execute(connection, sql.SQL(text).format(table=table, column=column))


def test_names_are_quoted(owner: Connection, schemas: list[str]) -> None:
    a, _, c, d = schemas
    asked = [*schemas, "no such schema"]
    assert [*lacking(owner, asked, TABLE, COLUMN, LATE)] == [a, c, d]
    assert [*lacking(owner, asked, TABLE, "text", LATE)] == []


def test_what_goes_meanwhile_is_skipped(owner: Connection, schemas: list[str]) -> None:
    a, b, c, d = schemas
    found = lacking(owner, schemas, TABLE, COLUMN, LATE)
    assert next(found) == a
    drop_schema(owner, b)
    run(owner, c, "DROP TABLE {table}")
    assert [*found] == [d]
    found = lacking(owner, schemas, TABLE, COLUMN, LATE)
    assert next(found) == a
    run(owner, d, "ALTER TABLE {table} RENAME {column} TO other")
    assert [*found] == []


def test_a_locked_table_is_not_waited_for(
    database: Databases, owner: Connection, schemas: list[str]
) -> None:
    a, _, c, d = schemas
    with connect(database.migration_url) as other:
        run(other, c, "LOCK TABLE {table}")
        assert [*lacking(owner, schemas, TABLE, COLUMN, SOON)] == [a, d]
    assert [*lacking(owner, schemas, TABLE, COLUMN, LATE)] == [a, c, d]


def test_a_look_may_take_longer_than_statements_of_the_role(
    database: Databases, schemas: list[str]
) -> None:
    limits = {"statement_timeout": "1h", "lock_timeout": "0"}
    with connect(database.migration_url, settings=limits, autocommit=True) as connection:
        for each in schemas:
            run(connection, each, "ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            run(connection, each, "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            # What it looks at is there only where statements have no limit, and locks have one.
            seen = "current_setting('statement_timeout') = '0' AND "
            seen += "current_setting('lock_timeout') = '50min'"
            run(connection, each, f"CREATE POLICY seen ON {{table}} USING ({seen})")
        found = [*lacking(connection, schemas, TABLE, COLUMN, LATE)]
        assert found == [each for each in schemas if each != schemas[1]]
        for name, value in limits.items():
            assert fetch(connection, f"SHOW {name}") == [(value,)]
