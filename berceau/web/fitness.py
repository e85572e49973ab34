"""The one value that says whether this process may answer, for those who watch and visitors."""

import logging
from contextlib import suppress
from threading import Lock
from time import monotonic

from pyramid.config import Configurator

from berceau.errors import BerceauError
from berceau.web.registry import FITNESS, RUNNING, settings_of
from berceau.workflows.serve.fitness import BARRED, Unfit
from berceau.workflows.serve.heartbeat import Heartbeat
from berceau.workflows.serve.start import Running

log = logging.getLogger("berceau")

# However many ask, the database is asked once in so many seconds.
FRESH = 1.0


def includeme(config: Configurator) -> None:
    """Announce the process, and look afterwards whether its release fits the database.

    In development and in tests nothing is announced: there is no other release to wait for.
    """
    watch = Watch(config.registry[RUNNING])
    config.registry[FITNESS] = watch
    if not settings_of(config.get_settings()).development:
        watch.announce()


class Watch:
    """Whether the release fits the database: ``unfit`` is what was seen last, None if it does."""

    def __init__(self, running: Running) -> None:
        self.unfit: Unfit | None = None
        self._running = running
        self._heartbeat: Heartbeat | None = None
        self._turn = Lock()
        self._looked = -FRESH

    def announce(self) -> None:
        """Begin the heartbeat; who was announced looks then at what was applied before."""
        self._heartbeat = self._running.heartbeat(self.look)
        self._heartbeat.start()

    def look_after_failure(self) -> Unfit | None:
        """Return whether a request failed because nothing fits any more.

        However many fail, the database is asked once a second, and nobody waits for another's
        question. One that doesn't answer has other reasons.
        """
        if self._turn.acquire(blocking=False):
            try:
                if monotonic() - self._looked >= FRESH:
                    self._looked = monotonic()
                    with suppress(BerceauError):
                        self.look()
            finally:
                self._turn.release()
        return self.unfit

    def look(self) -> Unfit | None:
        """Ask the database, and return why requests can't be answered now, or None."""
        barred = self._heartbeat is not None and self._heartbeat.is_barred
        found = BARRED if barred else self._running.look()
        if found is not None and found != self.unfit:
            log.error("%s", found.logged)
        self.unfit = found
        return found
