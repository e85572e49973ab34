"""Visitors of the demo: many threads that read and write, and remember what they were promised."""

import http.client
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import random
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
READS = 0.7
SECONDS = 60  # until a visitor gives an answer up
PAUSE = 0.02  # after a failure


@dataclass
class Promises:
    """What visitors were told: the titles of posts said to be saved, and all that were sent.

    ``times`` are the moments, by the monotonic clock, at which a write was acknowledged.
    """

    sent: set[str] = field(default_factory=set)
    saved: set[str] = field(default_factory=set)
    reads: int = 0
    failures: int = 0
    times: list[float] = field(default_factory=list)

    def first_after(self, moment: float) -> float | None:
        """Return how long after ``moment`` the next write was acknowledged, in seconds."""
        later = [time - moment for time in self.times if time >= moment]
        return min(later) if later else None


def content_of(title: str) -> str:
    """Return what the post called ``title`` says: found otherwise, it was mixed up."""
    return f"This is the text of {title}. " * 3


class Visitor(threading.Thread):
    """Reads and writes until it is told to stop."""

    def __init__(self, ports: list[int], number: int, promises: Promises) -> None:
        super().__init__(daemon=True)
        self.ports = ports
        self.number = number
        self.promises = promises
        self.stopping = threading.Event()
        self.lock = threading.Lock()

    def run(self) -> None:
        """Go to one server after the other, as through a balancer."""
        turn = self.number
        while not self.stopping.is_set():
            turn += 1
            try:
                self.visit(self.ports[turn % len(self.ports)])
            except (OSError, http.client.HTTPException):
                self.promises.failures += 1
                time.sleep(PAUSE)

    def visit(self, port: int) -> None:
        """Read a few pages and write a few posts over one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            page, cookie = self.ask(connection, "GET", "/demo/posts")
            token = TOKEN.search(page)
            for _ in range(20):
                if self.stopping.is_set() or token is None:
                    return
                if random() < READS:
                    self.ask(connection, "GET", "/demo", cookie=cookie)
                    self.promises.reads += 1
                else:
                    self.write(connection, cookie, token[1])
        finally:
            connection.close()

    def write(self, connection: http.client.HTTPConnection, cookie: str, token: str) -> None:
        """Send a post, and remember what the server said."""
        title = f"post {uuid.uuid4()}"
        form = {
            "csrf_token": token,
            "title": title,
            "content": content_of(title),
            "status": "PUBLISHED",
            "name": f"Visitor {self.number}",
            "email": f"visitor-{self.number}@example.org",
        }
        self.promises.sent.add(title)
        self.ask(connection, "POST", "/demo/posts", cookie, urlencode(form))
        self.promises.saved.add(title)
        self.promises.times.append(time.monotonic())

    def ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        cookie: str = "",
        body: str | None = None,
    ) -> tuple[str, str]:
        """Return the page and the cookies of a good answer; raise ``HTTPException`` for others."""
        headers = {"Cookie": cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        page = response.read().decode()
        if response.status != (200 if method == "GET" else 303):
            raise http.client.HTTPException(f"{method} {path}: {response.status}")
        cookies = [value.split(";")[0] for value in response.headers.get_all("Set-Cookie") or ()]
        return page, "; ".join(cookies)


@contextmanager
def visitors(ports: list[int], count: int) -> Iterator[Promises]:
    """Let ``count`` visitors come to the servers at ``ports`` while the body runs."""
    promises = Promises()
    threads = [Visitor(ports, number, promises) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield promises
    finally:
        for thread in threads:
            thread.stopping.set()
        for thread in threads:
            thread.join()
