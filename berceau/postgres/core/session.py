"""The session that a migration runs in: what it sets is gone before the next one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2

from berceau.postgres.core.connection import PINNED, Connection, setting
from berceau.postgres.core.fetch import fetch_value

# Like DISCARD ALL, which would give up the deploy lock too. The environment may have chosen other
# settings than we (PGDATESTYLE, PGTZ), and to those RESET ALL leads back.
_RESET = """
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL;
DISCARD TEMP; DISCARD SEQUENCES;
SELECT set_config('search_path', %(search_path)s, false);
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
SELECT set_config('lock_timeout', %(lock_timeout)s, false)
WHERE current_setting('lock_timeout') = '0'
"""

_PINNED = setting("SESSION", {**PINNED, "timezone": "UTC"})


@contextmanager
def clean_session(connection: Connection, lock_seconds: float) -> Iterator[None]:
    """Let the body run migrations on the autocommit ``connection``; what they set ends with it.

    A statement waits ``lock_seconds`` for a lock, unless the connection's URL sets another time,
    and may take as long as it needs. What it means is the same everywhere: see ``PINNED``.
    """
    search_path = fetch_value(connection, "SHOW search_path")
    reset(connection, search_path, lock_seconds)
    try:
        yield
    finally:
        if not connection.closed:
            reset(connection, search_path, 0)


def reset(connection: Connection, search_path: str, lock_seconds: float) -> None:
    """Undo what a migration set, except for its ``search_path``."""
    values = {"search_path": search_path, "lock_timeout": f"{int(lock_seconds * 1000)}ms"}
    with connection.cursor() as cursor:
        cursor.execute(_RESET, values)
        cursor.execute(_PINNED)
    notice_loss(connection)


def notice_loss(connection: Connection) -> None:
    """Let the server notice within a second that this process is gone, and end its statement."""
    # Not every system can notify the server.
    with suppress(psycopg2.errors.InvalidParameterValue), connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '1s'")


@contextmanager
def lock_timeout(connection: Connection, seconds: float) -> Iterator[None]:
    """Let statements of the body wait ``seconds`` for a lock, without end if 0."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchall()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(seconds * 1000)}",))
        try:
            yield
        finally:
            if not connection.closed:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", (before,))
