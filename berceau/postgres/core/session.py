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
{settings};
SELECT set_config('lock_timeout', '{milliseconds}', false)
WHERE current_setting('lock_timeout') = '0'
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
    found = _settings(connection)
    wanted = {**_WANTED, "lock_timeout": _milliseconds(lock_seconds)}
    if found["lock_timeout"] != "0":
        del wanted["lock_timeout"]
    lacking = {name: value for name, value in wanted.items() if found[name] not in (None, value)}
    if lacking:
        execute(connection, _setting(connection, lacking, local=True))


@contextmanager
def clean_session(connection: Connection, lock_seconds: float) -> Iterator[None]:
    """Let the body run migrations on the autocommit ``connection``; what they set ends with it.

    A statement waits ``lock_seconds`` for a lock, unless the connection's URL sets another time,
    and may take as long as it needs. What it means is the same everywhere: see ``PINNED``.
    """
    found = _settings(connection)
    if found[_INTERVAL] == "0":
        notice_loss(connection)
        found = _settings(connection)
    known = {name: value for name, value in _WANTED.items() if found[name] is not None}
    settings = _setting(connection, {**known, **{name: found[name] for name in _KEPT}})
    _reset(connection, settings, lock_seconds)
    try:
        yield
    finally:
        if not connection.closed:
            _reset(connection, settings, 0)


def _reset(connection: Connection, settings: str, lock_seconds: float) -> None:
    """Undo what a migration set, and set what the SQL of ``settings`` does."""
    values = {"settings": settings, "milliseconds": _milliseconds(lock_seconds)}
    execute(connection, _RESET.format(**values))


def _settings(connection: Connection) -> dict[str, str | None]:
    """Return the settings that matter; one that the server doesn't know is ``None``.

    The view pg_settings would compute all, which takes longer than all the rest.
    """
    names = (*_KEPT, *_WANTED, "lock_timeout")
    asked = ", ".join(f"current_setting('{name}', true)" for name in names)
    (values,) = fetch(connection, f"SELECT {asked}")
    return dict(zip(names, values, strict=True))


def _setting(
    connection: Connection, settings: Mapping[str, str | None], *, local: bool = False
) -> str:
    asked = ", ".join([f"set_config(%s, %s, {local})"] * len(settings))
    return filled(connection, f"SELECT {asked}", [*chain(*settings.items())])


def _milliseconds(seconds: float) -> str:
    return f"{int(seconds * 1000)}ms"


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
