"""The choreography: two processes of release 1 become release 2, one by one, under load."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

from .model import Kind
from .visitors import Balancer, Load, visitors

PATIENCE = 30  # seconds until a process is ready, or has ended
ON_THE_WAY = 0.2  # seconds for requests that a proxy has sent already


class StepFailedError(Exception):
    """A command of a tool failed, so that there is nothing to release."""


@dataclass(frozen=True)
class Serving:
    """How a release is served: the command, where it runs, and the address for its readiness."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    ready: str


class Site(Protocol):
    """An application of one tool, in two releases."""

    def begin(self) -> None:
        """Write release 1, and migrate the database."""

    def plan(self) -> None:
        """Write release 2 and its migrations, as a developer does; production isn't touched."""

    def migrate(self) -> None:
        """Apply what must be there before release 2."""

    def contract(self) -> None:
        """Apply what waits for the end of release 1."""

    def serving(self, release: int, port: int) -> Serving:
        """Return how ``release`` is served at ``port``."""


@dataclass
class Outcome:
    """What a drill showed: where a command failed there are no requests."""

    load: Load | None = None
    refused: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: str = ""
) -> str:
    """Run a command of a tool and return what it printed; raises ``StepFailedError``."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise StepFailedError(f"$ {' '.join(command)}\n{done.stdout}")
    return done.stdout


def free_port() -> int:
    """Return a port that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Fleet:
    """The processes that serve, each at a port of its own, behind a balancer."""

    def __init__(self, site: Site, log: Path) -> None:
        self.site = site
        self.log = log
        self.balancer = Balancer()
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, release: int, ports: Sequence[int]) -> None:
        """Start a process of ``release`` at each port, wait for them, and let visitors come."""
        for port in ports:
            how = self.site.serving(release, port)
            with self.log.open("ab") as log:
                self.processes[port] = subprocess.Popen(
                    how.command,
                    cwd=how.folder,
                    env=os.environ | how.environment,
                    stdout=log,
                    stderr=log,
                )
        for port in ports:
            self._await_ready(port, self.site.serving(release, port).ready)
            self.balancer.ports.append(port)

    def _await_ready(self, port: int, path: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.processes[port].poll() is None:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}{path}"):
                return
            time.sleep(0.05)
        raise StepFailedError(f"never ready at {path}:\n{self.log.read_text()[-2000:]}")

    def replace(self, port: int, release: int) -> None:
        """Let one process end what it does, and start ``release`` in its place."""
        self.balancer.ports.remove(port)
        time.sleep(ON_THE_WAY)
        self.stop(port)
        self.start(release, [port])

    def stop(self, port: int) -> None:
        """End a process as a supervisor does."""
        process = self.processes.pop(port)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def fleet(site: Site, log: Path) -> Iterator[Fleet]:
    """Run two processes of release 1 while the body runs."""
    running = Fleet(site, log)
    try:
        running.start(1, [free_port(), free_port()])
        yield running
    finally:
        for port in list(running.processes):
            running.stop(port)


def drill(
    site: Site,
    kinds: Sequence[Kind],
    log: Path,
    *,
    each: int = 4,
    pause: float = 0.02,
    seconds: float = 1.5,
) -> Outcome:
    """Make a release of ``site`` under load, of ``each`` visitors of each kind.

    Every phase takes ``seconds``, and the time that its commands and processes need.
    """
    try:
        site.begin()
        site.plan()
    except StepFailedError as error:
        return Outcome(refused=str(error))
    with fleet(site, log) as running:
        with visitors(running.balancer, kinds, each, pause) as load:
            outcome = Outcome(load)
            try:
                release(running, load, seconds)
            except StepFailedError as error:
                outcome.refused = str(error)
        load.look_up()
    return outcome


def release(running: Fleet, load: Load, seconds: float) -> None:
    """Go through the phases of a release."""
    first, second = running.balancer.ports
    time.sleep(seconds)
    load.phase = "migrated"
    running.site.migrate()
    time.sleep(seconds)
    load.phase = "both releases"
    running.replace(first, 2)
    time.sleep(seconds)
    load.phase = "release 2"
    running.replace(second, 2)
    time.sleep(seconds)
    load.phase = "contracted"
    running.site.contract()
    time.sleep(seconds)
