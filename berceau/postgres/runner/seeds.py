"""The table of the components whose seeds are in the database."""

from collections.abc import Mapping
from typing import Any

from psycopg2 import sql

from berceau.postgres.core.connection import PINNED, Connection, setting
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.locks import lock_in_transaction
from berceau.postgres.core.own_tables import SEEDS

_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    component text PRIMARY KEY,
    checksum text NOT NULL,
    seeded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {runtime}
"""
_READ = """
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;
SELECT component, checksum FROM {table}
"""
_RECORD = """
INSERT INTO {table} (component, checksum) VALUES (%s, %s)
ON CONFLICT (component) DO UPDATE
SET (checksum, seeded_at) = (excluded.checksum, excluded.seeded_at)
"""


def ensure(connection: Connection, runtime: str) -> None:
    """Create the table where it is missing; the role ``runtime`` may write in it.

    The connection isn't in autocommit mode: in its transaction, others wait.
    """
    # Of two that find no table, the second fails: IF NOT EXISTS doesn't wait. Nor does GRANT.
    lock_in_transaction(connection, SEEDS)
    _run(connection, _CREATE, runtime=sql.Identifier(runtime))


def read(connection: Connection) -> Mapping[str, str]:
    """Return the checksums of what was seeded, by component.

    Until the transaction ends, no other one can read or record.
    """
    return dict(_run(connection, _READ))


def pin(connection: Connection) -> None:
    """Let what the open transaction does mean the same in every database, as in migrations."""
    execute(connection, setting("LOCAL", PINNED))


def transaction(connection: Connection) -> str:
    """Return the number of the open transaction."""
    return str(fetch_value(connection, "SELECT pg_current_xact_id()::text"))


def clear(connection: Connection) -> None:
    """Forget what was seeded, as its rows are gone."""
    if fetch(connection, "SELECT to_regclass(%s)", (SEEDS,)) != [(None,)]:
        _run(connection, "DELETE FROM {table}")


def record(connection: Connection, component: str, checksum: str) -> None:
    """Write that the seeds of ``component`` ran, and which they were."""
    _run(connection, _RECORD, component, checksum)


def _run(connection: Connection, query: str, *values: str, **names: sql.Composable) -> Any:
    text = sql.SQL(query).format(table=sql.Identifier(SEEDS), **names)
    return fetch(connection, text, values)
