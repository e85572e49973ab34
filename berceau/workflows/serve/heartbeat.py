"""The heartbeat of a process: others see that it runs, and how new its code is."""

import atexit
import logging
import os
import socket
import threading
from collections.abc import Callable
from uuid import uuid4

from berceau.errors import BerceauError
from berceau.postgres.core.url import Url
from berceau.postgres.runner.processes import Announcement, Process, announce, withdraw

log = logging.getLogger("berceau")

BEAT_SECONDS = 10.0
"""How often a sign of life is given; several are missed before a process counts as ended."""

BARRED_SECONDS = 0.5
"""How often it is tried while a contract migration keeps processes from announcing themselves."""


END_SECONDS = 2.0
"""How long the end of the process waits for a sign of life that is under way."""


class Heartbeat:
    """Announces this process in the database of ``url`` until it ends.

    ``newest`` is the last migration that its code has. ``on_beat`` is called in the thread, after
    each sign of life. A process that a server forks from this one is announced, too.
    """

    def __init__(
        self, url: Url, newest: str | None, on_beat: Callable[[], object] = lambda: None
    ) -> None:
        self._url = url
        self._newest = newest
        self._on_beat = on_beat
        self._last: Announcement | None = None
        self._complaint = ""
        self._started = False
        self._begin()
        # A server may load the application once, and fork.
        os.register_at_fork(after_in_child=self._begin_in_child)

    @property
    def is_barred(self) -> bool:
        """Whether it has to wait, as a contract migration is being applied."""
        return self._last is Announcement.BARRED

    def start(self) -> None:
        """Announce the process before this returns, and go on in a thread of its own."""
        self._started = True
        self.beat()
        self._start_thread(BEAT_SECONDS)
        atexit.register(self.end)

    def beat(self) -> None:
        """Give a sign of life; what keeps it from that is logged once."""
        with self._turn:
            if self._ended.is_set():
                return
            try:
                self._last = announce(self._url, self._number, self._process)
                self._complaint = ""
            except BerceauError as error:
                self._complain(" ".join(str(error).split()))

    def end(self) -> None:
        """Withdraw what was announced: the process ends in order."""
        if self._pid != os.getpid():
            return
        self._ended.set()
        # A beat under way would announce it again; one that hangs isn't waited for.
        if not self._turn.acquire(timeout=END_SECONDS):
            return
        try:
            if self._last is Announcement.DONE:
                self._last = None
                withdraw(self._url, self._number)
        except BerceauError:
            log.info("the end of this process is noticed a little later")
        finally:
            self._turn.release()

    def _complain(self, message: str) -> None:
        if message != self._complaint:
            log.warning(
                "no sign of life: `invoke migrate.deploy --contract` may not wait for this "
                "process: %s",
                message,
            )
        self._complaint = message

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._number = str(uuid4())
        self._ended = threading.Event()
        self._turn = threading.Lock()
        application = dict(self._url.parameters).get("application_name")
        self._process = Process(self._newest, socket.gethostname(), self._pid, application)

    def _begin_in_child(self) -> None:
        if self._started and not self._ended.is_set():
            self._last = None
            self._begin()
            self._start_thread(BARRED_SECONDS)  # what is only forked to run a program is gone then

    def _start_thread(self, delay: float) -> None:
        thread = threading.Thread(
            target=self._go_on, args=(delay,), name="berceau-heartbeat", daemon=True
        )
        thread.start()

    def _go_on(self, delay: float) -> None:
        while not self._ended.wait(BARRED_SECONDS if self.is_barred else delay):
            delay = BEAT_SECONDS
            self.beat()
            try:
                self._on_beat()
            except BerceauError as error:
                log.debug("the beat goes on: %s", error)  # others tell of a database that is gone
            except Exception:  # the next beat must come
                log.exception("the beat goes on")
