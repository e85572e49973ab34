"""What the ledgers of many schemas say, asked in few questions."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import psycopg2
from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.own_tables import LEDGER

AT_ONCE = 250
"""Ledgers per question: each is locked until its end (``max_locks_per_transaction``)."""

_UP_TO_DATE = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relname = %s
  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'batches')
"""
# What runs may have failed since: a process that was killed couldn't write that. Rows are gathered
# first and put together then: an aggregate of each table would be planned by itself, and be worth
# parallel workers, each of which opens all tables again.
_SAID = """
SELECT schema, CASE WHEN bool_or(state = 'running') THEN NULL ELSE md5(string_agg(concat_ws(
    ' ', {columns}), E'\\n' ORDER BY name COLLATE "C")) END
FROM ({rows}) AS line GROUP BY schema
"""
_ROWS = "SELECT {schema} AS schema, {columns} FROM {ledger}"
_GONE = (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName)
_COLUMNS = sql.SQL(
    "name, checksum, state, direction, position, total, begun, failed_at, batches, error"
)


def said(connection: Connection, schemas: Sequence[str]) -> dict[str, str]:
    """Return what the ledgers of ``schemas`` say, in short: equal texts mean equal ledgers.

    One that isn't there, that hasn't today's form, or in which something runs is left out. The
    connection is in autocommit mode.
    """
    return {name: text for name, text in _said(connection, schemas) if text is not None}


def still_says(connection: Connection, schema: str, text: str) -> bool:
    """Return whether the ledger of ``schema``, which said ``text`` before, says it still."""
    with suppress(*_GONE):
        return fetch(connection, _query([schema])) == [(schema, text)]
    return False


def _said(connection: Connection, schemas: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    for first in range(0, len(schemas), AT_ONCE):
        yield from _said_at_once(connection, schemas[first : first + AT_ONCE])


def _said_at_once(connection: Connection, schemas: Sequence[str]) -> list[tuple[Any, ...]]:
    # Mostly all can be read: to ask that first would take longer.
    with suppress(*_GONE, psycopg2.errors.UndefinedColumn):
        return fetch(connection, _query(schemas))
    while known := fetch(connection, _UP_TO_DATE, ([*schemas], LEDGER)):
        query = _query([name for (name,) in known])
        # One that is dropped meanwhile isn't among them the next time.
        with suppress(*_GONE):
            return fetch(connection, query)
    return []


def _query(schemas: Sequence[str]) -> sql.Composed:
    rows = (
        sql.SQL(_ROWS).format(
            schema=sql.Literal(name), columns=_COLUMNS, ledger=sql.Identifier(name, LEDGER)
        )
        for name in schemas
    )
    return sql.SQL(_SAID).format(columns=_COLUMNS, rows=sql.SQL(" UNION ALL ").join(rows))
