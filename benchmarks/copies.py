"""A schema copied once, by db.clone and by pg_dump | sed | psql, at several sizes.

Run: python benchmarks/copies.py [--tables 200 1000 5000 10000] [--rounds 3]
Two tables and an enum a component, on a server with PostgreSQL's default settings, right after the
tables were made: the catalogs have no statistics. Each figure is of a new database.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from peers import copy_by_dump
from size import plain_server

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import STEP
from berceau.workflows.testing.clone_command import clone_schema, drop_clone

COMPONENT = """
CREATE TYPE status{n} AS ENUM ('DRAFT', 'DONE');
CREATE TABLE notebook{n} (id uuid PRIMARY KEY, name varchar(100) NOT NULL UNIQUE,
                          created_at timestamptz NOT NULL);
CREATE TABLE note{n} (id uuid PRIMARY KEY, title varchar(200) NOT NULL, content text NOT NULL,
                      status status{n} NOT NULL, created_at timestamptz NOT NULL,
                      notebook uuid NOT NULL REFERENCES notebook{n} ON DELETE CASCADE);
CREATE INDEX ON note{n} (notebook);
"""


def seconds(deed: Callable[[], object]) -> float:
    """Return how long ``deed`` takes."""
    begin = time.perf_counter()
    deed()
    return time.perf_counter() - begin


def make(server: EmbeddedServer, name: str, tables: int) -> Url:
    """Make a database with that many tables in the schema public; return the owner's URL."""
    url = replace(server.owner_url, database=name)
    with connect(server.admin_url("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} OWNER {url.user}")
    texts = [COMPONENT.format(n=n) for n in range(tables // 2)]
    with connect(url) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for start in range(0, len(texts), STEP // 4):
            cursor.execute("".join(texts[start : start + STEP // 4]))
    return url


def measure(server: EmbeddedServer, tables: int, number: int) -> tuple[float, float, float]:
    """Return the seconds of db.clone, of db.drop of that copy, and of the peer."""
    url = make(server, f"ours{tables}_{number}", tables)
    copied = seconds(lambda: clone_schema(url, "public", "trial"))
    dropped = seconds(lambda: drop_clone(url, "trial"))
    theirs = make(server, f"theirs{tables}_{number}", tables)
    return copied, dropped, seconds(lambda: copy_by_dump(theirs))


def main() -> None:
    """Measure, and print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=[200, 1000, 5000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print("| Tables | db.clone | ms a table | pg_dump, sed, psql | times faster | db.drop |")
    print("|---|---|---|---|---|---|")
    for tables in given.tables:
        with tempfile.TemporaryDirectory(prefix="berceau-copies-") as folder:
            Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
            with plain_server(Path(folder)) as server:
                rounds = [measure(server, tables, number) for number in range(given.rounds)]
        ours, drop, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
        print(
            f"| {tables} | {ours:.2f} | {ours / tables * 1000:.2f} | {theirs:.2f} | "
            f"{theirs / ours:.2f} | {drop:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
