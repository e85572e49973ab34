"""Connections to a replica that has seen what its reader wrote."""

import logging
import re
from time import monotonic

from berceau.errors import DatabaseError
from berceau.postgres.core.connection import ClosingConnection, OwnCursor
from berceau.postgres.pooling.pool import ConnectionPool

log = logging.getLogger("berceau")

POSITION = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
# How long, in seconds, a replica that can't be reached is left alone.
BAN = 5.0


class ReplicaPool(ConnectionPool):
    """A pool to a replica: where it can't serve a reader, the primary has to."""

    _banned_until = 0.0

    def acquire_after(self, position: str) -> tuple[ClosingConnection, bool] | None:
        """Return a connection, and whether it is new, once the replica is at ``position``.

        That is a place in the write-ahead log, as the primary's pool returns it; empty means any.
        ``None`` where the replica isn't there yet, or can't be reached.
        """
        if monotonic() < self._banned_until or (position and not POSITION.fullmatch(position)):
            return None
        try:
            connection, new = self.acquire()
        except DatabaseError as error:
            self._banned_until = monotonic() + BAN
            log.warning("reading from the primary: %s", error.message)
            return None
        if position and not _has_replayed(connection, position):
            self.release(connection)
            return None
        return connection, new


def _has_replayed(connection: ClosingConnection, position: str) -> bool:
    # A standby that has just started doesn't know, and a server in no recovery is a primary itself.
    with connection.cursor(cursor_factory=OwnCursor) as cursor:
        cursor.execute(
            "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,)
        )
        return cursor.fetchone() == (True,)
