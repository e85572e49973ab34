"""Indexes that advisers find for the same queries, each set made for real, and what it saves.

Run: python benchmarks/advisers.py [--scale 0.1] [--dexter COMMAND --dexter-url URL]
The 20 queries and 8 tables are those of plans.py, with no index but those of keys. dexter looks
at a database of a server of its own, which has hypopg: the script fills the empty one at URL
likewise. COMMAND is run with the arguments of dexter. Then the indexes of each adviser are
created in the same database of PostgreSQL 18, and the queries are planned and run there.
"""

import argparse
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plans import FILL, QUERIES, ROWS, TABLES, explained, project

from berceau.planner.plan import Node
from berceau.planner.privacy import Privacy
from berceau.planner.statistics import QueryStatistics
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.core.url import Url
from berceau.postgres.statistics.reading import read
from berceau.settings import Settings
from berceau.workflows.advise.advising import advise
from berceau.workflows.advise.sources import Source
from berceau.workflows.shared.databases import embedded_server

STATEMENTS = [each.strip() for each in TABLES.split(";") if each.strip()]
KEYS_ONLY = ";\n".join(each for each in STATEMENTS if not each.startswith("CREATE INDEX")) + ";"
BY_HAND = [re.sub(r"CREATE INDEX \w+ ", "", e) for e in STATEMENTS if e.startswith("CREATE INDEX")]
PGHERO = """
ON post (author)
ON post (forum, published)
ON post (forum)
ON post (score)
ON comment (post)
ON comment (author)
ON event (at)
""".strip().splitlines()
"""What `suggested_indexes` of PgHero 4.0.1 answered to these queries and tables."""
HELPED = 0.7
"""A query counts as helped if it costs at most so much of what it did."""
_FOUND = re.compile(r"Index found: (?:public\.)?(\w+) (\(.*?\))")


@dataclass(frozen=True)
class Measured:
    """The plans and the pages read of each query, and the bytes of the indexes."""

    plans: Sequence[Node]
    pages: Sequence[int]
    size: int


def of_dexter(command: str, url: str) -> list[str]:
    """Return the indexes that dexter finds in the database at ``url``, as SQL."""
    parsed = Url.parse(url)
    (host, port) = parsed.hosts[0]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(";\n".join(QUERIES) + ";\n")
        file.flush()
        found = subprocess.run(
            [
                *shlex.split(command),
                *("--host", host, "--port", str(port), "--username", parsed.user),
                *("--dbname", parsed.database, "--input-format", "sql", file.name),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    return [f"ON {table} {columns}" for table, columns in _FOUND.findall(found.stdout)]


def of_berceau(settings: Settings, source: Connection, privacy: Privacy | None) -> list[str]:
    """Return the indexes that ``invoke advise`` finds, as SQL."""
    statistics = read(source, "public", privacy).statistics
    queries = tuple(QueryStatistics(text, 1, 0.0, 1) for text in QUERIES)
    advised = advise(settings, statistics, Source("the benchmark", queries))
    return [each.candidate.sql for each in advised.advice]


def measure(source: Connection, indexes: Iterable[str]) -> Measured:
    """Create ``indexes``, plan and run the queries, and drop them again."""
    names = []
    for number, each in enumerate(indexes):
        names.append(f"tried_{number}")
        execute(source, f"CREATE INDEX {names[-1]} {each}")
    execute(source, "VACUUM (ANALYZE)")
    plans = [explained(source, query) for query in QUERIES]
    pages = [read_pages(source, query) for query in QUERIES]
    size = sum(fetch_value(source, f"SELECT pg_relation_size('{name}')") for name in names)
    for name in names:
        execute(source, f"DROP INDEX {name}")
    return Measured(plans, pages, size)


def read_pages(source: Connection, query: str) -> int:
    """Return how many pages a query reads, from memory or not."""
    options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON"
    plan = fetch_value(source, f"EXPLAIN ({options}) {query}")[0]["Plan"]
    return int(sum(value for name, value in plan.items() if name.endswith("Read Blocks"))) + int(
        plan["Shared Hit Blocks"]
    )


def show(title: str, indexes: Sequence[str], now: Measured, before: Measured) -> None:
    """Print a line of the table, and the indexes."""
    pairs = list(zip(now.plans, before.plans, strict=True))
    helped = sum(new.cost <= HELPED * old.cost for new, old in pairs)
    cost = sum(plan.cost for plan in now.plans)
    print(
        f"| {title} | {len(indexes)} | {now.size / 2**20:.0f} MB | {helped} | {cost:,.0f} | "
        f"{sum(now.pages):,} |"
    )


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--dexter")
    parser.add_argument("--dexter-url")
    options = parser.parse_args()
    fill = FILL.format(**{name: int(count * options.scale) for name, count in ROWS.items()})
    advised: dict[str, list[str]] = {"none": []}
    if options.dexter:
        with connect(Url.parse(options.dexter_url), autocommit=True) as other:
            execute(other, "CREATE EXTENSION IF NOT EXISTS hypopg")
            execute(other, f"SELECT setseed(0.5);{KEYS_ONLY}{fill}")
            execute(other, "VACUUM (ANALYZE)")
        advised["dexter"] = of_dexter(options.dexter, options.dexter_url)
    with project(KEYS_ONLY) as settings:
        server = embedded_server(settings)
        with connect(server.admin_url("berceau"), autocommit=True) as source:
            execute(source, "ALTER SYSTEM SET fsync = off")
            execute(source, "SELECT pg_reload_conf(), setseed(0.5)")
            execute(source, fill)
            execute(source, "VACUUM (ANALYZE)")
            advised["PgHero"] = PGHERO
            public = Privacy(public=("*",))
            advised["Berceau, without values"] = of_berceau(settings, source, None)
            advised["Berceau, with `--values`"] = of_berceau(settings, source, public)
            advised["a person: the indexes of plans.py"] = BY_HAND
            print("| Adviser | Indexes | Size | Queries helped | Cost | Pages read |")
            print("|---|---|---|---|---|---|")
            measured = {}
            for title, indexes in advised.items():
                measured[title] = measure(source, indexes)
                show(title, indexes, measured[title], measured["none"])
    for title, indexes in advised.items():
        print(f"\n{title}:", *indexes, sep="\n  ")
    for number, query in enumerate(QUERIES):
        costs = (f"{each.plans[number].cost:,.0f}" for each in measured.values())
        print(f"{' -> '.join(costs)}  {query}")


if __name__ == "__main__":
    main()
