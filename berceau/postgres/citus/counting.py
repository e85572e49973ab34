"""Numbers of rows go on where Citus makes another table, whose numbers begin again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value

_TAKES = re.compile(r"\breferences\b|\bcreate_\w+_table\b|\bcitus_add_local", re.IGNORECASE)
_NUMBERS = """
SELECT nspname, t.relname, attname, s.oid, coalesce(pg_sequence_last_value(s.oid), 0)
FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
JOIN pg_class t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
JOIN pg_attribute ON attrelid = t.oid AND attnum = d.refobjsubid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') AND t.relkind = 'r'
  AND pg_has_role(t.relowner, 'USAGE') AND {which}
"""
_TAKEN = "EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = t.oid)"
_LEFT = _NUMBERS.format(
    which=f"(%s OR nspname = current_schema()) AND t.relpersistence <> 't' AND NOT {_TAKEN}"
)
# Others may let Citus take tables meanwhile; those aren't locked by this session.
_OURS = """EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = t.oid
                   AND mode = 'AccessExclusiveLock')"""
_TAKEN_OF_THEM = _NUMBERS.format(
    which=f"(nspname, t.relname, attname) IN %s AND {_TAKEN} AND {_OURS}"
)
_OF_SCHEMA = _NUMBERS.format(which="nspname = %s")


def takes_tables(text: str) -> bool:
    """Return whether Citus may take tables because of the statement ``text``.

    It takes each that refers to one on all servers, and all that are related to those.
    """
    return bool(_TAKES.search(text))


@contextmanager
def keeping_count(connection: Connection, *, everywhere: bool = False) -> Iterator[None]:
    """Let new rows get numbers above earlier ones in the tables that Citus takes in the body.

    These are locked until its transaction ends, so none begins again meanwhile. They are tables of
    the schema unless it is to be ``everywhere``: to ask for a number locks its sequence, which a
    migration may do in its own schema only.
    """
    before = {tuple(column): last for *column, _, last in fetch(connection, _LEFT, (everywhere,))}
    yield
    if before:
        for *column, sequence, last in fetch(connection, _TAKEN_OF_THEM, (tuple(before),)):
            _go_on(connection, column, sequence, (last, before[tuple(column)]))


def go_on_counting(connection: Connection, schema: str) -> None:
    """Let new rows of ``schema`` get numbers above those that are there."""
    for *column, sequence, last in fetch(connection, _OF_SCHEMA, (schema,)):
        _go_on(connection, column, sequence, (last, last))


def _go_on(
    connection: Connection, column: list[str], sequence: int, numbers: tuple[int, int]
) -> None:
    """Let a ``sequence`` go on above its ``numbers``, now and before, and what is in its column."""
    schema, table, name = column
    largest = sql.SQL("SELECT max({}) FROM {}").format(
        sql.Identifier(name), sql.Identifier(schema, table)
    )
    last = max(*numbers, fetch_value(connection, largest) or 0)
    if last > numbers[0]:
        execute(connection, "SELECT setval(%s::oid::regclass, %s)", (sequence, last))
