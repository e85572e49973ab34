"""Visitors who read and write while a release is made, and remember what they were promised."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from .model import Kind

SECONDS = 20  # until a visitor gives an answer up
ABSENT = None
GONE = 404


class Balancer:
    """Gives requests to one process after the other, and leaves out those that are taken out.

    As a proxy does, it asks another process where one takes no connection: nothing was sent then.
    """

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.turn = 0

    def ask(self, method: str, path: str, value: str | None = None) -> tuple[int, str]:
        """Return the status and the text of an answer; raises ``OSError`` where there is none."""
        self.turn += 1
        ports = list(self.ports)
        for number in range(len(ports)):
            port = ports[(self.turn + number) % len(ports)]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            try:
                connection.connect()
            except ConnectionRefusedError:
                continue
            try:
                body = None if value is None else json.dumps(value)
                connection.request(method, path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, response.read().decode()
            except http.client.HTTPException as error:
                raise ConnectionError(f"{type(error).__name__}: {error}") from error
            finally:
                connection.close()
        raise ConnectionRefusedError(f"no process takes connections: {ports}")


@dataclass
class Tally:
    """What visitors of one kind of change were told.

    ``promised`` has what each key may read as: one value, or several where a write got no answer.
    ``failures`` counts by phase; ``examples`` keeps the first of each phase, for people.
    """

    requests: int = 0
    writes: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    promised: dict[str, set[str | None]] = field(default_factory=dict)

    def fail(self, phase: str, what: str) -> None:
        """Count a request that failed."""
        self.failures[phase] += 1
        self.examples.setdefault(phase, what)


@dataclass
class Load:
    """All visitors: where they ask, the phase that the release is in, and their tallies."""

    balancer: Balancer
    tallies: dict[str, Tally]
    phase: str = "release 1"
    stopping: threading.Event = field(default_factory=threading.Event)

    def look_up(self) -> None:
        """Count the acknowledged writes that can't be read back."""
        for name, tally in self.tallies.items():
            for key, values in tally.promised.items():
                if read(self.balancer, name, key) not in values:
                    tally.lost += 1


class Visitor(threading.Thread):
    """Reads and writes rows of its own until it is told to stop."""

    def __init__(self, load: Load, kind: Kind, number: int, pause: float) -> None:
        super().__init__(daemon=True)
        self.load = load
        self.kind = kind
        self.tally = load.tallies[kind.name]
        self.number = number
        self.pause = pause
        self.random = Random(number)
        self.mine: dict[str, set[str | None]] = {}

    def run(self) -> None:
        """Do one thing after the other."""
        doings = (
            self.create,
            self.create,
            self.change,
            self.change,
            self.look,
            self.look,
            self.look,
            self.list,
            self.list,
            self.remove,
        )
        while not self.load.stopping.is_set():
            self.random.choice(doings)()
            time.sleep(self.pause * self.random.uniform(0.5, 1.5))
        self.tally.promised.update(self.mine)

    def create(self) -> None:
        """Write a new row."""
        self.write(f"{self.number}-{len(self.mine)}", self.kind.sample(self.random))

    def change(self) -> None:
        """Write another value into a row."""
        if self.mine:
            self.write(self.random.choice(list(self.mine)), self.kind.sample(self.random))

    def remove(self) -> None:
        """Delete a row."""
        if self.mine:
            self.write(self.random.choice(list(self.mine)), ABSENT)

    def write(self, key: str, value: str | None) -> None:
        """Send a write, and remember what may be there afterwards."""
        method = "DELETE" if value is ABSENT else "PUT"
        before = self.mine.get(key, {ABSENT})
        self.mine[key] = before | {value}
        if self.ask(method, f"/{self.kind.name}/{key}", value) is not None:
            self.mine[key] = {value}
            self.tally.writes += 1

    def look(self) -> None:
        """Read a row: it must say what was promised."""
        if not self.mine:
            return
        key = self.random.choice(list(self.mine))
        text = self.ask("GET", f"/{self.kind.name}/{key}")
        if text is not None and json.loads(text) not in self.mine[key]:
            self.tally.wrong[self.load.phase] += 1
            self.tally.examples.setdefault(
                f"{self.load.phase}, wrong", f"{key}: {text}, not {self.mine[key]}"
            )

    def list(self) -> None:
        """Read the newest rows."""
        self.ask("GET", f"/{self.kind.name}")

    def ask(self, method: str, path: str, value: str | None = None) -> str | None:
        """Return the text of a good answer, or count a failure."""
        phase = self.load.phase
        self.tally.requests += 1
        try:
            status, text = self.load.balancer.ask(method, path, value)
        except OSError as error:
            self.tally.fail(phase, f"{method} {path}: {error!r}")
            return None
        if status != http.client.OK:
            self.tally.fail(phase, f"{method} {path} {value!r}: {status} {text[:300]}")
            return None
        return text


def read(balancer: Balancer, name: str, key: str) -> object:
    """Return what a row says at last; what can't be read is no promised value."""
    try:
        status, text = balancer.ask("GET", f"/{name}/{key}")
        return json.loads(text) if status == http.client.OK else f"status {status}"
    except OSError as error:
        return repr(error)


@contextmanager
def visitors(balancer: Balancer, kinds: Sequence[Kind], each: int, pause: float) -> Iterator[Load]:
    """Let ``each`` visitors of each kind work while the body runs."""
    load = Load(balancer, {kind.name: Tally() for kind in kinds})
    threads = [
        Visitor(load, kind, 100 * number + count, pause)
        for number, kind in enumerate(kinds)
        for count in range(each)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopping.set()
        for thread in threads:
            thread.join()
