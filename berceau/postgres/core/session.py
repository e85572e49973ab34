"""The session that a migration runs in: what it sets is gone before the next one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Clean:
    """How the session of a connection gets clean: ``settings`` is SQL that sets what it is to have.

    What a migration sets besides is undone.
    """

    settings: str

    @classmethod
    def like(cls, connection: Connection) -> "Clean":
        """Return how the session stays as it is in what migrations don't depend on."""
        found = _settings(connection)
        if found[_INTERVAL] == "0":
            notice_loss(connection)
            found = _settings(connection)
        kept = {name: found[name] for name in _KEPT}
        known = {name: value for name, value in _WANTED.items() if found[name] is not None}
        wanted = known | kept
        asked = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
        return cls(filled(connection, f"SELECT {asked}", [*chain(*wanted.items())]))

    def sql(self, lock_seconds: float) -> str:
        """Return the SQL that makes it clean; then statements wait ``lock_seconds`` for a lock.

        Where the connection's URL sets another time, they wait so long.
        """
        return _RESET.format(settings=self.settings, milliseconds=int(lock_seconds * 1000))


@contextmanager
def clean_session(connection: Connection, lock_seconds: float) -> Iterator[None]:
    """Let the body run migrations on the autocommit ``connection``; what they set ends with it.

    A statement waits ``lock_seconds`` for a lock, unless the connection's URL sets another time,
    and may take as long as it needs. What it means is the same everywhere: see ``PINNED``.
    """
    clean = Clean.like(connection)
    execute(connection, clean.sql(lock_seconds))
    try:
        yield
    finally:
        if not connection.closed:
            execute(connection, clean.sql(0))


def _settings(connection: Connection) -> dict[str, str | None]:
    """Return the settings that matter; one that the server doesn't know is ``None``.

    The view pg_settings would compute all, which takes longer than all the rest.
    """
    names = (*_KEPT, *_WANTED)
    asked = ", ".join(f"current_setting('{name}', true)" for name in names)
    (values,) = fetch(connection, f"SELECT {asked}")
    return dict(zip(names, values, strict=True))


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
