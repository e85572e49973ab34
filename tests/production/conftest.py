"""A project that pserve serves in a process of its own, as production does."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.ports import free_port, is_open
from tests.waiting import SECONDS, wait_until

SECRET = "x8fK2mQ7vR4tY9wZ1aB5cD3eG6hJ0kLnPqS"
INI = """
[app:main]
use = egg:berceau#main
berceau.root = %(here)s
berceau.hosts = shop.example.org
{app}

[server:main]
use = egg:berceau#main
listen = 127.0.0.1:{port}
threads = 2
{server}

[loggers]
keys = root, berceau

[handlers]
keys = console

[formatters]
keys = json

[logger_root]
level = WARNING
handlers = console

[logger_berceau]
level = INFO
handlers =
qualname = berceau

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = json

[formatter_json]
class = berceau.web.logs.Formatter
"""


@dataclass
class Served:
    """A running server: its process, its port, and the file that its log goes to."""

    process: subprocess.Popen
    port: int
    log: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def request(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Return the status and the text of an answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(self.connect()) as connection:
            connection.request(method, path, body, {"Host": "shop.example.org"} | headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def is_open(self) -> bool:
        return is_open(self.port)

    def lines(self) -> list[dict]:
        """Return the objects of the log."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]

    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines()]

    def terminate(self, seconds: float = SECONDS) -> int:
        """Send SIGTERM, and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextmanager
def serving(
    project: Project,
    log: Path,
    app: str = "",
    server: str = "",
    ini: str | None = None,
    **environment: str,
) -> Iterator[Served]:
    """Serve ``project`` while the body runs, with more lines for the sections of the ini.

    ``ini`` is another ini, whose ports are variables.
    """
    port = free_port()
    text = ini or INI.format(app=app, server=server, port=port)
    (project.root / "production.ini").write_text(text)
    variables = [f"http_port={port}", f"metrics_port={free_port()}"] if ini else []
    command = ("pyramid.scripts.pserve", "production.ini", *variables)
    with log.open("w") as output:
        process = project.start(
            *command, output=output, **{"BERCEAU_SECRET": SECRET, **environment}
        )
    served = Served(process, port, log)
    try:
        wait_until(served.is_open, log, process)
        yield served
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def serve(connected: Project, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return a function that serves the project on its private schema."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            serving(connected, tmp_path / f"log{time.monotonic_ns()}", **options)
        )


@pytest.fixture
def demo(connected: Project) -> Project:
    """A migrated project with the demo in it."""
    shutil.copytree(ROOT / "components" / "demo", connected.root / "components" / "demo")
    connected.succeed("migrate")
    return connected


def shown(name: str, replacements: Mapping[str, str]) -> str:
    """Return a file of ``docs/production``, with other addresses and paths; each must be in it."""
    text = (ROOT / "docs" / "production" / name).read_text()
    for old, new in replacements.items():
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    return text


def program(name: str) -> str:
    """Return where a program is that Debian has; skip the test where it isn't installed."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} isn't installed")
    return found
