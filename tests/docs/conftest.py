"""A copy of this project to run the documentation in, and a database server of one's own."""

import os
import re
import shlex
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from berceau.postgres.embedded.postmaster import SOCKET
from berceau.postgres.embedded.server import EmbeddedServer
from tests.conftest import command_server
from tests.folders import open_folder
from tests.ports import free_port, is_open
from tests.waiting import SECONDS, wait_until

ROOT = Path(__file__).parents[2]
SHELL = re.compile(r"[|&;<>$`*?~#\\]")
"""What only a shell understands."""
NOT_INHERITED = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "BERCEAU_", "PYTEST_", "PG", "PYTHON")


class Checkout:
    """A copy of what git holds or would add, in a folder with a space in its path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = str(free_port())
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)
        }
        self.environment["PYTHONUNBUFFERED"] = "1"
        _copy(root)
        ini = root / "development.ini"
        listen = f"listen = 127.0.0.1:{self.port}"
        ini.write_text(re.sub("^listen = .*$", listen, ini.read_text(), flags=re.MULTILINE))

    def use_this_environment(self) -> None:
        """Find commands where this Python has them, and ``berceau`` in the copy."""
        folder = str(Path(sys.executable).parent)
        self.environment["PATH"] = folder + os.pathsep + self.environment["PATH"]
        self.environment["PYTHONPATH"] = str(self.root)
        # What a page is about doesn't depend on their number, and each takes seconds to start.
        self.environment["BERCEAU_TEST_WORKERS"] = "1"

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit status of a shell command, and all that it prints."""
        if command.startswith("invoke ") and not SHELL.search(command):
            return self._invoke(shlex.split(command))
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        return done.returncode, done.stdout

    def _invoke(self, command: Sequence[str]) -> tuple[int, str]:
        """Run it in a fork of a process that has imported its libraries, as this takes longest."""
        with tempfile.TemporaryFile("w+") as output:
            both = (output, output)
            code = command_server().run(command, self.root, self.environment, both, timeout=300)
            output.seek(0)
            return code, output.read()

    @contextmanager
    def running(self, command: str, is_ready: Callable[[str], bool]) -> Iterator[str]:
        """Let a command run while the body does; yield what it printed until it was ready."""
        log = self.root.with_name("output.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(lambda: is_ready(log.read_text()), log, process)
            yield log.read_text()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=SECONDS)

    def get(self, path: str) -> str:
        """Return the page that the copy serves at ``path``, or is about to serve."""
        wait_until(lambda: is_open(int(self.port)))
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=SECONDS) as response:
            return response.read().decode()


def _copy(root: Path) -> None:
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing += ["--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(_is_ours, filter(None, names.split("\0"))):
        if (ROOT / name).is_file():  # git still lists what was deleted a moment ago
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    newest = max(folder.name for folder in (root / "migrations").iterdir() if folder.is_dir())
    (root / "migrations" / "HEAD").write_text(f"{newest}\n")


def _is_ours(name: str) -> bool:
    """Return whether the file ``name`` is the repository's, and not of a component of one's own.

    The pages begin with the demo alone, and tests must pass where somebody followed them.
    """
    folder, _, rest = name.partition("/")
    if folder == "components":
        return rest.startswith("demo/") or "/" not in rest
    if folder == "migrations" and "/" in rest:
        script = ROOT / folder / rest.partition("/")[0] / "migration.sql"
        return script.is_file() and "\n-- Components: demo\n" in script.read_text()
    return True


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    """A copy of this project."""
    with open_folder() as folder:
        yield Checkout(folder / "berceau")


@pytest.fixture
def example_server() -> Iterator[dict[str, str]]:
    """The variables that lead libpq to a server of the test's own, whatever host a URL names.

    It asks for passwords, save that of its superuser.
    """
    with open_folder() as folder:
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        hba = server.folder / "pg_hba.conf"
        hba.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        server.stop()
        server.start()
        with _door(Path(server.owner_url.hosts[0][0]) / SOCKET) as port:
            yield {"PGHOSTADDR": "127.0.0.1", "PGPORT": str(port)}


@contextmanager
def _door(inside: Path) -> Iterator[int]:
    """Let a port of this machine, the one yielded, lead to the Unix socket ``inside``."""

    class Visit(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(str(inside))
                answers = Thread(target=_pass_on, args=(server, self.request))
                answers.start()
                _pass_on(self.request, server)
                answers.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Visit) as door:
        Thread(target=door.serve_forever).start()
        yield door.server_address[1]
        door.shutdown()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
