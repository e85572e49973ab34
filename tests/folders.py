"""Folders for servers of tests' own. What a run that was killed left is removed by the next one."""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from berceau.postgres.embedded.postmaster import PID_FILE, Postmaster, is_alive
from tests.waiting import wait_until

PREFIX = "berceau tests "


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that every account can enter, PostgreSQL's too; pytest's own are closed.

    At the end, the servers whose data is in it are ended, and it is removed.
    """
    new = Path(tempfile.mkdtemp(prefix=f"new {PREFIX}"))
    with _locked(new):  # before it can look abandoned
        folder = new.rename(new.with_name(new.name.removeprefix("new ")))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            _remove(folder)


def remove_abandoned() -> None:
    """Remove what processes left that were killed before the end of ``open_folder``."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Unless it is in use, or another account's.
        with suppress(OSError), _locked(folder, fcntl.LOCK_NB):
            _remove(folder)


@contextmanager
def _locked(folder: Path, flag: int = 0) -> Iterator[None]:
    """Hold a lock on ``folder``, which ends with this process at the latest."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | flag)
        yield
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    for file in folder.rglob(PID_FILE):
        with suppress(FileNotFoundError):  # it has just ended by itself
            socket = Path([*file.read_text().split("\n"), *[""] * 4][4])
            _end_server(file.parent)
            if socket.name.startswith("berceau-"):
                shutil.rmtree(socket, ignore_errors=True)
    shutil.rmtree(folder)


def _end_server(data: Path) -> None:
    """End the server of the folder ``data``, if one runs, also where a test has stopped it."""
    running = Postmaster.find(data)
    if running is not None:
        for number in (signal.SIGQUIT, signal.SIGCONT):
            with suppress(ProcessLookupError):
                os.kill(running.pid, number)
        wait_until(lambda: not is_alive(running.pid))
