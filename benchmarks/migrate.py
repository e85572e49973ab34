"""Migrations of 500 components (1000 tables, 500 enums) beside Django and Alembic, in one run.

Install the peers first: pip install -e '.[benchmarks]'
Run: python benchmarks/migrate.py [--components 500] [--runs 3]
Each figure is a whole process, in seconds; the peers work on the same models, on the same server.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from peers import generate_alembic, generate_django
from project import generate, plain_environment

from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import create_schema

INVOKE = [sys.executable, "-m", "invoke"]
DJANGO = [sys.executable, "-m", "django"]
PHASES = str(Path(__file__).with_name("phases.py"))
ALEMBIC = [sys.executable, "-m", "alembic"]


@dataclass
class Bench:
    """A tool's project: its folder, its environment, and the figures measured so far."""

    name: str
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    phases: list[dict[str, float]] = field(default_factory=list)
    peak: int = 0

    def run(self, figure: str, *commands: list[str]) -> None:
        """Run ``commands`` one after the other and add their time to ``figure``."""
        start = time.perf_counter()
        for command in commands:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=plain_environment() | self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            if status:
                raise SystemExit(f"{self.name}: {command} failed:\n{errors.decode()}")
            self.peak = max(self.peak, usage.ru_maxrss)
        self.seconds.setdefault(figure, []).append(time.perf_counter() - start)

    def median(self, figure: str) -> float:
        """Return the median of ``figure``, in seconds."""
        return statistics.median(self.seconds[figure])


def main() -> None:
    """Measure the three tools in turn, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        server = EmbeddedServer(root / "berceau" / ".berceau" / "postgres")
        server.start()
        try:
            measure(root, server, options.components, options.runs)
        finally:
            server.stop()


def measure(root: Path, server: EmbeddedServer, components: int, runs: int) -> None:
    """Measure in the empty folder ``root``: first migrations, checks, a change of one column."""
    host = server.owner_url.hosts[0][0]
    with connect(server.owner_url) as connection:
        for schema in ("django", "alembic"):
            create_schema(connection, schema)
    generate(root / "berceau", components)
    generate_django(root / "django", components, host, "django")
    generate_alembic(root / "alembic", components, host, "alembic")
    ours = Bench("berceau", root / "berceau")
    django = Bench(
        "django", root / "django", {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": "."}
    )
    alembic = Bench("alembic", root / "alembic", {"PYTHONPATH": "."})

    ours.run("first", [*INVOKE, "migrate", "--name", "init"])
    django.run("first", [*DJANGO, "makemigrations"], [*DJANGO, "migrate"])
    alembic.run(
        "first",
        [*ALEMBIC, "revision", "--autogenerate", "-m", "init"],
        [*ALEMBIC, "upgrade", "head"],
    )
    report("first migration: difference, proof, apply", "first", ours, django, alembic)
    for _ in range(runs):
        ours.run("check", [*INVOKE, "migrate.check"])
        django.run("check", [*DJANGO, "makemigrations", "--check"])
        alembic.run("check", [*ALEMBIC, "check"])
    report("check, nothing changed", "check", ours, django, alembic)
    for run in range(runs):
        change(ours, django, alembic, run)
    report("one column more", "change", ours, django, alembic)
    report_phases(ours)
    for bench in (ours, django, alembic):
        print(f"peak memory of {bench.name}: {bench.peak / 1024:.0f} MiB")


def change(ours: Bench, django: Bench, alembic: Bench, run: int) -> None:
    """Add a nullable column to one model of each, and migrate it."""
    column = f"extra_{run}"
    edit(
        ours.root / "components/c000/entities.py",
        "title = Required(str, 200)",
        f"{column} = Optional(str, nullable=True)",
    )
    edit(
        django.root / "apps/c000/models.py",
        "title = models.CharField(max_length=200)",
        f"{column} = models.TextField(null=True)",
    )
    edit(
        alembic.root / "models/c000.py",
        "title: Mapped[str] = mapped_column(String(200))",
        f"{column}: Mapped[str | None] = mapped_column(Text)",
    )
    ours.run("change", [sys.executable, PHASES, "migrate", "--name", column])
    ours.phases.append(json.loads((ours.root / "phases.json").read_text()))
    django.run("change", [*DJANGO, "makemigrations"], [*DJANGO, "migrate"])
    alembic.run(
        "change",
        [*ALEMBIC, "revision", "--autogenerate", "-m", column],
        [*ALEMBIC, "upgrade", "head"],
    )


def edit(path: Path, line: str, more: str) -> None:
    """Put the line ``more`` below ``line``."""
    text = path.read_text()
    path.write_text(text.replace(line, f"{line}\n    {more}", 1))


def report(title: str, figure: str, ours: Bench, *peers: Bench) -> None:
    """Print the medians of ``figure``, and the ratio of ours to each peer's."""
    print(f"\n{title}")
    print(f"  berceau {ours.median(figure):6.2f}")
    for peer in peers:
        ratio = ours.median(figure) / peer.median(figure)
        print(f"  {peer.name:7} {peer.median(figure):6.2f}   berceau / {peer.name}: {ratio:.2f}")


def report_phases(bench: Bench) -> None:
    """Print what the median change of ``bench`` spent its time on."""
    median = sorted(bench.phases, key=lambda phases: sum(phases.values()))[len(bench.phases) // 2]
    for phase, seconds in median.items():
        print(f"    {seconds:5.2f} {phase}")


if __name__ == "__main__":
    main()
