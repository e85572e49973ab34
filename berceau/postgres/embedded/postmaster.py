"""A running server, known by the ``postmaster.pid`` in its data folder."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from berceau.postgres.embedded.processes import folder, program

PID_FILE = "postmaster.pid"
PORT = 5432  # names the socket; nothing listens on it
SOCKET = f".s.PGSQL.{PORT}"
POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Postmaster:
    """The process that serves a data folder.

    ``socket`` is the folder of its Unix socket, and ``state`` the one that it reports:
    ``starting``, ``ready``, ``stopping``, or nothing yet.
    """

    pid: int
    since: datetime
    socket: Path
    state: str

    @classmethod
    def find(cls, data: Path) -> Self | None:
        """Return the living server of the folder ``data``, or ``None``.

        The file alone proves nothing: after a crash it stays, and its pid may be another process's.
        """
        try:
            lines = (data / PID_FILE).read_text().split("\n")
        except FileNotFoundError:
            return None
        lines += [""] * (8 - len(lines))
        if not (lines[0].isdigit() and lines[2].isdigit()):
            return None
        if not _serves(int(lines[0]), data, claimed=Path(lines[1])):
            return None
        return cls(
            pid=int(lines[0]),
            since=datetime.fromtimestamp(int(lines[2]), UTC),
            socket=Path(lines[4]),
            state=lines[7].strip(),
        )

    @property
    def reachable(self) -> bool:
        """Whether it accepts connections, and its socket hasn't been removed."""
        return self.state == "ready" and (self.socket / SOCKET).exists()

    def stop(self, seconds: float) -> bool:
        """End it and its connections in order; return whether it was gone within ``seconds``."""
        try:
            os.kill(self.pid, signal.SIGINT)
        except ProcessLookupError:
            return True
        return wait_until(lambda: not is_alive(self.pid), seconds)


def end_orphan(socket: Path, seconds: float) -> None:
    """End the server that listens in the folder ``socket`` though its data folder was deleted.

    It would notice by itself within a minute, and take its successor's socket with it.
    """
    import psutil  # most commands find a server that runs, and don't need it

    try:
        pid = int((socket / f"{SOCKET}.lock").read_text().split("\n")[0])
        process = psutil.Process(pid)
        if process.name() == "postgres" and any(str(socket) in word for word in process.cmdline()):
            process.send_signal(signal.SIGQUIT)
            wait_until(lambda: not is_alive(pid), seconds)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether ``condition`` came true within ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def is_alive(pid: int) -> bool:
    """Return whether the process runs; one that merely waits to be reaped doesn't."""
    return program(pid) is not None


def _serves(pid: int, data: Path, claimed: Path) -> bool:
    """Return whether the process is PostgreSQL, working in ``data``."""
    if program(pid) != "postgres":
        return False
    try:
        return (folder(pid) or claimed).samefile(data)
    except FileNotFoundError:
        return False
