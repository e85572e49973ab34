"""Advisory locks by name: held by a session, and gone with it."""

import hashlib

import psycopg2

from berceau.postgres.core.connection import Connection, transaction
from berceau.postgres.core.fetch import execute, fetch_value

HELD = """
locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_backend_pid()
AND (classid::bigint << 32) | objid::bigint = %(key)s
"""
"""Which row of pg_locks is the lock of this session that has a ``key``."""


def try_lock(connection: Connection, name: str) -> bool:
    """Take the lock ``name`` for the session of ``connection``; return whether it was free."""
    return bool(fetch_value(connection, "SELECT pg_try_advisory_lock(%s)", (key(name),)))


def try_shared_lock(connection: Connection, name: str) -> bool:
    """Take the lock ``name`` beside others, to the transaction's end; return whether one could.

    It works through a pooler, too. Nobody holds it alone meanwhile, by ``try_lock``.
    """
    asked = "SELECT pg_try_advisory_xact_lock_shared(%s)"
    return bool(fetch_value(connection, asked, (key(name),)))


def await_lock(connection: Connection, name: str, seconds: float) -> bool:
    """Wait for the lock called ``name``, for ``seconds`` at most; return whether it was had.

    The connection is in autocommit mode. While it waits it is in a transaction, which others may
    wait for: CREATE INDEX CONCURRENTLY does.
    """
    limits = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = %s"
    try:
        with transaction(connection), connection.cursor() as cursor:
            cursor.execute(f"{limits}; SELECT pg_advisory_lock(%s)", (f"{seconds}s", key(name)))
    except psycopg2.errors.LockNotAvailable:
        return False
    return True


def lock_in_transaction(connection: Connection, name: str) -> None:
    """Wait for the lock called ``name``, and hold it to the end of the open transaction."""
    execute(connection, "SELECT pg_advisory_xact_lock(%s)", (key(name),))


def unlock(connection: Connection, name: str) -> None:
    """Give the lock called ``name`` back."""
    execute(connection, "SELECT pg_advisory_unlock(%s)", (key(name),))


def unlock_all(connection: Connection) -> None:
    """Give all locks back that the session of ``connection`` holds."""
    execute(connection, "SELECT pg_advisory_unlock_all()")


def holds(connection: Connection, name: str) -> bool:
    """Return whether the session of ``connection`` holds the lock called ``name``."""
    return bool(
        fetch_value(
            connection,
            f"SELECT EXISTS (SELECT FROM pg_locks WHERE {HELD})",  # noqa: S608 - our own text
            {"key": key(name)},
        )
    )


def holder(connection: Connection, name: str) -> str | None:
    """Describe the session, other than this, that holds the lock called ``name``, or None."""
    found: str | None = fetch_value(
        connection,
        """
            SELECT format('%%s (process %%s%%s, since %%s)', coalesce(a.usename, 'a role'), l.pid,
                          ' on ' || host(a.client_addr), date_trunc('second', a.backend_start))
            FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND l.pid <> pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (l.classid::bigint << 32) | l.objid::bigint = %s
            """,
        (key(name),),
    )
    return found


def key(name: str) -> int:
    """Return the number by which PostgreSQL knows the lock called ``name``."""
    hashed = hashlib.sha256(f"berceau:{name}".encode()).digest()
    return int.from_bytes(hashed[:8], "big", signed=True)
