"""Pony's view of the connections: each thread holds one for as long as its session lasts."""

from threading import local
from typing import Any, Protocol, TypeAlias

from berceau.errors import ConnectionFailedError
from berceau.orm.tenants import Path, Tenants, current_tenant, mixed, path_of, same
from berceau.orm.unit import current_unit


class ConnectionSource(Protocol):
    """What lends connections."""

    def acquire(self) -> tuple[Any, bool]:
        """Return a connection, and whether it is new."""

    def release(self, connection: Any) -> None:
        """Take a connection back for the next user."""

    def discard(self, connection: Any) -> None:
        """Take a broken connection back for good."""

    def opening(self, connection: Any, path: Path | None, *, read_only: bool) -> str:
        """Return the SQL that a transaction begins with; empty where it needs none.

        It finds its tables in the schemas of ``path``, or else of the connection.
        """

    def transaction(self, connection: Any) -> Any:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""

    def was_committed(self, transaction: Any, error: Any) -> bool | None:
        """Return whether a transaction whose COMMIT failed was kept; ``None``: unknown."""

    def position(self, connection: Any) -> str:
        """Return the place in the server's log that holds all that was committed so far."""

    def close(self) -> None:
        """Close what isn't in use."""


class ReplicaSource(ConnectionSource, Protocol):
    """What lends connections to a copy of the database that may be behind."""

    def acquire_after(self, position: str) -> tuple[Any, bool] | None:
        """Return a connection, and whether it is new; ``None`` where it is behind ``position``."""


Held: TypeAlias = tuple[ConnectionSource | None, Any]
"""A thread's connection, after who lent it."""


class BerceauPool:
    """Stands where Pony expects its own pool.

    ``source`` is ``None`` until the database is known: the first query raises
    ``ConnectionFailedError`` then. Units of work that ask for it read from ``replica``. With
    ``tenants``, each transaction is one's, or uses shared tables only. One that ``is_fixed``
    stays, whoever connects to something else.
    """

    is_fixed = False

    def __init__(
        self,
        source: ConnectionSource | None = None,
        replica: ReplicaSource | None = None,
        tenants: Tenants | None = None,
    ) -> None:
        self.source = source
        self.replica = replica
        self.tenants = tenants
        self._held = local()

    def connect(self) -> tuple[Any, bool]:
        """Return this thread's connection, and whether Pony hasn't seen it yet.

        Raises ``TenantMissingError`` where it isn't known whose tables would be used.
        """
        path_of(current_tenant(), self.tenants)
        connection = getattr(self._held, "connection", None)
        if connection is not None:
            return connection, False
        self._held.lender, (self._held.connection, new) = self._borrow()
        return self._held.connection, new

    def hold(self, held: Held = (None, None)) -> Held:
        """Let this thread hold what is ``held``, by default nothing; return what it held."""
        replaced = getattr(self._held, "lender", None), getattr(self._held, "connection", None)
        self._held.lender, self._held.connection = held
        return replaced

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

    def preamble(self, connection: Any, cache: Any) -> str:
        """Return the SQL that a transaction of this thread's session ``cache`` begins with.

        Raises ``TenantError`` where the session is another tenant's.
        """
        self.require_own(cache)
        unit = current_unit()
        lender: ConnectionSource = self._held.lender
        path = path_of(current_tenant(), self.tenants)
        return lender.opening(connection, path, read_only=unit is not None and unit.read_only)

    def require_own(self, cache: Any) -> None:
        """Raise ``TenantError`` where the session ``cache`` was begun for another tenant.

        Its objects, and what it didn't write yet, belong to that one.
        """
        if self.tenants is None:
            return
        tenant = current_tenant()
        if not hasattr(cache, "tenant"):
            cache.tenant = tenant
        elif not same(cache.tenant, tenant):
            raise mixed(cache.tenant, tenant)

    def transaction(self, connection: Any) -> Any:
        """Return what names the open transaction afterwards; ``None`` where it wrote nothing."""
        return self._source.transaction(connection)

    def was_committed(self, transaction: Any, error: Any) -> bool | None:
        """Return whether a transaction whose COMMIT failed was kept; ``None``: unknown."""
        return self._source.was_committed(transaction, error)

    def position(self, connection: Any) -> str:
        """Return the place in the server's log that holds all that was committed so far."""
        return self._source.position(connection)

    def _borrow(self) -> tuple[ConnectionSource, tuple[Any, bool]]:
        unit = current_unit()
        if self.replica is not None and unit is not None and unit.replica_after is not None:
            borrowed = self.replica.acquire_after(unit.replica_after)
            if borrowed is not None:
                unit.at_replica = True
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
