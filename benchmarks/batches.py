"""Writes to a table while a migration fills a column of it: in batches, and by one UPDATE.

Run: python benchmarks/batches.py [--rows 5000000] [--writers 4] [--rate 50]
Each writer is a process that sends so many single-row INSERTs and UPDATEs a second, whatever the
server does. The latency of each counts from the moment when it was due.
"""

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.workflows.deploy.deploy import deploy

FILL = "UPDATE reading SET doubled = value * 2 WHERE doubled IS NULL;"
# Rows that come meanwhile get their value from a trigger.
PREPARE = """
CREATE TABLE reading (id bigserial PRIMARY KEY, value int NOT NULL, note text NOT NULL);
INSERT INTO reading (value, note)
    SELECT n % 1000, 'reading number ' || n FROM generate_series(1, {rows}) n;
ALTER TABLE reading ADD COLUMN doubled int;
CREATE FUNCTION fill_doubled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.doubled := coalesce(NEW.doubled, NEW.value * 2); RETURN NEW; END $$;
CREATE TRIGGER fill_doubled BEFORE INSERT ON reading
    FOR EACH ROW EXECUTE FUNCTION fill_doubled();
"""
WAYS = {
    "batches": f"-- Batches\n{FILL}",
    "one UPDATE": FILL,
}
CALM_SECONDS = 20


@dataclass(frozen=True)
class Measured:
    """The latencies of all writes, in seconds, how long it took, and the table's size, in MB."""

    latencies: tuple[float, ...]
    seconds: float
    size: int

    def at(self, percent: float) -> float:
        """Return the latency that so many percent of the writes don't exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--writers", type=int, default=4)
    options.add_argument("--rate", type=float, default=50)
    arguments = options.parse_args()
    with served() as server:
        found: dict[str, Measured] = {}
        for way, sql in WAYS.items():
            prepare(server.owner_url, arguments.rows)
            if not found:
                found["no migration"] = measure(server, arguments, lambda: time.sleep(CALM_SECONDS))
            migration = Migration("20260101000000_fill", sql)
            work = partial(deploy, server.owner_url, (migration,), print)
            found[way] = measure(server, arguments, work)
            check(server.owner_url)
    show(arguments, found)


@contextmanager
def served() -> Iterator[EmbeddedServer]:
    """Let an embedded server run while the body does; its data goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)  # PostgreSQL runs as another account where we are root
        server = EmbeddedServer(root / "postgres")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def prepare(url: Url, rows: int) -> None:
    """Make the table as it is before the backfill, with nothing left to be written to disk."""
    with connect(url, autocommit=True) as connection:
        execute(connection, "DROP TABLE IF EXISTS reading, berceau_migration CASCADE")
        execute(connection, "DROP FUNCTION IF EXISTS fill_doubled")
        execute(connection, PREPARE.format(rows=rows))
        execute(connection, "VACUUM (ANALYZE) reading")


def measure(server: EmbeddedServer, arguments: Any, work: Any) -> Measured:
    """Return what the writers saw while ``work`` ran."""
    context = multiprocessing.get_context("spawn")
    stop, queue = context.Event(), context.Queue()
    writers = [
        context.Process(target=write, args=(server.owner_url, arguments, number, stop, queue))
        for number in range(arguments.writers)
    ]
    for writer in writers:
        writer.start()
    for _ in writers:
        queue.get()  # it is connected
    started = time.monotonic()
    work()
    seconds = time.monotonic() - started
    stop.set()
    latencies = [latency for _ in writers for latency in queue.get()]
    for writer in writers:
        writer.join()
    with connect(server.owner_url) as connection:
        size = fetch_value(connection, "SELECT pg_total_relation_size('reading') / 1000000")
    return Measured(tuple(latencies), seconds, int(size))


def write(url: Url, arguments: Any, number: int, stop: Event, queue: Any) -> None:
    """Write rows at the rate that is asked for, and put the latencies into ``queue``."""
    chance = random.Random(number)
    latencies: list[float] = []
    with connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        queue.put("connected")
        due = time.monotonic()
        while True:
            due += chance.expovariate(arguments.rate)
            early = due - time.monotonic()
            if early > 0 and stop.is_set():
                break  # what was due before that was sent, however long others were waited for
            time.sleep(max(0.0, early))
            value = chance.randrange(1000)
            if chance.random() < 0.25:
                cursor.execute("INSERT INTO reading (value, note) VALUES (%s, 'new')", (value,))
            else:
                row = chance.randint(1, arguments.rows)
                cursor.execute("UPDATE reading SET note = 'changed' WHERE id = %s", (row,))
            latencies.append(time.monotonic() - due)
    queue.put(latencies)


def check(url: Url) -> None:
    """Raise ``AssertionError`` where a row has another value than it should have."""
    with connect(url) as connection:
        wrong = fetch(connection, "SELECT FROM reading WHERE doubled IS DISTINCT FROM value * 2")
    assert not wrong, f"{len(wrong)} rows are wrong"


def show(arguments: Any, found: dict[str, Measured]) -> None:
    """Print the figures."""
    writes = arguments.writers * arguments.rate
    print(f"{arguments.rows:,} rows, {arguments.writers} writers, {writes:.0f} writes a second")
    print("| | writes | p50, ms | p99, ms | p99.9, ms | max, ms | total, s | table, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for way, each in found.items():
        figures = " | ".join(f"{each.at(percent):,.1f}" for percent in (50, 99, 99.9, 100))
        print(
            f"| {way} | {len(each.latencies):,} | {figures} | {each.seconds:.0f} | {each.size:,} |"
        )


if __name__ == "__main__":
    main()
