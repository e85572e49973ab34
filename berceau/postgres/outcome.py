"""What became of a transaction whose connection broke while it was committed.

PostgreSQL remembers how each transaction ended: ``pg_xact_status``, in "System Information
Functions" of its manual.
"""

from contextlib import suppress
from time import monotonic, sleep
from typing import NamedTuple

import psycopg2

from berceau.errors import DatabaseError
from berceau.postgres.connection import Connection, OwnCursor, connect
from berceau.postgres.url import Url

# How long to ask, in seconds: a server that restarts after a crash answers within that, mostly.
PATIENCE = 5.0
PAUSE = 0.1

TIMELINE = "substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"


class Transaction(NamedTuple):
    """A transaction's number, and the timeline on which the number means it.

    A standby that was promoted opens a timeline of its own, and may give the number again.
    """

    number: str
    timeline: str


def transaction_of(connection: Connection) -> Transaction | None:
    """Return what names the open transaction of ``connection``; ``None`` where it wrote nothing.

    Raises ``psycopg2.Error``.
    """
    with connection.cursor(cursor_factory=OwnCursor) as cursor:
        cursor.execute(
            f"SELECT n::text, {TIMELINE} FROM pg_current_xact_id_if_assigned() AS n "  # noqa: S608
            "WHERE n IS NOT NULL"
        )
        found = cursor.fetchone()
    return Transaction(*found) if found else None


def was_committed(url: Url, transaction: Transaction) -> bool | None:
    """Return whether ``transaction`` was kept; ``None`` where nobody can tell in time."""
    until = monotonic() + PATIENCE
    while True:
        with suppress(DatabaseError, psycopg2.Error):
            status = _status(url, transaction)
            if status != "in progress":
                return {"committed": True, "aborted": False}.get(status or "")
        if monotonic() > until:
            return None
        sleep(PAUSE)


def _status(url: Url, transaction: Transaction) -> str | None:
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {TIMELINE} = %s", (transaction.timeline,))
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("SELECT pg_xact_status(%s::xid8)", (transaction.number,))
        found = cursor.fetchone()
    return found[0] if found else None
