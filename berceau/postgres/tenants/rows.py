"""What the rows of many schemas are like, asked in one schema after the other."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from psycopg2 import errors, sql

from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.postgres.core.session import settle

_HAVE = """
SELECT n.nspname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relname = %s AND c.relkind IN ('r', 'p')
  AND a.attname = %s AND a.attnum > 0 AND NOT (a.attisdropped OR a.attnotnull)
ORDER BY 1
"""
_LACKS = "SELECT EXISTS (SELECT FROM {table} WHERE {column} IS NULL)"
_GONE = (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedColumn)
_LOCKED = (errors.LockNotAvailable, errors.DeadlockDetected)


def lacking(
    connection: Connection, schemas: Sequence[str], table: str, column: str, lock_seconds: float
) -> Iterator[str]:
    """Yield those of ``schemas`` whose ``table`` has rows without a value in ``column``.

    None of them is a schema without such a column, or one that goes meanwhile; nor is one whose
    table stays locked by others for ``lock_seconds``: whether it lacks a value isn't known. Each is
    asked in a transaction of its own, which may take long and holds no lock on another one's table.
    The connection is in autocommit mode.
    """
    for (schema,) in fetch(connection, _HAVE, ([*schemas], table, column)):
        query = sql.SQL(_LACKS).format(
            table=sql.Identifier(schema, table), column=sql.Identifier(column)
        )
        lacks = False
        with suppress(*_GONE, *_LOCKED), transaction(connection):
            settle(connection, lock_seconds)
            lacks = fetch_value(connection, query)
        if lacks:
            yield schema
