"""Turns: threads that share one thing use it one after the other."""

import threading
import time

from berceau.errors import IsolationError

LOOK_SECONDS = 0.5
"""How often one that waits looks whether the holder is still alive."""


class Turn:
    """One thread's at a time, from ``take`` to ``give``; who waits longer than ``patience`` fails.

    ``patience`` is in seconds.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._free = threading.Condition()
        self._holder: threading.Thread | None = None

    @property
    def is_mine(self) -> bool:
        """Return whether this thread has it."""
        return self._holder is threading.current_thread()

    def take(self) -> bool:
        """Wait for it; return True where the last holder died without giving it.

        Raises ``IsolationError`` where waiting seems to have no end.
        """
        me = threading.current_thread()
        with self._free:
            end = time.monotonic() + self._patience
            while self._holder is not None and self._holder is not me and self._holder.is_alive():
                if time.monotonic() > end:
                    raise _endless(me, self._holder, self._patience)
                self._free.wait(LOOK_SECONDS)
            abandoned = self._holder is not None and self._holder is not me
            self._holder = me
            return abandoned

    def take_now(self) -> bool:
        """Take it where it is free, and return whether it was."""
        with self._free:
            if self._holder is None:
                self._holder = threading.current_thread()
            return self.is_mine

    def give(self) -> None:
        """Let the next thread have it, where it is this one's."""
        with self._free:
            if self.is_mine:
                self._holder = None
                self._free.notify()


def _endless(me: threading.Thread, holder: threading.Thread, seconds: float) -> IsolationError:
    return IsolationError(
        f"The thread {me.name} waited {seconds:g} s for the test's database connection: "
        f"the thread {holder.name} has a transaction open on it.",
        cure="Let that thread commit before it waits for another one, or mark the test with "
        "@pytest.mark.commits: then each thread has a connection of its own.",
    )
