"""A schema copied once, by db.clone and by pg_dump | sed | psql, at several sizes.

Run: python benchmarks/copies.py [--tables 50 100 200 1000 5000 10000] [--rounds 9]
Two tables and an enum a component, on a server with PostgreSQL's default settings, right after the
tables were made: the catalogs have no statistics. Each figure is of whole processes and of a new
database; the peer comes first in one round and second in the next. Processor time is that of the
processes and of their sessions in the server.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psutil
from peers import copy_by_dump
from project import TASKS, plain_environment, write
from size import plain_server

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import STEP
from berceau.workflows.testing.clone_command import drop_clone

COMPONENT = """
CREATE TYPE status{n} AS ENUM ('DRAFT', 'DONE');
CREATE TABLE notebook{n} (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE,
                          created_at timestamptz NOT NULL);
CREATE TABLE note{n} (id uuid PRIMARY KEY, title varchar(200) NOT NULL, content text NOT NULL,
                      status status{n} NOT NULL, created_at timestamptz NOT NULL,
                      notebook uuid NOT NULL REFERENCES notebook{n} ON DELETE CASCADE);
CREATE INDEX ON note{n} (notebook);
"""


class Taken(NamedTuple):
    """Seconds by the clock, and of processors."""

    clock: float
    processors: float


def taken(server: int, deed: Callable[[], object]) -> Taken:
    """Return what ``deed`` takes; ``server`` is the process that the sessions end in."""
    before, begin = _processors(server), time.perf_counter()
    deed()
    clock = time.perf_counter() - begin
    time.sleep(0.1)  # the server collects the sessions that ended
    return Taken(clock, _processors(server) - before)


def _processors(server: int) -> float:
    every = (psutil.Process().cpu_times(), psutil.Process(server).cpu_times())
    return sum(each.children_user + each.children_system for each in every)


def make(server: EmbeddedServer, name: str, tables: int) -> Url:
    """Make a database with that many tables in the schema public; return the owner's URL."""
    url = replace(server.owner_url, database=name)
    with connect(server.admin_url("postgres"), autocommit=True) as connection:
        execute(connection, f"CREATE DATABASE {name} OWNER {url.user}")
    texts = [COMPONENT.format(n=n) for n in range(tables // 2)]
    with connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for start in range(0, len(texts), STEP // 4):
            cursor.execute("".join(texts[start : start + STEP // 4]))
    return url


def clone(project: Path, url: Url) -> None:
    """Copy the schema public by the command, run in ``project``."""
    address = url.with_password()
    subprocess.run(
        [sys.executable, "-m", "invoke", "db.clone", "--source", "public", "--target", "trial"],
        cwd=project,
        env=plain_environment() | {"DATABASE_URL": address, "MIGRATION_DATABASE_URL": address},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def measure(server: EmbeddedServer, folder: Path, tables: int, number: int) -> tuple[Taken, ...]:
    """Return what db.clone takes, the peer, and db.drop of the first copy."""
    ours = make(server, f"ours{tables}_{number}", tables)
    theirs = make(server, f"theirs{tables}_{number}", tables)
    ways = {
        "ours": lambda: clone(folder, ours),
        "theirs": lambda: copy_by_dump(theirs),
    }
    status = server.status()
    assert status is not None
    order = sorted(ways, reverse=number % 2 == 0)
    found = {way: taken(status.pid, ways[way]) for way in order}
    dropped = taken(status.pid, lambda: drop_clone(ours, "trial"))
    return found["ours"], found["theirs"], dropped


def main() -> None:
    """Measure, and print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=[50, 100, 200, 1000, 5000, 10000])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    print("| Tables | db.clone | peer | times faster | processors: db.clone | peer | db.drop |")
    print("|---|---|---|---|---|---|---|")
    for tables in given.tables:
        with tempfile.TemporaryDirectory(prefix="berceau-copies-") as name:
            folder = Path(name)
            folder.chmod(0o755)  # PostgreSQL runs as another account where we are root
            write(folder / "tasks.py", TASKS)
            with plain_server(folder) as server:
                rounds = [measure(server, folder, tables, number) for number in range(given.rounds)]
        ours, theirs, drop = (
            Taken(*map(statistics.median, zip(*each, strict=True)))
            for each in zip(*rounds, strict=True)
        )
        print(
            f"| {tables} | {ours.clock:.2f} | {theirs.clock:.2f} | {theirs.clock / ours.clock:.2f}"
            f" | {ours.processors:.2f} | {theirs.processors:.2f} | {drop.clock:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
