"""Waiting for locks: who holds them, said while we wait, and another try after a pause."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg2

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.runner.progress import Report

Result = TypeVar("Result")

LOOK_SECONDS = 0.5

_BLOCKERS = """
SELECT CASE WHEN b.pid = 0 THEN 'a prepared transaction'
            ELSE format('%%s (process %%s%%s%%s)', coalesce(a.usename, 'a role'), b.pid,
                        ', ' || nullif(a.application_name, ''),
                        ', ' || a.state || ' since ' || date_trunc('second', a.state_change)) END
FROM (SELECT DISTINCT unnest(pg_blocking_pids(%s)) AS pid) b
LEFT JOIN pg_stat_activity a USING (pid)
ORDER BY 1
"""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for locks: ``lock_seconds`` a try, then a pause that grows, ``tries`` times.

    A statement that waits for a lock makes all that come after it wait too: so it gives up soon,
    lets them pass, and tries again.
    """

    lock_seconds: float = 3.0
    tries: int = 10
    first_pause: float = 0.5
    longest_pause: float = 10.0

    def pauses(self) -> Iterator[float]:
        """Yield the seconds to pause before each further try: doubled, and at random half of it."""
        for number in range(self.tries - 1):
            longest = min(self.longest_pause, self.first_pause * 2**number)
            yield random.uniform(longest / 2, longest)  # noqa: S311 - no secret


PATIENCE = RetryPolicy()
"""How long migrations wait."""


class Watch:
    """Runs statements of ``connection``, and reports who blocks one that takes long.

    ``blockers`` describes those that blocked the last statement, or is empty.
    """

    def __init__(self, connection: Connection, report: Report) -> None:
        self.connection = connection
        self.blockers = ""
        self._report = report
        self._observer: Connection | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="statement")

    def run(self, deed: Callable[[], Result], what: str) -> Result:
        """Return what ``deed`` returns; ``what`` names it in reports. Ctrl-C cancels it."""
        self.blockers = ""
        future = self._pool.submit(deed)
        try:
            while not wait([future], LOOK_SECONDS).done:
                self._look(what)
        except BaseException:
            with suppress(psycopg2.Error):
                self.connection.cancel()
            wait([future])
            raise
        return future.result()

    def close(self) -> None:
        """End the thread and the observer's connection."""
        self._pool.shutdown()
        if self._observer is not None:
            self._observer.close()

    def _look(self, what: str) -> None:
        """Ask on a connection of its own who blocks; that no answer comes is no failure."""
        with suppress(psycopg2.Error):
            if self._observer is None:
                self._observer = _beside(self.connection)
            found = ", ".join(
                who
                for (who,) in fetch(self._observer, _BLOCKERS, (self.connection.info.backend_pid,))
            )
            if found and found != self.blockers:
                self._report(f"{what} waits for {found}")
            self.blockers = found or self.blockers


@contextmanager
def watching(connection: Connection, report: Report) -> Iterator[Watch]:
    """Yield a ``Watch`` for the statements of ``connection``."""
    watch = Watch(connection, report)
    try:
        yield watch
    finally:
        watch.close()


def _beside(connection: Connection) -> Connection:
    """Return another autocommit connection to the same server and database."""
    info = connection.info
    keywords: dict[str, Any] = {**info.dsn_parameters, "host": info.host, "port": info.port}
    if info.password:
        keywords["password"] = info.password
    found: Connection = psycopg2.connect(**keywords)
    found.autocommit = True
    return found
