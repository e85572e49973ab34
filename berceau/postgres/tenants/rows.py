"""What the rows of many schemas are like, asked in few questions."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import psycopg2
from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.tenants.ledgers import AT_ONCE

_HAVE = """
SELECT n.nspname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relname = %s AND c.relkind IN ('r', 'p')
  AND a.attname = %s AND a.attnum > 0 AND NOT (a.attisdropped OR a.attnotnull)
"""
_LACKS = "SELECT {schema} WHERE EXISTS (SELECT FROM {table} WHERE {column} IS NULL)"


def lacking(
    connection: Connection, schemas: Sequence[str], table: str, column: str
) -> Iterator[str]:
    """Yield those of ``schemas`` whose ``table`` has rows without a value in ``column``.

    A schema without such a column is none of them. The connection is in autocommit mode.
    """
    for first in range(0, len(schemas), AT_ONCE):
        yield from _lacking_at_once(connection, schemas[first : first + AT_ONCE], table, column)


def _lacking_at_once(
    connection: Connection, schemas: Sequence[str], table: str, column: str
) -> list[str]:
    while have := fetch(connection, _HAVE, ([*schemas], table, column)):
        queries = (
            sql.SQL(_LACKS).format(
                schema=sql.Literal(name),
                table=sql.Identifier(name, table),
                column=sql.Identifier(column),
            )
            for (name,) in have
        )
        # One that is dropped meanwhile isn't among them the next time.
        with suppress(psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName):
            return [name for (name,) in fetch(connection, sql.SQL(" UNION ALL ").join(queries))]
    return []
