"""Where the queries of a test go: each test chooses, and what it doesn't ask for is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from pony.orm.core import local, rollback

from berceau.errors import IsolationError
from berceau.orm.database import db
from berceau.orm.pool import BerceauPool, ConnectionSource
from berceau.orm.tenants import Path, Tenants
from berceau.orm.unit import current_unit


class Shared(Protocol):
    """One connection for the units of work of all threads."""

    @property
    def closed(self) -> int:
        """Whether it was lost, or closed."""

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""

    def open(self, *, read_only: bool) -> None:
        """Begin a unit of work of this thread."""

    def find_in(self, path: Path | None) -> None:
        """Find the tables of this thread's transactions in the schemas of ``path``."""

    def release(self) -> None:
        """End the unit of work of this thread."""


class _Source:
    """A source of connections whose transactions end before any commit that could get lost."""

    def opening(self, connection: Any, path: Path | None, *, read_only: bool) -> str:  # noqa: ARG002 - the protocol's
        """Return nothing: ``connection`` finds its tables in ``path`` by itself."""
        connection.find_in(path)
        return ""

    def discard(self, connection: Any) -> None:
        """Do as ``release``."""
        self.release(connection)

    def release(self, connection: Any) -> None:
        """Do nothing."""

    def transaction(self, connection: Any) -> bool | None:  # noqa: ARG002 - the protocol's
        """Return that there is none."""
        return None

    def was_committed(self, transaction: Any, error: Any) -> bool:  # noqa: ARG002 - the protocol's
        """Return that nothing outlives its connection."""
        return False

    def position(self, connection: Any) -> str:  # noqa: ARG002 - the protocol's
        """Return that no replica lags behind."""
        return ""

    def close(self) -> None:
        """Do nothing."""


class SharedSource(_Source):
    """Lends one ``connection`` to all threads at once."""

    def __init__(self, connection: Shared) -> None:
        self._connection = connection
        self._is_new = True

    def acquire(self) -> tuple[Shared, bool]:
        """Return the connection, and whether it is the first time. Raises ``IsolationError``."""
        if local.db_session is not None and local.db_session.serializable:
            raise IsolationError(
                "A serializable session can't run inside the transaction of a test.",
                cure="Mark the test with @pytest.mark.commits: then it has transactions of its "
                "own.",
            )
        if self._connection.closed:
            raise IsolationError(
                "The test's database connection is lost, and with it all that the test did.",
                cure="Where that is what the test is about, mark it with @pytest.mark.commits.",
            )
        unit = current_unit()
        self._connection.open(read_only=unit is not None and unit.read_only)
        is_new, self._is_new = self._is_new, False
        return self._connection, is_new

    def release(self, connection: Shared) -> None:
        """End this thread's unit of work; other threads go on."""
        connection.release()

    def transaction(self, connection: Shared) -> bool | None:
        """Return True where this thread has one open."""
        return connection.in_transaction or None


class NoSource(_Source):
    """Refuses, between the tests that ask for a database."""

    def acquire(self) -> NoReturn:
        """Raise ``IsolationError``."""
        raise IsolationError(
            "The database is used by code outside of a test with a database.",
            cure="Let the test ask for the fixture db or app.",
        )


@contextmanager
def queries_to(
    source: ConnectionSource, database: Any = db, tenants: Tenants | None = None
) -> Iterator[None]:
    """Send the queries of ``database`` to ``source`` while the body runs, and refuse them then.

    With ``tenants``, each transaction is one's.
    """
    pool = database.provider.pool = BerceauPool(source, tenants=tenants)
    pool.is_fixed = True
    try:
        yield
    finally:
        rollback()  # a session of this thread that was never closed
        pool.source, pool.is_fixed = NoSource(), False
