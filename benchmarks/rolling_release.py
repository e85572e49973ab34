"""Ten kinds of change, released under load: Berceau, Django and Alembic, each with its migrations.

Run: python benchmarks/rolling_release.py [--only renamed] [--tools berceau,django]
Two processes of release 1 serve; the migration is applied, one process after the other becomes
release 2, and what is left of release 1 goes. Visitors read and write meanwhile. Prints which
requests failed, and which acknowledged writes were lost. The peers get an environment of their own.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rolling.alembic_site import AlembicSite
from rolling.berceau_site import BerceauSite
from rolling.django_site import DjangoSite
from rolling.drill import Outcome, Site, drill
from rolling.kinds import KINDS
from rolling.model import Kind

from berceau.postgres.core.connection import connect
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import create_schema
from berceau.workflows.shared.databases import Databases

PEERS = ["django>=5.2,<7", "alembic>=1.14,<2", "sqlalchemy>=2.0,<3", "psycopg2-binary", "gunicorn"]
TOOLS = ("berceau", "django", "alembic")
PEER_SITES = {"django": DjangoSite, "alembic": AlembicSite}


@dataclass
class Bench:
    """The server that all sites share, and the folder that theirs are in."""

    folder: Path
    server: EmbeddedServer
    python: Path | None
    made: int = 0

    def databases(self) -> Databases:
        """Return a new schema, for both roles."""
        self.made += 1
        name = f"site_{self.made}"
        with connect(self.server.owner_url, autocommit=True) as connection:
            create_schema(connection, name)
        return Databases(
            self.server.runtime_url.with_schema(name),
            self.server.owner_url.with_schema(name),
            embedded=False,
        )

    def sites(self, tool: str, kind: Kind) -> Iterator[tuple[str, Site]]:
        """Yield the sites of a tool: with its migrations, and with those that people correct."""
        if tool == "berceau":
            for note, in_one_step in (("", False), ("in one step", True)):
                folder = self.folder / f"{tool}_{kind.name}_{in_one_step}"
                databases = self.databases(), self.databases()
                yield note, BerceauSite([kind], folder, *databases, in_one_step)
            return
        for note, by_hand in (("generated", False), ("by hand", True)):
            if not by_hand or getattr(kind.by_hand, tool):
                folder = self.folder / f"{tool}_{kind.name}_{note.replace(' ', '_')}"
                database = libpq(self.databases())
                yield note, PEER_SITES[tool](kind, folder, self.python, database, by_hand)


def main() -> None:
    """Make the releases, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", help="kinds, by name, separated by commas")
    options.add_argument("--tools", default=",".join(TOOLS))
    options.add_argument("--seconds", type=float, default=1.5, help="of each phase")
    options.add_argument("--peers", type=Path, help="an environment that has the peers")
    options.add_argument("--verbose", action="store_true", help="what failed, and why")
    arguments = options.parse_args()
    kinds = [kind for kind in KINDS if not arguments.only or kind.name in arguments.only.split(",")]
    broken = 0
    with bench(arguments.tools.split(","), arguments.peers) as running:
        print(
            f"| {'change':22} | {'tool':17} | requests | failed | wrong | lost of writes | by phase"
        )
        for kind in kinds:
            for tool in arguments.tools.split(","):
                for note, site in running.sites(tool, kind):
                    log = running.folder / f"{tool}_{kind.name}_{note}.log"
                    outcome = drill(site, [kind], log, seconds=arguments.seconds)
                    broken += report(kind, f"{tool} {note}", outcome, arguments.verbose)
    sys.exit(1 if broken else 0)


@contextmanager
def bench(tools: Sequence[str], peers: Path | None) -> Iterator[Bench]:
    """Run a server while the body runs, with an environment for the peers where they take part."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another account where we are root
        environment = peers
        if peers is None and set(tools) - {"berceau"}:
            environment = folder / "peers"
            venv.create(environment, with_pip=True)
            pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *PEERS], check=True)
        server = EmbeddedServer(folder / "postgres")
        server.start()
        try:
            python = None if environment is None else environment.absolute() / "bin" / "python"
            yield Bench(folder, server, python)
        finally:
            server.stop()


def libpq(databases: Databases) -> dict[str, str]:
    """Return the environment in which libpq finds a schema, as its owner."""
    url = databases.migration_url
    ((host, port),) = url.hosts
    return {
        "PGHOST": host,
        "PGPORT": str(port),
        "PGUSER": url.user,
        "PGDATABASE": url.database,
        "PGPASSWORD": url.password,
        "PGOPTIONS": f"-c search_path={url.schema}",
    }


def report(kind: Kind, who: str, outcome: Outcome, verbose: bool) -> bool:
    """Print the line of a drill; return whether Berceau broke a promise."""
    bad = bool(outcome.refused)
    if outcome.load is None:
        print(f"| {kind.title:22} | {who:17} | no migration", flush=True)
    else:
        tally = outcome.load.tallies[kind.name]
        failed, wrong = tally.failures.total(), tally.wrong.total()
        bad |= bool(failed or wrong or tally.lost)
        phases = ", ".join(f"{phase} {count}" for phase, count in tally.failures.items())
        print(
            f"| {kind.title:22} | {who:17} | {tally.requests:8} | {failed:6} | {wrong:5} "
            f"| {tally.lost:4} of {tally.writes:6} | {phases}"
            + (" | the release stopped" if outcome.refused else ""),
            flush=True,
        )
        if verbose:
            for phase, example in tally.examples.items():
                print(f"    {phase}: {example}")
    if verbose and outcome.refused:
        print("    " + outcome.refused.replace("\n", "\n    "))
    return bad and who == "berceau "


if __name__ == "__main__":
    main()
