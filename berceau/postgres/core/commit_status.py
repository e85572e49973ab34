"""What became of a transaction whose connection broke while it was committed.

PostgreSQL remembers how each transaction ended: ``pg_xact_status``, in "System Information
Functions" of its manual. It doesn't mention there: the number of a transaction that a crash took
away is given again.
"""

from contextlib import suppress
from time import monotonic, sleep
from typing import NamedTuple

import psycopg2

from berceau.errors import DatabaseError
from berceau.postgres.core.connection import Connection, OwnCursor, connect
from berceau.postgres.core.url import Url

# How long to ask, in seconds: a server that restarts after a crash answers within that, mostly.
PATIENCE = 5.0
PAUSE = 0.1

# A standby that was promoted opens a timeline of its own, and a server that crashed begins its
# statistics again: with either, the number may mean another transaction by now.
LIFE = """
    substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
    || ' ' || (SELECT extract(epoch FROM stats_reset) FROM pg_stat_wal)
"""


# What Citus writes on other nodes gives a transaction no number here, so it gets one: then this
# server remembers whether it told those nodes to commit.
CITUS = "EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"
NUMBER = f"""
    coalesce(pg_current_xact_id_if_assigned(),
             CASE WHEN {CITUS} AND current_setting('transaction_read_only') = 'off'
                  THEN pg_current_xact_id() END)
"""


LOST_ELSEWHERE = "XX000"
"""What Citus answers to a COMMIT that it passed on to another server, which didn't answer."""


class Transaction(NamedTuple):
    """A transaction's number, and the life of the server in which the number is its own.

    One that is ``spread`` over several servers may be kept by another one although this one
    undid it: where only one other took part, Citus lets that one commit first.
    """

    number: str
    life: str
    spread: bool = False


def transaction_of(connection: Connection) -> Transaction | None:
    """Return what names the open transaction of ``connection``; ``None`` where it wrote nothing.

    Raises ``psycopg2.Error``.
    """
    with connection.cursor(cursor_factory=OwnCursor) as cursor:
        cursor.execute(
            f"SELECT n::text, {LIFE}, {CITUS} FROM {NUMBER} AS n WHERE n IS NOT NULL"  # noqa: S608
        )
        found = cursor.fetchone()
    return Transaction(*found) if found else None


def outcome(url: Url, transaction: Transaction, error: psycopg2.Error) -> bool | None:
    """Return whether ``transaction``, whose COMMIT failed with ``error``, was kept all the same.

    ``None`` where that is unknown, or not in time.
    """
    # A server that ends the connection says FATAL, and so does a pooler: neither tells the outcome.
    if error.diag.severity_nonlocalized == "ERROR":
        return None if transaction.spread and error.pgcode == LOST_ELSEWHERE else False
    return was_committed(url, transaction)


def was_committed(url: Url, transaction: Transaction) -> bool | None:
    """Return whether ``transaction`` was kept; ``None`` where that is unknown, or not in time."""
    until = monotonic() + PATIENCE
    while True:
        with suppress(DatabaseError, psycopg2.OperationalError):
            status, same_life = _ask(url, transaction)
            if status == "committed":
                return True if same_life else None  # in another life, it may be another's
            if status == "forgotten":
                return None
            if status != "in progress" or not same_life:
                return None if transaction.spread else False
        if monotonic() > until:
            return None
        sleep(PAUSE)


def _ask(url: Url, transaction: Transaction) -> tuple[str, bool]:
    """Return the server's answer to how the number ended, and whether it means the same."""
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {LIFE} = %s", (transaction.life,))
        same_life = cursor.fetchone() == (True,)
        try:
            cursor.execute("SELECT pg_xact_status(%s::xid8)", (transaction.number,))
        except psycopg2.errors.InvalidParameterValue:
            return "not given yet", same_life
        found = cursor.fetchone()
    return found[0] if found and found[0] else "forgotten", same_life
