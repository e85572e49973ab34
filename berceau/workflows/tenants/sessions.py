"""Sessions of a deploy that serve one tenant after the other: a new one for each takes longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from berceau.postgres.core.connection import ClosingConnection, Connection, connect
from berceau.postgres.core.locks import unlock_all
from berceau.postgres.core.session import notice_loss
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import require_schema, using
from berceau.postgres.runner.deploy_lock import take_deploy_lock
from berceau.postgres.runner.progress import Report, silent

TENANTS_EACH = 200
"""After so many a session is replaced: its process of the server remembers all of their tables."""

# The deploy waits for the disk once, at the end. After a crash of the server, ledgers and tables
# agree on what is left. Those of several servers wouldn't: Citus lets one commit what another one,
# which decides for both, may forget.
_AT_LAST = {"synchronous_commit": "off"}


@dataclass
class Sessions:
    """Sessions of the owner, whose ``url`` is that of the shared tables, for use in threads.

    What they do in a database that is ``spread`` over servers is on the disk at once.
    """

    url: Url
    spread: bool = False
    _free: list[tuple[ClosingConnection, int]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def of(self, schema: str, report: Report = silent) -> Iterator[Connection]:
        """Yield a session in autocommit mode that alone may migrate the tenant in ``schema``.

        One in which something failed isn't used again, nor is one that the body closes.
        """
        connection, served = self._take()
        try:
            require_schema(connection, schema, using(schema, self.url.schema))
            take_deploy_lock(connection, schema, report=report)
            yield connection
            if not connection.closed:
                unlock_all(connection)  # those of migrations, too: the next one may wait for them
        except BaseException:
            connection.close()
            raise
        if served + 1 == TENANTS_EACH:
            connection.close()
        if not connection.closed:
            with self._lock:
                self._free.append((connection, served + 1))

    def close(self) -> None:
        """End all sessions, none of which is in use."""
        for connection, _ in self._free:
            connection.close()

    def _take(self) -> tuple[ClosingConnection, int]:
        with self._lock:
            if self._free:
                return self._free.pop()
        settings = {} if self.spread else _AT_LAST
        connection = connect(self.url, settings=settings, autocommit=True)
        notice_loss(connection)
        return connection, 0
