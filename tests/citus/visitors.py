"""Visitors who write at an application on several servers, and remember what they were told."""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

PATIENCE = 60  # seconds
PAUSE = 0.02  # between two requests
UNKNOWN = "may or may not"  # what an answer says whose write may be there


@dataclass
class Told:
    """What one visitor was told of writes, by their texts, and when.

    ``refused`` are those of which the answer said that nothing was saved. ``times`` are moments of
    acknowledgements, by the monotonic clock.
    """

    path: str
    tenant: str | None
    saved: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    hasty: int = 0  # answers of 503 that don't say when to come again
    slowest: float = 0
    times: list[float] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    @property
    def sent(self) -> set[str]:
        """All that was sent, whatever was answered."""
        return self.saved | self.refused | self.unknown

    def longest_pause(self) -> float:
        """Return the longest time between two acknowledgements, in seconds."""
        pauses = (later - before for before, later in pairwise(self.times))
        return max(pauses, default=float("inf"))

    def recovery(self, moment: float) -> float:
        """Return how long after ``moment`` the next write was acknowledged, in seconds."""
        return min((time - moment for time in self.times if time >= moment), default=float("inf"))


class Visitor(threading.Thread):
    """Writes until it is told to stop."""

    def __init__(self, ports: Sequence[int], told: Told) -> None:
        super().__init__(daemon=True)
        self.ports = ports
        self.told = told
        self.stopping = threading.Event()

    def run(self) -> None:
        """Ask one process after the other, as through a balancer."""
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            self.write(self.ports[turn % len(self.ports)])
            time.sleep(PAUSE)

    def write(self, port: int) -> None:
        """Send a text, and remember what was answered."""
        text, told, began = uuid.uuid4().hex, self.told, time.monotonic()
        headers = {"Host": "shop.example.org", "Accept": "application/json"}
        if told.tenant is not None:
            headers["X-Shop"] = told.tenant
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with closing(connection):
            connection.request("POST", told.path, json.dumps(text), headers)
            response = connection.getresponse()
            answer = response.read().decode()
        told.slowest = max(told.slowest, time.monotonic() - began)
        told.statuses[response.status] += 1
        if response.status == http.client.OK:
            told.saved.add(text)
            told.times.append(time.monotonic())
        elif response.status == http.client.SERVICE_UNAVAILABLE:
            told.hasty += "Retry-After" not in response.headers
            (told.unknown if UNKNOWN in answer else told.refused).add(text)
        else:
            told.strange.append(f"{response.status} {answer[:300]}")
            told.unknown.add(text)


@contextmanager
def visitors(
    ports: Sequence[int], ways: Sequence[tuple[str, str | None]]
) -> Iterator[tuple[Told, ...]]:
    """Let a visitor write in each of the ``ways``, a path and a tenant, while the body runs."""
    threads = [Visitor(ports, Told(path, tenant)) for path, tenant in ways]
    for thread in threads:
        thread.start()
    try:
        yield tuple(thread.told for thread in threads)
    finally:
        for thread in threads:
            thread.stopping.set()
        for thread in threads:
            thread.join()
