"""A thread that does its rounds when there is something to do, and not else."""

import logging
from collections.abc import Callable, Hashable
from threading import Condition, Thread
from time import monotonic

log = logging.getLogger("berceau.accounts")

PAUSE = 0.2
"""How long it waits once it is called, in seconds: the response is sent by then."""

AGAIN = 60.0
"""After how many seconds a round is repeated that failed."""

Round = Callable[[], float | None]
"""One round; returns in how many seconds the next one is needed, if one is."""


class Postman:
    """Does the rounds of each place, one after the other, so that no request waits for them.

    The thread ends with the process. What it is interrupted in has to be done again.
    """

    def __init__(self) -> None:
        self._rounds: dict[Hashable, tuple[Round, float]] = {}
        self._changed = Condition()
        self._thread: Thread | None = None
        self._busy = False

    def knows(self, place: Hashable) -> bool:
        """Return whether there was a round at ``place``."""
        return place in self._rounds

    def call(self, place: Hashable, work: Round) -> None:
        """Do a round at ``place`` soon."""
        with self._changed:
            self._rounds[place] = (work, monotonic() + PAUSE)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="accounts-mail", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until what it was called for is done: in a test, say."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._due(monotonic() + PAUSE))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                while not (due := self._due(monotonic())):
                    self._changed.wait(self._seconds())
                self._busy = True
                for place in due:
                    self._rounds[place] = (self._rounds[place][0], float("inf"))
            for place in due:
                self._go(place)

    def _go(self, place: Hashable) -> None:
        work, _ = self._rounds[place]
        try:
            seconds = work()
        except Exception as error:  # a thread's error is lost otherwise
            log.warning("Mail can't be sent now: %s", error)
            seconds = AGAIN
        if seconds is not None:
            with self._changed:
                work, due = self._rounds[place]
                self._rounds[place] = (work, min(due, monotonic() + seconds))

    def _due(self, moment: float) -> list[Hashable]:
        return [place for place, (_, due) in self._rounds.items() if due <= moment]

    def _seconds(self) -> float | None:
        soonest = min((due for _, due in self._rounds.values()), default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest - monotonic())
