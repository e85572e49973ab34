"""Runs ``python -m`` for tests in forks of a process that has imported what all commands import.

Each command is a process with its folder, environment, output and exit status, as if it was started
from nothing. As a script, this file is that process.
"""

import gc
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

# Not berceau.workflows.build.build, which notes when its process began.
PACKAGES = ("tasks", "schema", "migration", "lint", "orm", "postgres", "workflows.write")
LIBRARIES = ("invoke.main", "pyramid.config", "pyramid.view", "psycopg2.errorcodes", "secrets")
LONGEST = 1 << 18  # bytes of a request


class CommandServer:
    """The process that forks, begun at the first command."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        outputs: tuple[IO[Any], IO[Any]],
        timeout: float,
    ) -> int:
        """Run ``python -m command`` and return its exit status, as ``subprocess`` has it.

        ``outputs`` take what it prints and its errors. Raises ``TimeoutError`` after ``timeout``
        seconds, when it was killed.
        """
        request = json.dumps([list(command), str(folder), dict(environment)]).encode()
        answers, theirs = socket.socketpair()
        with answers:
            with theirs:
                files = [*(each.fileno() for each in outputs), theirs.fileno()]
                socket.send_fds(self._requests, [request], files)
            with answers.makefile() as lines:
                process = int(lines.readline())
                answers.settimeout(timeout)
                try:
                    return int(lines.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


def _import_all() -> None:
    for name in LIBRARIES:
        import_module(name)
    for name in PACKAGES:
        package = import_module(f"berceau.{name}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".clone" not in found.name:  # needs an extra
                import_module(found.name)


def serve(requests: socket.socket) -> None:
    """Fork for each request, until there can't be any more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, files, _, _ = socket.recv_fds(requests, LONGEST, 3)
        if not request:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            _answer(*json.loads(request), *files)
            return
        for file in files:
            os.close(file)


def _answer(
    command: list[str], folder: str, environment: dict[str, str], out: int, err: int, answer: int
) -> None:
    """Run the command in another fork, and write its id and then its status to ``answer``."""
    process = os.fork()
    if process:
        os.write(answer, b"%d\n" % process)
        _, status = os.waitpid(process, 0)
        os.write(answer, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.close(answer)
    for source, target in ((out, 1), (err, 2)):
        os.dup2(source, target)
        os.close(source)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if environment.get("PYTHONUNBUFFERED"):  # Python reads it as it starts, and has started
        sys.stdout.reconfigure(write_through=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = folder
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _import_all()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
