"""Progress of a migration, told to a function while it runs."""

import time
from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one line for a person."""

FIRST_SECONDS = 5.0
"""How long a work takes before it is told how far it came."""
NEXT_SECONDS = 15.0


def silent(_: str) -> None:
    """Report nothing."""


class Progress:
    """Tells now and then how far a long work came, called ``what``; a short one tells nothing."""

    def __init__(self, report: Report, what: str) -> None:
        self._report = report
        self._what = what
        self._started = time.monotonic()
        self._due = self._started + FIRST_SECONDS
        self._first: float | None = None
        self._told = False

    def tell(self, done: float, of: float, text: str) -> None:
        """Report ``text`` where that is due, and how long the rest takes if ``of`` is known."""
        if self._first is None:
            self._first = done
        now = time.monotonic()
        if now < self._due:
            return
        rate = (done - self._first) / (now - self._started)
        left = f", about {_spoken((of - done) / rate)} left" if rate > 0 and of > done else ""
        self._report(f"{self._what}: {text}{left}")
        self._due = now + NEXT_SECONDS
        self._told = True

    def end(self, text: str) -> None:
        """Report ``text``, and how long all took, if anything was told before."""
        if self._told:
            self._report(f"{self._what}: {text} in {_spoken(time.monotonic() - self._started)}")


def _spoken(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
