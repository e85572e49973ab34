"""The session that a migration runs in: what it sets is gone before the next one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain

import psycopg2

from berceau.postgres.core.connection import PINNED, Connection
from berceau.postgres.core.fetch import execute, fetch, filled

# Like DISCARD ALL, which would give up the deploy lock too. The environment may have chosen other
# settings than we (PGDATESTYLE, PGTZ), and to those RESET ALL leads back.
_RESET = """
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL;
DISCARD TEMP; DISCARD SEQUENCES;
"""
# One question shows what is set, and sets what isn't as it is wanted. The view pg_settings would
# compute all settings, which takes longer than all the rest.
_PREPARE = """
SELECT name, found, CASE WHEN found <> wanted AND (name <> 'lock_timeout' OR found = '0')
                         THEN set_config(name, wanted, {local}) END
FROM (SELECT name, wanted, current_setting(name, true) AS found
      FROM (VALUES {rows}) AS known (name, wanted)) AS asked
"""
_INTERVAL = "client_connection_check_interval"
_KEPT = ("search_path", "synchronous_commit", _INTERVAL)
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


def settle(connection: Connection, lock_seconds: float) -> None:
    """Let the open transaction of a new session find set what migrations do.

    Its statements wait ``lock_seconds`` for a lock, unless the connection's URL sets another time.
    """
    _prepare(connection, lock_seconds, local=True)


@contextmanager
def clean_session(connection: Connection, lock_seconds: float) -> Iterator[None]:
    """Let the body run migrations on the autocommit ``connection``; what they set ends with it.

    The session is new, or what ran in it before was Berceau's own, or ended so.
    A statement waits ``lock_seconds`` for a lock, unless the connection's URL sets another time,
    and may take as long as it needs. What it means is the same everywhere: see ``PINNED``.
    """
    found = _prepare(connection, lock_seconds)
    if found[_INTERVAL] == "0":
        notice_loss(connection)
        found = _prepare(connection, lock_seconds)
    known = {name: value for name, value in _WANTED.items() if found[name] is not None}
    settings = {**known, **{name: found[name] for name in _KEPT}}
    try:
        yield
    finally:
        if not connection.closed:
            execute(connection, _RESET + _setting(connection, settings))


def _prepare(
    connection: Connection, lock_seconds: float, *, local: bool = False
) -> dict[str, str | None]:
    """Set what is wanted, and return what was set; what the server doesn't know is ``None``."""
    kept = dict.fromkeys(_KEPT, None)
    wanted = {**kept, **_WANTED, "lock_timeout": f"{int(lock_seconds * 1000)}ms"}
    rows = ", ".join(["(%s, %s)"] * len(wanted))
    query = _PREPARE.format(local=local, rows=rows)
    return {name: found for name, found, _ in fetch(connection, query, [*chain(*wanted.items())])}


def _setting(connection: Connection, settings: Mapping[str, str | None]) -> str:
    asked = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    return filled(connection, f"SELECT {asked}", [*chain(*settings.items())])


def notice_loss(connection: Connection) -> None:
    """Let the server notice within a second that this process is gone, and end its statement.

    No sooner: the session may wait for others without a limit.
    """
    alone = "SET idle_session_timeout = 0"
    try:
        execute(connection, f"{alone}; SET {_INTERVAL} = '1s'")
    except psycopg2.errors.InvalidParameterValue:  # not every system can notify the server
        execute(connection, alone)


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
