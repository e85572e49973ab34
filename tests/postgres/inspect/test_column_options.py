"""What PostgreSQL 15.20 keeps for itself among the options of a column is no setting of one."""

import pytest

from berceau.postgres.clone.cloning import clone
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import drop_schema, execute_statements
from berceau.schema.changes import Restore, SetAside
from berceau.schema.sql import to_statements
from tests.postgres.dumps import run

# What a superuser writes here, a server of those releases writes itself.
KEEP = """
UPDATE pg_attribute SET attoptions = array_prepend('pg_attver=22158920', attoptions)
WHERE attrelid IN ('t'::regclass, 'm'::regclass) AND attnum > 0
  AND NOT coalesce(attoptions::text ~ 'pg_attver', false)
"""
OPTIONS = """
SELECT attrelid::regclass::text, attname, attoptions FROM pg_attribute
WHERE attnum > 0 AND attrelid IN ('{0}.t'::regclass, '{0}.m'::regclass) ORDER BY 1, 2
"""


@pytest.fixture
def schema(admin, connection) -> str:
    """Make a table and a materialized view of columns with and without options."""
    run(connection, "CREATE TABLE t (a int, b int); ALTER TABLE t ALTER b SET (n_distinct = 5)")
    run(connection, "CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
    run(connection, "ALTER MATERIALIZED VIEW m ALTER b SET (n_distinct = 7)")
    ((name,),) = run(connection, "SELECT current_schema()")
    run(admin, f"SET search_path = {name}; {KEEP}")
    return name


def set_by_people(connection, schema: str) -> list[tuple[str, ...]]:
    found = run(connection, OPTIONS.format(schema))
    return [
        (relation.split(".")[-1], column, option)
        for relation, column, options in found
        for option in options or ()
        if not option.startswith("pg_attver=")
    ]


SET = [("m", "b", "n_distinct=7"), ("t", "b", "n_distinct=5")]


@pytest.mark.usefixtures("schema")
def test_they_are_no_settings_of_a_column(connection) -> None:
    (table,) = catalog.read(connection).tables
    assert table.others == ("settings of column b",)


def test_a_copy_has_the_options_that_were_set(connection, schema) -> None:
    clone(connection, schema, "copied")
    try:
        assert set_by_people(connection, "copied") == SET
    finally:
        drop_schema(connection, "copied")


def test_a_view_that_stood_aside_has_the_options_that_were_set(connection, schema) -> None:
    execute_statements(connection, to_statements((SetAside((("t", "b"),)), Restore())))
    assert set_by_people(connection, schema) == SET
