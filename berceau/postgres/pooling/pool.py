"""The application's connections: bounded, checked before use and recycled."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Condition
from time import monotonic

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from berceau.errors import PoolTimeoutError
from berceau.postgres.core.commit_status import Transaction, outcome, transaction_of
from berceau.postgres.core.connection import (
    ClosingConnection,
    OwnCursor,
    connect,
    explain,
    overrule_environment,
    session_sql,
    setting,
)
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url, search_path
from berceau.settings import Limits

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

# A connection that rested for longer, in seconds, is asked whether the server still knows it.
TRUSTED_REST = 5.0
NOWHERE = "pg_berceau_no_tenant"
"""A schema that can't exist, as PostgreSQL reserves the name.

The connections of tenants have it, so that what is sent outside of a transaction finds no tables,
rather than somebody's.
"""


@dataclass(frozen=True)
class PoolStatus:
    """How many connections may be open, are open, are in use, and how many threads wait."""

    size: int
    opened: int
    in_use: int
    waiting: int


class ConnectionPool:
    """At most ``limits.pool_size`` connections of this process to ``url``.

    Safe for threads, and after a fork, which begins with none. A connection comes back without
    transaction and session settings.
    """

    kind = ClosingConnection

    def __init__(self, url: Url, limits: Limits) -> None:
        self.url = url
        self.limits = limits
        self._settings = server_settings(limits)
        # Where a pooler shares the server's sessions, each transaction needs their settings.
        self._session = session_sql(url, self._settings) if url.pooled else ""
        self._begin()

    def acquire(self) -> tuple[ClosingConnection, bool]:
        """Return a connection that works, and whether it is new.

        Raises ``PoolTimeoutError`` where all are in use for ``limits.pool_timeout`` seconds,
        ``ConnectionFailedError`` or ``PermissionMissingError`` where none can be opened.
        """
        if self._process != os.getpid():
            self._begin()
        self._enter()
        try:
            rested = self._rested()
            return rested or self._open(), rested is None
        except BaseException:
            self._leave()
            raise

    def release(self, connection: ClosingConnection) -> None:
        """Take ``connection`` back for the next user; a broken one is closed."""
        usable = connection.opened > self._closed and not self._has_seen_enough(connection)
        if usable and self._clean(connection):
            connection.used = monotonic()
            self._resting.append(connection)
            self._leave()
        else:
            self.discard(connection)

    def discard(self, connection: ClosingConnection) -> None:
        """Close ``connection``; those that rest are checked before their next use."""
        self._suspected = monotonic()
        connection.close()
        self._leave()

    def opening(
        self, connection: ClosingConnection, path: Sequence[str] | None, *, read_only: bool
    ) -> str:
        """Return the SQL that a transaction begins with; empty where it needs none.

        It finds its tables in the schemas of ``path``, or else of the URL.
        """
        parts = [SNAPSHOT if read_only else "", self._session]
        if path is not None:
            connection.schemas = {*connection.schemas, *path}
            parts.append(found_in(path))
        return "; ".join(filter(None, parts))

    @contextmanager
    def reading(self, *path: str) -> Iterator[ClosingConnection]:
        """Give the body a connection, in a transaction that only reads, in the schemas of ``path``.

        Raises what ``acquire`` does, also where the connection breaks.
        """
        connection, _ = self.acquire()
        try:
            connection.autocommit = False
            execute(connection, self.opening(connection, path, read_only=True))
            yield connection
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise explain(self.url, str(error)) from None
        finally:
            self.release(connection)

    def transaction(self, connection: ClosingConnection) -> Transaction | None:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""
        return transaction_of(connection)

    def was_committed(self, transaction: Transaction, error: psycopg2.Error) -> bool | None:
        """Return whether ``transaction``, whose COMMIT failed, was kept; ``None``: unknown."""
        return outcome(self.url, transaction, error)

    def position(self, connection: ClosingConnection) -> str:
        """Return the place in the server's log that holds all that was committed so far."""
        with connection.cursor(cursor_factory=OwnCursor) as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()::text")
            (position,) = cursor.fetchone() or ("",)
        return str(position)

    def close(self) -> None:
        """Close the connections that rest; one in use is closed when it comes back."""
        self._closed = monotonic()
        with suppress(IndexError):
            while True:
                self._resting.pop().close()

    @property
    def status(self) -> PoolStatus:
        """What is in use at this moment."""
        opened = self._in_use + len(self._resting)
        return PoolStatus(self.limits.pool_size, opened, self._in_use, self._waiting)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = Condition()
        self._resting: deque[ClosingConnection] = deque()
        self._in_use = 0
        self._waiting = 0
        self._suspected = 0.0
        self._closed = 0.0

    def _enter(self) -> None:
        size, timeout = self.limits.pool_size, self.limits.pool_timeout
        with self._changed:
            self._waiting += 1
            free = self._changed.wait_for(lambda: self._in_use < size, timeout)
            self._waiting -= 1
            if not free:
                raise PoolTimeoutError(
                    f"All {size} connections of this process were in use for {timeout:g} s.",
                    cure="Find the requests that hold them so long, or increase berceau.pool_size.",
                )
            self._in_use += 1

    def _leave(self) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify()

    def _rested(self) -> ClosingConnection | None:
        with suppress(IndexError):
            while True:
                connection = self._resting.pop()  # the last used: in quiet times, the others age
                if self._is_fit(connection):
                    return connection
                connection.close()
        return None

    def _open(self) -> ClosingConnection:
        connection = connect(self.url, settings=self._settings, pinned={}, kind=self.kind)
        connection.rollback()
        connection.autocommit = True
        connection.opened = monotonic()
        return connection

    def _is_fit(self, connection: ClosingConnection) -> bool:
        now = monotonic()
        lifetime = self.limits.connection_lifetime
        if lifetime and now - connection.opened > lifetime:
            return False
        if connection.used > self._suspected and now - connection.used < TRUSTED_REST:
            return True
        try:
            with connection.cursor(cursor_factory=OwnCursor) as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return False
        return True

    def _has_seen_enough(self, connection: ClosingConnection) -> bool:
        """Return whether the server's side of ``connection`` knows the tables of many tenants.

        It keeps what it read of each table, about 40 kB a tenant, until it ends. Behind a pooler,
        that is the pooler's affair.
        """
        return not self.url.pooled and len(connection.schemas) > self.limits.connection_tenants

    def _clean(self, connection: ClosingConnection) -> bool:
        """Undo what the last user left behind; return whether another one may have it."""
        try:
            if connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
                connection.rollback()
            connection.autocommit = True
            if not self.url.pooled:  # there, it is the pooler's affair
                with connection.cursor(cursor_factory=OwnCursor) as cursor:
                    cursor.execute("DISCARD ALL")
                overrule_environment(connection, self.url.session())
        except psycopg2.Error:
            return False
        return True


def found_in(path: Sequence[str]) -> str:
    """Return the SQL that lets a transaction find its tables in the schemas of ``path``.

    It fails where one of a tenant is gone: its names would mean the tables of the last one, which
    all tenants share.
    """
    there = (search_path(name).replace("'", "''") for name in path[:-1])
    found = (f"SELECT '{name}'::regnamespace" for name in there)
    return "; ".join((*found, setting("LOCAL", {"search_path": search_path(*path)})))


def server_settings(limits: Limits) -> dict[str, str]:
    """Return the server's settings that keep ``limits``, in its milliseconds."""
    return {
        "statement_timeout": f"{limits.statement_timeout * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{limits.idle_transaction_timeout * 1000:.0f}",
    }
