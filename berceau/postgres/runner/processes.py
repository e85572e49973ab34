"""The table of the processes that run, so that a contract migration can wait for the old ones.

A process announces itself, and gives a sign of life every few seconds. All times are the server's:
clocks of hosts may differ. What a process writes, it writes with data rights only, in transactions
that need no session.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import psycopg2
from psycopg2 import sql

from berceau.errors import DatabaseError, MigrationError, PermissionMissingError
from berceau.postgres.core.connection import Connection, connected, transaction
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.locks import (
    holder,
    lock_in_transaction,
    try_lock,
    try_shared_lock,
    unlock,
)
from berceau.postgres.core.own_tables import PROCESSES
from berceau.postgres.core.url import Url

STALE_SECONDS = 60
"""A process that gave no sign of life for so long has ended."""

ANNOUNCED_SECONDS = 12
"""Within so many, whatever runs has announced itself in a new table: it tries every ten."""

_CREATE = """
CREATE TABLE IF NOT EXISTS {table} (
    id uuid PRIMARY KEY,
    newest text,
    host text NOT NULL,
    pid integer NOT NULL,
    application text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
# No catalog tells when a table was made.
_REMEMBER = """
DO $$
BEGIN
    EXECUTE format('COMMENT ON TABLE {table} IS %L', 'made at ' || clock_timestamp());
END
$$
"""
# Without tables or views: a new session would read the catalog for each of them.
_FOUND = """
SELECT found IS NOT NULL,
       has_table_privilege(runtime, found, 'SELECT')
           AND has_table_privilege(runtime, found, 'INSERT')
           AND has_table_privilege(runtime, found, 'UPDATE')
           AND has_table_privilege(runtime, found, 'DELETE'),
       clock_timestamp() < substring(obj_description(found, 'pg_class')
                                     FROM '^made at (.*)$')::timestamptz + %(new)s * interval '1 s'
FROM (SELECT to_regclass(%(table)s) AS found,
             to_regrole(quote_ident(nullif(%(role)s, ''))) AS runtime) AS asked
"""
_GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {runtime}"
_SEEN = """
UPDATE {table} SET seen_at = statement_timestamp()
WHERE id = %s AND seen_at > statement_timestamp() - make_interval(secs => %s)
"""
_ANNOUNCE = """
INSERT INTO {table} (id, newest, host, pid, application) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
"""
# Whoever comes removes what killed processes left long ago.
_SWEEP = "DELETE FROM {table} WHERE seen_at < statement_timestamp() - interval '1 day'"
_WITHDRAW = "DELETE FROM {table} WHERE id = %s"
_RUNNING = """
SELECT newest, host, pid, application, started_at FROM {table}
WHERE seen_at > statement_timestamp() - make_interval(secs => %s) ORDER BY started_at, host, pid
"""


@dataclass(frozen=True)
class Process:
    """A process that announced itself: ``newest`` is the last migration that its code has.

    ``application`` is its application_name, where its URL gives one.
    """

    newest: str | None
    host: str
    pid: int
    application: str | None = None
    started_at: datetime | None = None

    def __str__(self) -> str:
        since = f", since {self.started_at:%Y-%m-%d %H:%M:%S %Z}" if self.started_at else ""
        called = f" ({self.application})" if self.application else ""
        newest = f"its newest migration is {self.newest}" if self.newest else "it has no migrations"
        return f"{self.host}, process {self.pid}{called}{since}: {newest}"


class Announcement(StrEnum):
    """What became of a sign of life."""

    DONE = "done"
    NO_TABLE = "no table"
    BARRED = "barred"
    """A contract migration is being applied: who comes now has to look at what it did."""


def ensure(connection: Connection, runtime: str) -> bool:
    """Create the table where it is missing; return whether processes may be unknown in it yet.

    So they are for ``ANNOUNCED_SECONDS`` after it was made. The role ``runtime``, where there is
    one, may write. The connection is the owner's, in autocommit mode.
    """
    is_there, may_write, is_new = _found(connection, runtime)
    if is_there and may_write:
        return is_new
    # Of two that find no table, the second would fail: IF NOT EXISTS doesn't wait.
    with transaction(connection):
        lock_in_transaction(connection, PROCESSES)
        if _is_missing(connection):
            _execute(connection, _CREATE)
            _execute(connection, _REMEMBER)
        _, may_write, is_new = _found(connection, runtime)
        if not may_write:
            _execute(connection, _GRANT, runtime=sql.Identifier(runtime))
    return is_new


def announce(url: Url, number: str, process: Process) -> Announcement:
    """Give a sign of life of the ``process`` with the unique ``number``, a UUID.

    Where nothing is known of it, or it counted as ended, it takes a lock, which ``alone`` excludes:
    either the deploy sees it, or it waits, and sees afterwards what the deploy did. Raises
    ``DatabaseError``.
    """
    try:
        with connected(url) as connection:
            if _is_missing(connection):
                return Announcement.NO_TABLE
            if execute(connection, _sql(_SEEN), (number, STALE_SECONDS)):
                return Announcement.DONE
            if not try_shared_lock(connection, _lock_name(url.schema)):
                return Announcement.BARRED
            values = (number, process.newest, process.host, process.pid, process.application)
            execute(connection, _sql(_ANNOUNCE), values)
            execute(connection, _sql(_SWEEP))
            return Announcement.DONE
    except psycopg2.Error as error:
        raise _refused(error, url) from None


def withdraw(url: Url, number: str) -> None:
    """Remove the process ``number``, which ends. Raises ``DatabaseError``."""
    try:
        with connected(url) as connection:
            _execute(connection, _WITHDRAW, number)
    except psycopg2.Error as error:
        raise _refused(error, url) from None


def running(connection: Connection) -> tuple[Process, ...]:
    """Return the processes that gave a sign of life lately, the oldest first."""
    if _is_missing(connection):
        return ()
    rows = fetch(connection, _sql(_RUNNING), (STALE_SECONDS,))
    return tuple(Process(*row) for row in rows)


@contextmanager
def alone(connection: Connection, schema: str, patience: float = 30.0) -> Iterator[None]:
    """Let no process announce itself while the body runs, on an autocommit connection.

    Raises ``MigrationError`` where somebody else holds the lock for longer than ``patience``.
    """
    name = _lock_name(schema)
    end = time.monotonic() + patience
    while not try_lock(connection, name):
        if time.monotonic() > end:
            raise MigrationError(
                f"Processes announce themselves without end: {holder(connection, name)}.",
                cure="End that session, and run the command again.",
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        if not connection.closed:
            unlock(connection, name)


def _found(connection: Connection, runtime: str) -> tuple[bool, bool, bool]:
    """Return whether the table is there, no role ``runtime`` fails to write it, and it is new."""
    values = {"table": PROCESSES, "role": runtime, "new": ANNOUNCED_SECONDS}
    ((is_there, may_write, is_new),) = fetch(connection, _FOUND, values)
    return is_there, may_write is not False, is_new is True


def _is_missing(connection: Connection) -> bool:
    return fetch_value(connection, "SELECT to_regclass(%s)", (PROCESSES,)) is None


def _lock_name(schema: str) -> str:
    return f"contract:{schema}"


def _sql(text: str, **names: sql.Composable) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(PROCESSES), **names)


def _execute(connection: Connection, text: str, *values: str, **names: sql.Composable) -> None:
    execute(connection, _sql(text, **names), values)


def _refused(error: psycopg2.Error, url: Url) -> DatabaseError:
    lacks_right = isinstance(error, psycopg2.errors.InsufficientPrivilege)
    kind = PermissionMissingError if lacks_right else DatabaseError
    return kind(
        f"The role {url.user!r} can't write into {PROCESSES}: "
        f"{error.diag.message_primary or error}.",
        cure="Run `invoke migrate.deploy` with the same DATABASE_URL: it grants the rights."
        if lacks_right
        else "Correct the cause that the server names.",
    )
