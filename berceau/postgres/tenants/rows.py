"""What the rows of many schemas are like, asked in one schema after the other."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from psycopg2 import errors, sql

from berceau.migration.required import Requirement
from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.postgres.core.session import settle

# Those that have a column which may be empty, and all where that doesn't matter. A table with
# partitions may lose some of them before, as its text doesn't show.
_HAVE = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relname = %s AND c.relkind = 'r'
  AND (%s OR EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = ANY (%s)
        AND a.attnum > 0 AND NOT (a.attisdropped OR a.attnotnull)))
ORDER BY 1
"""
_MISFITS = {
    "value": "SELECT FROM ONLY {table} WHERE {columns} IS NULL",
    "unique": "SELECT FROM ONLY {table} WHERE ({columns}) IS NOT NULL "
    "GROUP BY {columns} HAVING count(*) > 1",
    "reference": "SELECT FROM ONLY {table} c WHERE ({columns}) IS NOT NULL "
    "AND NOT EXISTS (SELECT FROM {target} p WHERE {same})",
}
_GONE = (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedColumn)
# As for tables of another role, references between other types or other collations, and tables on
# other servers of Citus. What needs them fails later, and says more; or it doesn't.
_REFUSED = (
    errors.InsufficientPrivilege,
    errors.UndefinedFunction,
    errors.AmbiguousFunction,
    errors.IndeterminateCollation,
    errors.FeatureNotSupported,
)
_LOCKED = (errors.LockNotAvailable, errors.DeadlockDetected)


def unfit_schemas(
    connection: Connection, schemas: Sequence[str], required: Requirement, lock_seconds: float
) -> Iterator[str]:
    """Yield those of ``schemas`` in which rows aren't as ``required``.

    None of them is a schema without such tables and columns, or one that goes meanwhile; nor is one
    whose table can't be asked so, has partitions, or stays locked by others for ``lock_seconds``:
    what its rows are like isn't known. A reference leads to a table of the same schema. Each is
    asked in a transaction of its own, which may take long and holds no lock on another one's table.
    The connection is in autocommit mode.
    """
    any_ = required.kind != "value"
    have = fetch(connection, _HAVE, ([*schemas], required.table, any_, [*required.columns]))
    for (schema,) in have:
        found = False
        with suppress(*_GONE, *_REFUSED, *_LOCKED), transaction(connection):
            settle(connection, lock_seconds)
            found = fetch_value(connection, _query(schema, required))
        if found:
            yield schema


def _query(schema: str, required: Requirement) -> sql.Composable:
    pairs = zip(required.columns, required.others, strict=False)
    misfits = sql.SQL(_MISFITS[required.kind]).format(
        table=sql.Identifier(schema, required.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, required.columns)),
        target=sql.Identifier(schema, required.target),
        same=sql.SQL(" AND ").join(
            sql.SQL("p.{} = c.{}").format(sql.Identifier(other), sql.Identifier(mine))
            for mine, other in pairs
        ),
    )
    return sql.SQL("SELECT EXISTS ({})").format(misfits)
