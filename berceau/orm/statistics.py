"""What this thread asks of the database, counted, and told to those who watch it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import local

Listener = Callable[[str, float, int], None]


@dataclass(frozen=True)
class Totals:
    """So many queries ran, took so many seconds, and returned or changed so many rows."""

    queries: int
    seconds: float
    rows: int

    def since(self, before: "Totals") -> "Totals":
        """Return what was added since ``before``."""
        return Totals(
            self.queries - before.queries,
            self.seconds - before.seconds,
            self.rows - before.rows,
        )


class _Watched(local):
    queries = 0
    seconds = 0.0
    rows = 0
    listeners: tuple[Listener, ...] = ()


_watched = _Watched()


def totals() -> Totals:
    """Return the totals of this thread since it began."""
    return Totals(_watched.queries, _watched.seconds, _watched.rows)


def note(sql: str, seconds: float, rows: int) -> None:
    """Count a query, and tell those who watch; ``rows`` is below zero where it isn't known."""
    watched = _watched
    watched.queries += 1
    watched.seconds += seconds
    if rows > 0:
        watched.rows += rows
    for listener in watched.listeners:
        listener(sql, seconds, max(rows, 0))


@contextmanager
def watching(listener: Listener) -> Iterator[None]:
    """Call ``listener(sql, seconds, rows)`` after each query of this thread's in the body.

    Its sender still waits. The text has placeholders, as in ``%(p1)s``, in the place of values,
    except for those that somebody wrote into it.
    """
    before = _watched.listeners
    _watched.listeners = (*before, listener)
    try:
        yield
    finally:
        _watched.listeners = before


def watch_all(listener: Listener) -> None:
    """Call ``listener`` likewise, from now on, for all threads that watch nothing yet."""
    _Watched.listeners = (listener,)
