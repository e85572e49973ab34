"""Odd requests to Berceau and to Django, the same bytes: what they answer, and what it costs.

Each kind of request goes to the demo, served by production.ini, and to Django's page of the same
rows, both on waitress with four threads; the seed makes them the same in each run. Prints a table
of answers and processor time. Then the same mixed requests go to each again and again: prints the
memory after each thousand. Exits with 1 where something is worse than it may be.
"""

import argparse
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
from odd_requests import KINDS
from serve import FIRST_PORT, PAGES, ROOT, make_project, served, stop_server, write_posts

from berceau.settings import load
from berceau.workflows.serve.start import Running, start

CLIENTS = 16
# A server that says nothing for so long waits for the rest of what is no whole request.
SILENCE = 0.2
PATIENCE = 5.0
MOST = 2.0  # times the processor that Django takes
GROWTH = 5  # MiB, from the end of the first round to the end of the last
PART = 1000
DROPPED, WAITS = "dropped", "waits"
CUT = {"raw bytes", "broken framing"}  # may be no whole requests

# As in docs/production/shop@.service: glibc keeps what large bodies took, otherwise.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "131072"}

Requests = list[tuple[bytes, bool]]


@dataclass
class Found:
    """What one server did with one kind of requests."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    bad: list[bytes] = field(default_factory=list)


@dataclass
class Server:
    """A running server, by its process."""

    name: str
    port: int
    process: psutil.Process

    def send(self, requests: Requests) -> Found:
        """Send all, from several clients at once, and wait until the server is done."""
        found = Found()
        begin = self.seconds()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for (data, _), (answer, took) in zip(
                requests, clients.map(lambda each: ask(self.port, *each), requests), strict=True
            ):
                found.answers[answer] += 1
                found.slowest = max(found.slowest, took)
                if answer in {"500", DROPPED}:
                    found.bad.append(data)
        found.seconds = self.seconds() - begin
        return found

    def seconds(self) -> float:
        """Return the processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> float:
        """Return the memory in use, in MiB."""
        return float(self.process.memory_info().rss / 2**20)


def ask(port: int, data: bytes, whole: bool) -> tuple[str, float]:
    """Return the status of the answer to ``data``, or what came instead, and the seconds.

    Without an answer, a server that ended the connection dropped the request; one that keeps it
    open waits for more.
    """
    begin, answer, silent = time.monotonic(), b"", DROPPED
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(data)
        client.settimeout(PATIENCE if whole else SILENCE)
        try:
            while part := client.recv(65536):
                answer += part
                client.settimeout(PATIENCE if whole and not status(answer) else SILENCE)
        except ConnectionResetError:
            pass
        except TimeoutError:
            silent = WAITS
    return status(answer) or silent, time.monotonic() - begin


def status(answer: bytes) -> str:
    """Return the status of ``answer``, empty as long as it has none but of an interim answer."""
    while answer.startswith(b"HTTP/1.1 1"):
        answer = answer.partition(b"\r\n\r\n")[2]
    return answer[9:12].decode(errors="replace")


def main() -> None:
    """Send, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=5, help="of 5000 mixed requests")
    options.add_argument("--seed", type=int, default=11)
    options.add_argument("--show", action="store_true", help="print what was answered by 500")
    arguments = options.parse_args()
    os.environ |= MALLOC
    with tempfile.TemporaryDirectory() as folder, ExitStack() as applications:
        root = make_project(Path(folder))
        running = start(load(root, {"berceau.development": "true"}))
        applications.callback(stop_server, root)
        write_posts()
        servers = [
            Server(
                name,
                port,
                psutil.Process(
                    applications.enter_context(served(command, port, root, running)).pid
                ),
            )
            for name, port, command in commands(root, running)
        ]
        random = Random(arguments.seed)
        wrong = measure(servers, arguments.requests, random, arguments.show)
        wrong += watch(servers, arguments.rounds, random)
        print("all as it should be" if not wrong else f"{wrong} wrong")
        sys.exit(int(wrong > 0))


def commands(root: Path, running: Running) -> Iterator[tuple[str, int, list[str]]]:
    """Yield both servers: a name, a port, a command."""
    ini = (ROOT / "production.ini").read_text().replace("shop.example.org", "127.0.0.1 localhost")
    (root / "production.ini").write_text(ini)
    pserve = str(Path(sys.executable).with_name("pserve"))
    port, other, metrics = FIRST_PORT + 10, FIRST_PORT + 11, FIRST_PORT + 12
    ports = [f"http_port={port}", f"metrics_port={metrics}"]
    yield "berceau", port, [pserve, str(root / "production.ini"), *ports]
    url = running.databases.runtime_url.with_password()
    yield "django", other, [sys.executable, str(PAGES / "django_page.py"), url, str(other)]


def measure(servers: list[Server], count: int, random: Random, show: bool) -> int:
    """Send ``count`` requests to each server, print a line for each kind; return the mistakes."""
    shares = sum(share for share, _ in KINDS.values())
    for server in servers:
        server.send([(make(random), False) for _, make in KINDS.values() for _ in range(5)])
    total, wrong = [0.0, 0.0], 0
    print("| Requests | Berceau answers | s | Django answers | s | ratio | slowest |")
    print("|---|---|---|---|---|---|---|")
    for kind, (share, make) in KINDS.items():
        requests = [(make(random), kind not in CUT) for _ in range(count * share // shares)]
        ours, theirs = (server.send(requests) for server in servers)
        ratio = ours.seconds / max(theirs.seconds, 0.01)
        print(
            f"| {len(requests)} {kind} | {said(ours)} | {ours.seconds:.2f} "
            f"| {said(theirs)} | {theirs.seconds:.2f} | {ratio:.2f} | {ours.slowest:.2f} |",
            flush=True,
        )
        total = [total[0] + ours.seconds, total[1] + theirs.seconds]
        wrong += len(ours.bad) + (ratio > MOST)
        for data in ours.bad[:5] if show else ():
            print(f"    {data[:300]!r}")
    print(f"processor: {total[0]:.1f} and {total[1]:.1f} s, {total[0] / total[1]:.2f}")
    return wrong


def watch(servers: list[Server], rounds: int, random: Random) -> int:
    """Send the same mixed requests in each round; print the memory, and return the mistakes."""
    mixed = [
        (make(random), kind not in CUT)
        for kind, (share, make) in KINDS.items()
        for _ in range(10 * share)
    ]
    random.shuffle(mixed)
    print(f"MiB after each {PART} of the same {len(mixed)} requests, a line for each round:")
    wrong = 0
    for server in servers:
        ends = []
        for _ in range(rounds):
            found = []
            for begin in range(0, len(mixed), PART):
                server.send(mixed[begin : begin + PART])
                found.append(server.memory())
            print(f"{server.name:8}", *(f"{each:6.1f}" for each in found), flush=True)
            ends.append(found[-1])
        wrong += server is servers[0] and ends[-1] - ends[0] > GROWTH
    return wrong


def said(found: Found) -> str:
    """Return how many answers of each kind there were."""
    return ", ".join(f"{answer}: {count}" for answer, count in sorted(found.answers.items()))


if __name__ == "__main__":
    main()
