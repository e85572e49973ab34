"""The table of the ledger: how it is made, and what the versions after the first one added."""

from psycopg2 import sql

from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.protection import OTHER_WRITERS, protect

# Of the SQL in its direction the first `position` statements took effect; `begun`: the next one,
# which runs outside of a transaction, may have taken effect too, and `batches` is what an UPDATE of
# a large table did. Citus takes checks with names only.
_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    script text NOT NULL,
    applied_at timestamptz DEFAULT clock_timestamp(),
    down text NOT NULL DEFAULT '',
    data text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'applied'
        CONSTRAINT berceau_migration_state CHECK (state IN ('running', 'applied', 'failed')),
    direction text NOT NULL DEFAULT 'up'
        CONSTRAINT berceau_migration_direction CHECK (direction IN ('up', 'down')),
    position integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    begun boolean NOT NULL DEFAULT false,
    failed_at integer,
    error text,
    started_at timestamptz,
    batches jsonb
)
"""
# What came after the first version; ledgers of that one are given it.
_LATER = """
ALTER TABLE {table}
    ALTER COLUMN applied_at DROP NOT NULL,
    ADD COLUMN down text NOT NULL DEFAULT '',
    ADD COLUMN data text NOT NULL DEFAULT '',
    ADD COLUMN state text NOT NULL DEFAULT 'applied',
    ADD COLUMN direction text NOT NULL DEFAULT 'up',
    ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN total integer NOT NULL DEFAULT 0,
    ADD COLUMN begun boolean NOT NULL DEFAULT false,
    ADD COLUMN failed_at integer,
    ADD COLUMN error text,
    ADD COLUMN started_at timestamptz
"""
# In a statement each, as Citus wants it.
_CHECK_STATE = """
ALTER TABLE {table}
    ADD CONSTRAINT berceau_migration_state CHECK (state IN ('running', 'applied', 'failed'))
"""
_CHECK_DIRECTION = """
ALTER TABLE {table}
    ADD CONSTRAINT berceau_migration_direction CHECK (direction IN ('up', 'down'))
"""
_BATCHES = "ALTER TABLE {table} ADD COLUMN batches jsonb"
_VERSIONS = {"started_at": (_LATER, _CHECK_STATE, _CHECK_DIRECTION), "batches": (_BATCHES,)}
"""What brings a ledger up to date that lacks a column."""
_FOUND = f"""
SELECT ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = to_regclass({{name}}) AND attnum > 0 AND NOT attisdropped),
       EXISTS ({OTHER_WRITERS})
"""  # noqa: S608 - our own text


def make(connection: Connection, table: sql.Identifier) -> None:
    """Create the ``table`` where it is missing, in the open transaction.

    Only its owner may write in it.
    """
    protect(connection, table, _CREATE)


def bring_up_to_date(connection: Connection, table: sql.Identifier) -> bool:
    """Add what the ``table`` lacks; only its owner may write in it.

    The connection is in autocommit mode. Returns whether there was anything to do.
    """
    name = sql.Literal(table.as_string(connection))
    ((columns, others_write),) = fetch(connection, sql.SQL(_FOUND).format(name=name))
    lacking = [each for column, each in _VERSIONS.items() if column not in columns]
    changes = [change for each in lacking for change in each]
    if not changes and not others_write:
        return False
    with transaction(connection):
        for change in changes:
            execute(connection, sql.SQL(change).format(table=table))
        protect(connection, table)
    return True
