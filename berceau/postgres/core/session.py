"""The session that a migration runs in: what it sets is gone before the next one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg2

from berceau.postgres.core.connection import PINNED, Connection
from berceau.postgres.core.fetch import execute, fetch

# Like DISCARD ALL, which would give up the deploy lock too. The environment may have chosen other
# settings than we (PGDATESTYLE, PGTZ), and to those RESET ALL leads back.
_RESET = """
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL;
DISCARD TEMP; DISCARD SEQUENCES;
SELECT set_config(name, value, false) FROM unnest(%(names)s, %(values)s) wanted (name, value)
WHERE current_setting(name, true) IS NOT NULL;
SELECT set_config('lock_timeout', %(lock_timeout)s, false)
WHERE current_setting('lock_timeout') = '0'
"""
# The view pg_settings would compute all settings, which takes longer than all the rest.
_INTERVAL = "client_connection_check_interval"
_KEPT = f"""
SELECT name, current_setting(name)
FROM unnest(ARRAY['search_path', 'synchronous_commit', '{_INTERVAL}']) AS name
"""  # noqa: S608 - our own text
_WANTED = {
    **PINNED,
    "timezone": "UTC",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    # It would change the parts of a table side by side, and then refuse to change another table in
    # the same transaction.
    "citus.multi_shard_modify_mode": "sequential",
}
"""What migrations find set, as far as the server knows it."""


@contextmanager
def clean_session(connection: Connection, lock_seconds: float) -> Iterator[None]:
    """Let the body run migrations on the autocommit ``connection``; what they set ends with it.

    A statement waits ``lock_seconds`` for a lock, unless the connection's URL sets another time,
    and may take as long as it needs. What it means is the same everywhere: see ``PINNED``.
    """
    kept = dict(fetch(connection, _KEPT))
    if kept[_INTERVAL] == "0":
        notice_loss(connection)
        kept = dict(fetch(connection, _KEPT))
    _reset(connection, kept, lock_seconds)
    try:
        yield
    finally:
        if not connection.closed:
            _reset(connection, kept, 0)


def _reset(connection: Connection, kept: Mapping[str, str], lock_seconds: float) -> None:
    """Undo what a migration set, except for what is to be ``kept``."""
    wanted = {**_WANTED, **kept}
    values = {"names": [*wanted], "values": [*wanted.values()]}
    execute(connection, _RESET, {**values, "lock_timeout": f"{int(lock_seconds * 1000)}ms"})


def notice_loss(connection: Connection) -> None:
    """Let the server notice within a second that this process is gone, and end its statement.

    No sooner: the session may wait for others without a limit.
    """
    execute(connection, "SET idle_session_timeout = 0")
    # Not every system can notify the server.
    with suppress(psycopg2.errors.InvalidParameterValue), connection.cursor() as cursor:
        cursor.execute(f"SET {_INTERVAL} = '1s'")


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
