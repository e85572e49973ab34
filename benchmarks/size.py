"""Every command on schemas of 200 to 10,000 tables: seconds and memory, and how both grow.

Run: python benchmarks/size.py [--tables 200 1000 5000 10000] [--no-peers]
Two tables and an enum a component, on a server with PostgreSQL's default settings. Each figure
is a whole process. Install the peers first: pip install -e '.[benchmarks]'
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from peers import copy_by_dump, generate_alembic, generate_django
from project import generate, plain_environment, write

from berceau.postgres.core.connection import connect
from berceau.postgres.embedded import cluster, server
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import create_schema

INVOKE = [sys.executable, "-m", "invoke"]
DJANGO = [sys.executable, "-m", "django"]
ALEMBIC = [sys.executable, "-m", "alembic"]
PEER_TABLES = 1000
"""Up to this size Django and Alembic are measured: their time grows faster than the tables."""

TEST = '''
"""One test that needs the database."""


def test_that_there_is_a_database(db):
    from components.c000.entities import C000Notebook

    assert C000Notebook.select().count() == 0
'''


@dataclass
class Figures:
    """Seconds and MiB of each figure, by number of tables."""

    seconds: dict[str, dict[int, float]] = field(default_factory=dict)
    memory: dict[str, dict[int, float]] = field(default_factory=dict)

    def run(
        self,
        figure: str,
        tables: int,
        root: Path,
        *commands: list[str],
        environment: dict[str, str] | None = None,
    ) -> None:
        """Run ``commands`` one after the other in ``root``; a failure is said and ends the run."""
        begin = time.perf_counter()
        peak = 0
        for command in commands:
            with tempfile.TemporaryFile() as output:
                process = subprocess.Popen(
                    command,
                    cwd=root,
                    env=plain_environment() | (environment or {}),
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                if status:
                    output.seek(0)
                    raise SystemExit(f"{command} failed:\n{output.read().decode()[-3000:]}")
            peak = max(peak, usage.ru_maxrss)
        self.note(figure, tables, time.perf_counter() - begin, peak / 1024)

    def note(self, figure: str, tables: int, seconds: float, mebibytes: float) -> None:
        """Keep a figure, and print it."""
        self.seconds.setdefault(figure, {})[tables] = seconds
        self.memory.setdefault(figure, {})[tables] = mebibytes
        print(f"{tables:6} tables  {figure:32} {seconds:8.2f} s {mebibytes:6.0f} MiB", flush=True)

    def report(self, sizes: list[int]) -> None:
        """Print one row a figure: seconds at each size, milliseconds a table, MiB at each."""
        titles = " | ".join(f"{size}" for size in sizes)
        print(f"\n| seconds | {titles} | ms a table at the ends | MiB |")
        print("|---|" + "---|" * (len(sizes) + 2))
        for figure, seconds in self.seconds.items():
            cells = " | ".join(f"{seconds[size]:.2f}" if size in seconds else "" for size in sizes)
            first, last = min(seconds), max(seconds)
            ends = f"{seconds[first] / first * 1000:.2f}, {seconds[last] / last * 1000:.2f}"
            memory = ", ".join(f"{each:.0f}" for each in self.memory[figure].values())
            print(f"| {figure} | {cells} | {ends} | {memory} |")


@contextmanager
def plain_server(root: Path) -> Iterator[EmbeddedServer]:
    """Let a server with PostgreSQL's default settings run for the project in ``root``."""
    cluster.SETTINGS = tuple(each for each in cluster.SETTINGS if "max_locks" not in each)
    server.STOP_SECONDS = 600  # the files of thousands of tables are written at last
    ours = EmbeddedServer(root / ".berceau" / "postgres")
    ours.start()
    try:
        yield ours
    finally:
        ours.stop()


def measure(figures: Figures, root: Path, tables: int, *, peers: bool) -> None:
    """Measure all commands with that many ``tables``, in the empty folder ``root``."""
    project = root / "berceau"
    generate(project, tables // 2)
    write(project / "components/c000/tests/test_c000.py", TEST)

    def run(figure: str, *arguments: str) -> None:
        figures.run(figure, tables, project, [*INVOKE, *arguments])

    with plain_server(project) as ours:
        run("build, cold", "build")
        run("build, unchanged", "build")
        run("migrate, first", "migrate", "--name", "init", "--no-input")
        run("db.clone", "db.clone", "--source", "public", "--target", "trial")
        run("db.drop", "db.drop", "--target", "trial")
        if peers:
            begin = time.perf_counter()
            copy_by_dump(ours.owner_url)
            figures.note("pg_dump, sed, psql", tables, time.perf_counter() - begin, 0)
        run("migrate.check, first", "migrate.check")
        run("migrate.check, unchanged", "migrate.check")
        run("migrate.status", "migrate.status")
        run("migrate.diff, unchanged", "migrate.diff")
        one_column_more(project)
        run("migrate, one column more", "migrate", "--name", "column", "--no-input")
        run("invoke test, cold", "test", "--workers", "2")
        run("invoke test, warm", "test", "--workers", "2")
        run("migrate.down, all", "migrate.down", "--to", "zero", "--allow-data-loss")
        run("migrate.deploy", "migrate.deploy")
        run("migrate.reset", "migrate.reset", "--no-input", "--force")
        if peers and tables <= PEER_TABLES:
            measure_peers(figures, root, tables, ours)


def one_column_more(project: Path) -> None:
    """Give one entity another attribute."""
    path = project / "components/c000/entities.py"
    line = "title = Required(str, 200)"
    text = path.read_text().replace(line, f"{line}\n    extra = Optional(str, nullable=True)", 1)
    path.write_text(text)


def measure_peers(figures: Figures, root: Path, tables: int, ours: EmbeddedServer) -> None:
    """Measure Django and Alembic on the same models and the same server."""
    host = ours.owner_url.hosts[0][0]
    with connect(ours.owner_url) as connection:
        for schema in ("django", "alembic"):
            create_schema(connection, schema)
    generate_django(root / "django", tables // 2, host, "django")
    generate_alembic(root / "alembic", tables // 2, host, "alembic")
    django = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": "."}
    upgrade = [*ALEMBIC, "upgrade", "head"]
    revision = [*ALEMBIC, "revision", "--autogenerate", "-m", "init"]

    def run(figure: str, tool: str, *commands: list[str]) -> None:
        environment = django if tool == "django" else {"PYTHONPATH": "."}
        figures.run(figure, tables, root / tool, *commands, environment=environment)

    run("Django: migrate, first", "django", [*DJANGO, "makemigrations"], [*DJANGO, "migrate"])
    run("Django: check, unchanged", "django", [*DJANGO, "makemigrations", "--check"])
    run("Alembic: migrate, first", "alembic", revision, upgrade)
    run("Alembic: check, unchanged", "alembic", [*ALEMBIC, "check"])


def main() -> None:
    """Measure size by size, each on a server of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, nargs="+", default=[200, 1000, 5000, 10000])
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    figures = Figures()
    try:
        for tables in given.tables:
            with tempfile.TemporaryDirectory(prefix="berceau-size-") as folder:
                Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
                measure(figures, Path(folder), tables, peers=not given.no_peers)
    finally:
        figures.report(given.tables)


if __name__ == "__main__":
    main()
