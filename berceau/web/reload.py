"""Reload: while a developer edits, each change of the code gets a new application process."""

import importlib
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import hupper
from waitress.adjustments import Adjustments

import berceau

INTERVAL = 0.1
"""How often the files are looked at, in seconds; less often where looking takes long."""

SHARE = 0.05
"""The share of a processor's time that looking may take."""

PATIENCE = 5.0
"""How long a replaced process may take to end its requests, in seconds."""

_PASSED_OVER = {"__pycache__", "node_modules"}
_NO_CODE_OF_THE_APPLICATION = {"migrations", "tests"}
# What serves no request, or needs a package that isn't everywhere.
_LEFT_OUT = tuple(f"berceau.{name}" for name in ("__main__", "testing", "tasks", "mypy", "jobs"))

Snapshot = dict[str, tuple[int, int]]
"""When each file was changed, in nanoseconds, and its size in bytes."""


class Reloading:
    """A WSGI application that is loaded late, by ``load``, and again when files in ``root`` change.

    The server calls ``supervise``. One that doesn't know of it gets the application at its first
    request, once.
    """

    def __init__(self, load: Callable[[], Any], root: Path) -> None:
        self._load = load
        self._root = root
        self._app: Any = None
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""
        return self.load()(environ, start_response)

    def load(self) -> Any:
        """Return the application, loaded."""
        with self._lock:
            if self._app is None:
                self._app = self._load()
            return self._app

    def supervise(self, serve: Callable[[Any], None]) -> NoReturn:
        """Let ``serve`` have the application in a process of its own, and in a new one at a change.

        This process watches, and exits when it is told to.
        """
        _warm_up()
        leaving: dict[int, float] = {}
        while True:
            before = snapshot(self._root)
            alive, watched = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(watched)
                self._serve(serve, alive)
            os.close(alive)
            _await_change(self._root, before, child, leaving)
            os.close(watched)
            leaving[child] = time.monotonic() + PATIENCE

    def _serve(self, serve: Callable[[Any], None], alive: int) -> NoReturn:
        """Serve until the pipe ``alive`` closes; nothing of what the parent has to do follows."""
        status = 1
        try:
            _follow(alive)
            serve(self.load())
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)


def _warm_up() -> None:
    """Do once what each application process would begin with."""
    for module in pkgutil.walk_packages(berceau.__path__, "berceau.", onerror=lambda _: None):
        if not module.name.startswith(_LEFT_OUT):
            importlib.import_module(module.name)


def is_reloading() -> bool:
    """Return whether this process was started with ``--reload``."""
    return bool(hupper.is_active())


def bind(options: dict[str, Any]) -> dict[str, Any]:
    """Return waitress's ``options`` with bound sockets in place of addresses.

    Processes that follow each other share them: a request waits for the next one, rather than
    being refused. Raises ``OSError`` for an address that is taken.
    """
    if "unix_socket" in options:
        return options
    addresses = {name: options[name] for name in ("listen", "host", "port") if name in options}
    sockets = []
    for family, kind, protocol, address in Adjustments(**addresses).listen:
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(socket.SOMAXCONN)
        sockets.append(bound)
    return {name: options[name] for name in options if name not in addresses} | {"sockets": sockets}


def snapshot(root: Path) -> Snapshot:
    """Return the state of ``.env`` and the Python files of the project in ``root``, but tests."""
    framework = str(Path(berceau.__file__).parent)
    passed_over = {str(root / name) for name in _NO_CODE_OF_THE_APPLICATION} | {framework}
    components = str(root / "components")
    found = dict(_files(str(root), passed_over, components))
    dotenv = root / ".env"
    with suppress(OSError):  # most projects have none
        status = dotenv.stat()
        found[str(dotenv)] = (status.st_mtime_ns, status.st_size)
    return found


def _files(
    folder: str, passed_over: Set[str], components: str
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the files below ``folder``. In ``components``, any name is a component's."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # removed meanwhile
        return
    if any(entry.name == "pyvenv.cfg" for entry in entries):
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _PASSED_OVER or entry.path in passed_over:
            continue
        if entry.name == "tests" and folder != components:
            continue
        try:
            if entry.is_dir():
                yield from _files(entry.path, passed_over, components)
            elif entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, (status.st_mtime_ns, status.st_size)
        except OSError:
            continue


def _await_change(root: Path, before: Snapshot, child: int, leaving: dict[int, float]) -> None:
    """Return once a file changed; meanwhile let go the processes that are ``leaving``."""

    def stop(number: int, _frame: Any) -> None:
        # A terminal interrupts the child as well; one that was only meant for us ends it, too.
        if number == signal.SIGTERM:
            _signal(child, number)
        leaving[child] = time.monotonic() + PATIENCE
        while leaving:
            _reap(leaving)
            time.sleep(0.01)
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while True:
        start = time.monotonic()
        if snapshot(root) != before:
            return
        _reap(leaving)
        time.sleep(max(INTERVAL, (time.monotonic() - start) / SHARE))


def _reap(leaving: dict[int, float]) -> None:
    """Take leave of the processes that ended, and kill those whose time is up."""
    for process, deadline in list(leaving.items()):
        try:
            ended, _ = os.waitpid(process, os.WNOHANG)
        except ChildProcessError:
            ended = process
        if ended:
            del leaving[process]
        elif time.monotonic() > deadline:
            _signal(process, signal.SIGKILL)


def _signal(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def _follow(alive: int) -> None:
    """End this process when the pipe closes: it was replaced, or its watcher ended."""

    def end() -> None:
        os.read(alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=end, daemon=True).start()
