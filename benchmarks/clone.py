"""Private copies of a schema for test workers, and the usual route: pg_dump, sed, psql.

Run: python benchmarks/clone.py [--tables 100] [--workers 8] [--rounds 5]
Each route of each round has a new server of its own, and nothing is deleted before the end: file
systems are slow to make files where many were just deleted.
"""

import argparse
import multiprocessing
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from itertools import product
from multiprocessing.synchronize import Barrier
from pathlib import Path

from berceau.postgres.core.connection import connect
from berceau.postgres.embedded import cluster, server
from berceau.postgres.embedded.binaries import find_programs
from berceau.postgres.inspect.schemas import STEP
from berceau.settings import Settings, load
from berceau.workflows.shared.databases import embedded_server, resolve_databases
from berceau.workflows.testing.isolation import Isolation, prepare, private_schema

TABLE = """
CREATE TABLE t{n} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, size int NOT NULL DEFAULT 1,
    made timestamptz NOT NULL DEFAULT now(), state state NOT NULL DEFAULT 'a',
    parent uuid, other uuid, code text UNIQUE
);
CREATE INDEX ON t{n} (name);
CREATE INDEX ON t{n} (size, made);
"""
KEYS = """
ALTER TABLE t{n} ADD FOREIGN KEY (parent) REFERENCES t{a}, ADD FOREIGN KEY (other) REFERENCES t{b};
"""

PEER = "pg_dump | sed | psql"
NO_COPY = "none"
KINDS = (Isolation.AUTO, Isolation.SCHEMA)  # by auto, each worker has a database


@contextmanager
def project(folder: str, tables: int) -> Iterator[Settings]:
    """Make a project in ``folder`` with a server whose settings are PostgreSQL's defaults."""
    cluster.SETTINGS = tuple(each for each in cluster.SETTINGS if "max_locks" not in each)
    server.STOP_SECONDS = 600  # the files of thousands of tables are written at last
    root = Path(tempfile.mkdtemp(dir=folder))
    root.chmod(0o755)
    settings = load(root)
    try:
        fill(settings, tables)
        yield settings
    finally:
        embedded_server(settings).stop()


def fill(settings: Settings, tables: int) -> None:
    """Make the tables, in steps that fit into the default number of locks."""
    texts = [TABLE.format(n=n) for n in range(tables)]
    texts += [
        KEYS.format(n=n, a=(n * 7 + 1) % tables, b=(n * 3 + 2) % tables) for n in range(tables)
    ]
    with (
        connect(resolve_databases(settings).migration_url, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TYPE state AS ENUM ('a', 'b')")
        for start in range(0, len(texts), STEP):
            cursor.execute("".join(texts[start : start + STEP]))
        cursor.execute("VACUUM ANALYZE")


def work(settings: Settings, texts: "multiprocessing.Queue[str]", ready: Barrier) -> None:
    """Be a test worker: import, take a private copy when told to, and wait for the others."""
    import_module("berceau.testing.worker")  # and with it Pony, Pyramid and WebTest
    while prepared := texts.get():
        with private_schema(settings, prepared) if prepared != NO_COPY else nullcontext():
            ready.wait()


class Workers:
    """Test workers, which begin to import as they are made."""

    def __init__(self, settings: Settings, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.settings = settings
        self.texts = context.Queue()
        self.ready = context.Barrier(count + 1, timeout=600)
        self.processes = [
            context.Process(target=work, args=(settings, self.texts, self.ready))
            for _ in range(count)
        ]
        for process in self.processes:
            process.start()

    def take(self, isolation: Isolation | None) -> None:
        """Prepare copies, and wait until each worker has one; without ``isolation`` it just waits.

        From then on all workers have imported everything.
        """
        prepared = prepare(self.settings, isolation) if isolation else NO_COPY
        for _ in self.processes:
            self.texts.put(prepared)
        self.ready.wait()

    def close(self) -> None:
        """End the workers."""
        for _ in self.processes:
            self.texts.put("")
        for process in self.processes:
            process.join()


def idle_seconds(settings: Settings, count: int, isolation: Isolation) -> Iterator[float]:
    """Yield how long copies take, cold and then warm, for workers that do nothing else."""
    workers = Workers(settings, count)
    workers.take(None)
    for _ in range(2):
        time.sleep(0.3)  # they let go
        begin = time.perf_counter()
        workers.take(isolation)
        yield time.perf_counter() - begin
    workers.close()


def starting_seconds(settings: Settings, count: int, isolation: Isolation) -> Iterator[float]:
    """Yield by how much copies, cold and then warm, delay workers that have yet to import."""
    _start(settings, count, None)  # files and memory get warm
    for _ in range(2):
        without = _start(settings, count, None)
        yield _start(settings, count, isolation) - without


def _start(settings: Settings, count: int, isolation: Isolation | None) -> float:
    begin = time.perf_counter()
    workers = Workers(settings, count)
    workers.take(isolation)
    taken = time.perf_counter() - begin
    workers.close()
    return taken


def peer_seconds(settings: Settings, count: int) -> float:
    """Return how long pg_dump | sed | psql takes for each worker, one after the other."""
    programs, migration_url = find_programs(), resolve_databases(settings).migration_url
    names = [f"peer_{n}" for n in range(count)]
    (host, port), *_ = migration_url.hosts
    options = f"-h {host} -p {port} -U {migration_url.user} -d {migration_url.database}"
    begin = time.perf_counter()
    for name in names:
        subprocess.run(
            f"'{programs}/pg_dump' {options} --schema-only --schema=public --no-comments"
            f" | sed -e 's/public\\./{name}./g' -e 's/SCHEMA public/SCHEMA {name}/'"
            f" | '{programs}/psql' {options} -q -v ON_ERROR_STOP=1 >/dev/null",
            shell=True, check=True,
        )  # fmt: skip
    taken = time.perf_counter() - begin
    with connect(migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE schemaname LIKE 'peer%%') = %s * count(*) FILTER"
            " (WHERE schemaname = 'public') FROM pg_tables",
            (count,),
        )
        assert cursor.fetchall()[0][0], "pg_dump | sed | psql left tables out"
    return taken


WAYS = {"by themselves": idle_seconds, "beside imports": starting_seconds}


def measure(given: argparse.Namespace) -> dict[str, float]:
    """Return the medians in seconds, all measured round by round."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="berceau-clone-") as folder:
        Path(folder).chmod(0o755)
        for _ in range(given.rounds):
            if not given.no_peer:
                with project(folder, given.tables) as settings:
                    found.setdefault(PEER, []).append(peer_seconds(settings, given.workers))
            for isolation, (way, seconds) in product(KINDS, WAYS.items()):
                with project(folder, given.tables) as settings:
                    for state, taken in zip(
                        ("cold", "warm"), seconds(settings, given.workers, isolation), strict=True
                    ):
                        found.setdefault(f"{isolation}, {state}, {way}", []).append(taken)
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    """Measure, and print one line a route."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peer", action="store_true")
    given = parser.parse_args()
    report(given, measure(given))


def report(given: argparse.Namespace, found: dict[str, float]) -> None:
    """Print the medians, and how many times faster than the peer they are."""
    peer = found.get(PEER)
    print(f"{given.tables} tables, {given.workers} workers")
    for name, seconds in found.items():
        ratio = f"{peer / seconds:8.1f}" if peer else ""
        print(f"{name:32} {seconds * 1000:8.0f} ms {ratio}")


if __name__ == "__main__":
    main()
