"""Rows that don't fit what is required, looked for in one schema after the other."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from psycopg2 import errors, sql

from berceau.migration.required import Requirement
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.schemas import create_schema, drop_schema
from berceau.postgres.tenants.rows import unfit_schemas
from berceau.workflows.shared.databases import Databases

TABLE, COLUMN = 'No%s "te', "te xt"
VALUE = Requirement("value", TABLE, (COLUMN,), 1)
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
    assert [*unfit_schemas(owner, asked, VALUE, LATE)] == [a, c, d]
    assert [*unfit_schemas(owner, asked, Requirement("value", TABLE, ("text",), 1), LATE)] == []


def test_what_has_to_be_unique_is_looked_for(owner: Connection, schemas: list[str]) -> None:
    _, b, c, _ = schemas
    run(owner, b, "INSERT INTO {table} VALUES ('y'), ('x')")
    run(owner, c, "INSERT INTO {table} VALUES (NULL)")
    required = Requirement("unique", TABLE, (COLUMN,), 1)
    assert [*unfit_schemas(owner, schemas, required, LATE)] == [b]
    run(owner, c, "ALTER TABLE {table} ADD n int")
    run(owner, b, "ALTER TABLE {table} ADD n int")
    both = Requirement("unique", TABLE, (COLUMN, "n"), 1)
    assert [*unfit_schemas(owner, schemas, both, LATE)] == []
    run(owner, b, "UPDATE {table} SET n = 1")
    assert [*unfit_schemas(owner, schemas, both, LATE)] == [b]
    run(owner, b, "ALTER TABLE {table} ALTER n TYPE json USING '1'")
    assert [*unfit_schemas(owner, schemas, both, LATE)] == []


def test_what_has_to_refer_to_a_row_is_looked_for(owner: Connection, schemas: list[str]) -> None:
    a, b, c, _ = schemas
    for each, value in {a: "'x'", b: "'y'", c: "1"}.items():
        target = sql.SQL("CREATE TABLE {} AS SELECT {} AS {}")
        names = sql.Identifier(each, "o ther"), sql.SQL(value), sql.Identifier("k ey")
        execute(owner, target.format(*names))
    required = Requirement("reference", TABLE, (COLUMN,), 1, "o ther", ("k ey",))
    assert [*unfit_schemas(owner, schemas, required, LATE)] == [b]


def test_rows_of_children_and_partitions_do_not_count(
    owner: Connection, schemas: list[str]
) -> None:
    for each, made in {
        schemas[0]: "CREATE TABLE {child} () INHERITS ({table})",
        schemas[1]: "DROP TABLE {table}; CREATE TABLE {table} ({column} text) PARTITION BY LIST "
        "({column}); CREATE TABLE {child} PARTITION OF {table} FOR VALUES IN ('x')",
    }.items():
        text = f"{made}; INSERT INTO {{child}} VALUES ('x'), ('x')"
        child, table = sql.Identifier(each, "child"), sql.Identifier(each, TABLE)
        names = {"child": child, "table": table, "column": sql.Identifier(COLUMN)}
        execute(owner, sql.SQL(text).format(**names))
    assert [*unfit_schemas(owner, schemas, Requirement("unique", TABLE, (COLUMN,), 1), LATE)] == []


def test_a_table_that_may_not_be_read_is_skipped(owner: Connection, schemas: list[str]) -> None:
    a, _, c, d = schemas
    run(owner, a, "REVOKE SELECT ON {table} FROM current_user")
    assert [*unfit_schemas(owner, schemas, VALUE, LATE)] == [c, d]


def test_columns_that_a_query_cannot_compare_are_not_looked_at(
    owner: Connection, schemas: list[str]
) -> None:
    target = sql.Identifier(schemas[0], "other")
    made = "CREATE TABLE {0} (key text COLLATE \"C\"); INSERT INTO {0} VALUES ('y')"
    execute(owner, sql.SQL(made).format(target))
    run(owner, schemas[0], 'ALTER TABLE {table} ALTER {column} TYPE text COLLATE "POSIX"')
    required = Requirement("reference", TABLE, (COLUMN,), 1, "other", ("key",))
    assert [*unfit_schemas(owner, schemas, required, LATE)] == []


def test_what_goes_meanwhile_is_skipped(owner: Connection, schemas: list[str]) -> None:
    a, b, c, d = schemas
    found = unfit_schemas(owner, schemas, VALUE, LATE)
    assert next(found) == a
    drop_schema(owner, b)
    run(owner, c, "DROP TABLE {table}")
    assert [*found] == [d]
    found = unfit_schemas(owner, schemas, VALUE, LATE)
    assert next(found) == a
    run(owner, d, "ALTER TABLE {table} RENAME {column} TO other")
    assert [*found] == []


def test_a_locked_table_is_not_waited_for(
    database: Databases, owner: Connection, schemas: list[str]
) -> None:
    a, _, c, d = schemas
    with connect(database.migration_url) as other:
        run(other, c, "LOCK TABLE {table}")
        assert [*unfit_schemas(owner, schemas, VALUE, SOON)] == [a, d]
    assert [*unfit_schemas(owner, schemas, VALUE, LATE)] == [a, c, d]


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
        found = [*unfit_schemas(connection, schemas, VALUE, LATE)]
        assert found == [each for each in schemas if each != schemas[1]]
        for name, value in limits.items():
            assert fetch(connection, f"SHOW {name}") == [(value,)]
