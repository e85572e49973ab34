"""Pony's view of the connections: each thread holds one for as long as its session lasts."""

from threading import local
from typing import Any, Protocol

from berceau.errors import ConnectionFailedError
from berceau.orm.unit import current_unit


class ConnectionSource(Protocol):
    """What lends connections.

    ``preamble`` is the SQL that each transaction begins with, ``snapshot`` that of one that only
    reads.
    """

    preamble: str
    snapshot: str

    def acquire(self) -> tuple[Any, bool]:
        """Return a connection, and whether it is new."""

    def release(self, connection: Any) -> None:
        """Take a connection back for the next user."""

    def discard(self, connection: Any) -> None:
        """Take a broken connection back for good."""

    def transaction(self, connection: Any) -> Any:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""

    def was_committed(self, transaction: Any) -> bool | None:
        """Return what became of a transaction whose connection broke; ``None``: unknown."""

    def position(self, connection: Any) -> str:
        """Return the place in the server's log that holds all that was committed so far."""

    def close(self) -> None:
        """Close what isn't in use."""


class ReplicaSource(ConnectionSource, Protocol):
    """What lends connections to a copy of the database that may be behind."""

    def acquire_after(self, position: str) -> tuple[Any, bool] | None:
        """Return a connection, and whether it is new; ``None`` where it is behind ``position``."""


class BerceauPool:
    """Stands where Pony expects its own pool.

    ``source`` is ``None`` until the database is known: the first query raises
    ``ConnectionFailedError`` then. Units of work that ask for it read from ``replica``. One that
    ``is_fixed`` stays, whoever connects to something else.
    """

    is_fixed = False

    def __init__(
        self, source: ConnectionSource | None = None, replica: ReplicaSource | None = None
    ) -> None:
        self.source = source
        self.replica = replica
        self._held = local()

    def connect(self) -> tuple[Any, bool]:
        """Return this thread's connection, and whether Pony hasn't seen it yet."""
        connection = getattr(self._held, "connection", None)
        if connection is not None:
            return connection, False
        self._held.lender, (self._held.connection, new) = self._borrow()
        return self._held.connection, new

    def release(self, connection: Any) -> None:
        """Give back the connection of a session that ended."""
        unit = current_unit()
        if unit is not None and unit.broken:
            self.drop(connection)
            return
        self._held.connection = None
        self._held.lender.release(connection)

    def drop(self, connection: Any) -> None:
        """Give back a connection that broke."""
        self._held.connection = None
        self._held.lender.discard(connection)

    def disconnect(self) -> None:
        """Close what isn't in use."""
        for source in filter(None, (self.source, self.replica)):
            source.close()

    def preamble(self, *, read_only: bool) -> str:
        """Return the SQL that a transaction of this thread begins with."""
        lender: ConnectionSource = self._held.lender
        return "; ".join(filter(None, (lender.snapshot if read_only else "", lender.preamble)))

    def transaction(self, connection: Any) -> Any:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""
        return self._source.transaction(connection)

    def was_committed(self, transaction: Any) -> bool | None:
        """Return what became of a transaction whose connection broke; ``None``: unknown."""
        return self._source.was_committed(transaction)

    def position(self, connection: Any) -> str:
        """Return the place in the server's log that holds all that was committed so far."""
        return self._source.position(connection)

    def _borrow(self) -> tuple[ConnectionSource, tuple[Any, bool]]:
        unit = current_unit()
        if self.replica is not None and unit is not None and unit.replica_after is not None:
            borrowed = self.replica.acquire_after(unit.replica_after)
            if borrowed is not None:
                return self.replica, borrowed
        return self._source, self._source.acquire()

    @property
    def _source(self) -> ConnectionSource:
        if self.source is None:
            raise ConnectionFailedError(
                "No database is connected: the entities are mapped, but not bound to a database.",
                cure="Start the application, or call berceau.orm.database.connect() first.",
            )
        return self.source
