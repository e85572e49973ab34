"""Deploys over many tenants, beside psql and django-tenants.

For each size: what a tenant costs to make beside the same DDL by psql; a deploy with nothing
pending beside the one query that reads all states; a column over all tenants, with one job and with
four; a deploy that is killed again and again at random moments, run again right afterwards, until
one comes to the end; and the memory of a deploy. In turns with the same by django-tenants, in an
environment of its own. Each figure is the median of its rounds. The tables are those of README.md.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from figures import Aim, Figures
from project import plain_environment
from tenants_django import EXECUTORS, Peer

from berceau import settings as project
from berceau.migration.migration import new_name
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.binaries import find_programs
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.tenants import ledgers, registry
from berceau.settings import Settings
from berceau.workflows.tenants.create import create

ROUNDS = 5
MADE = 20  # tenants of each size, for what one costs
JOBS = 4
KILLS = 4
QUERY, NOTHING, COLUMN, COLUMN_JOBS, MADE_HERE, MADE_PSQL, MADE_OPEN = (
    "the one query that reads all states",
    "deploy, nothing pending",
    "deploy, one column",
    f"deploy, one column, {JOBS} jobs",
    "a tenant made, in a running process",
    "the same DDL by psql",
    "the same DDL by a psql that runs already, in a new session",
)
MADE_COMMAND = "invoke tenant.create, with the start of Python"

TABLES = """
CREATE TYPE post_status AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');
CREATE TABLE author (
    id uuid NOT NULL,
    name character varying(100) NOT NULL,
    email character varying(254) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT author_pkey PRIMARY KEY (id),
    CONSTRAINT author_email_key UNIQUE (email),
    CONSTRAINT author_name_key UNIQUE (name)
);
CREATE TABLE post (
    id uuid NOT NULL,
    title character varying(200) NOT NULL,
    content text NOT NULL,
    status post_status NOT NULL,
    author uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT post_pkey PRIMARY KEY (id)
);
CREATE INDEX post_author_idx ON post (author);
CREATE INDEX post_created_at_id_idx ON post (created_at, id);
ALTER TABLE post ADD CONSTRAINT post_author_fkey
    FOREIGN KEY (author) REFERENCES author (id) ON DELETE CASCADE;
"""


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = partial(parser.add_argument, type=int, nargs="*")
    add("--sizes", default=[20, 200, 2000], help="how many tenants Berceau has, 20 at least")
    add("--peers", default=[200], help="with how many of them django-tenants is measured, too")
    options = parser.parse_args()
    sizes, peers = options.sizes, options.peers
    with tempfile.TemporaryDirectory(prefix="berceau-tenants-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        try:
            site = Site(folder / "site", server.owner_url, server.runtime_url)
            admin = server.admin_url("postgres")
            peer = Peer(folder / "peer", server.owner_url, admin, JOBS) if peers else None
            for size in sizes:
                site.grow(size)
                measure(site, peer if size in peers else None, size)
                site.kills(size)
        finally:
            server.stop()
    mine = (
        (NOTHING, "nothing pending", "at least 10"),
        (COLUMN_JOBS, "one column", "at least 3"),
    )
    aims = [Aim(NOTHING, QUERY, "at most 3, with 2,000")]
    aims += [Aim(django(each, what), one, aim) for one, what, aim in mine for each in EXECUTORS]
    print("\nDeploys\n")
    site.deploys.print(sizes, aims)
    print("\nA tenant made\n")
    beside = [Aim(MADE_HERE, MADE_PSQL, "at most 1.5"), Aim(MADE_HERE, MADE_OPEN, "")]
    site.made.print(sizes, beside)


def measure(site: "Site", peer: Peer | None, size: int) -> None:
    """Deploy nothing and a column, in turns with the peer."""
    if peer:
        peer.grow(size)
        peer.command("migrate_schemas", "--tenant")
    for _ in range(ROUNDS):
        site.deploys.time(size, QUERY, site.ask)
        site.deploys.time(size, NOTHING, lambda: site.command("migrate.deploy"))
        for what, jobs in ((COLUMN, 1), (COLUMN_JOBS, JOBS)):
            site.add_column()
            site.deploys.time(size, what, lambda jobs=jobs: site.deploy(jobs))
        for executor in EXECUTORS if peer else ():
            run = partial(peer.migrate, executor)
            site.deploys.time(size, django(executor, "nothing pending"), run)
            peer.add_column()
            site.deploys.time(size, django(executor, "one column"), run)
    print(f"{size:>6} tenants: a deploy took {site.memory / 1024:.0f} MiB of memory", flush=True)


def django(executor: str, what: str) -> str:
    """Return the name of a figure of django-tenants."""
    return f"django-tenants, {executor}: {what}"


@dataclass
class Site:
    """A project of Berceau's with tenants.

    ``deploys`` are the seconds of deploys, and ``made`` what a tenant takes to make. ``memory`` is
    the most that a command took, in KiB.
    """

    root: Path
    owner: Url
    runtime: Url
    deploys: Figures = field(default_factory=Figures)
    made: Figures = field(default_factory=lambda: Figures(unit=1e-3))
    memory: int = 0

    def __post_init__(self) -> None:
        self.environment = {
            **plain_environment(),
            "DATABASE_URL": self.runtime.with_password(),
            "MIGRATION_DATABASE_URL": self.owner.with_password(),
            "BERCEAU_TENANTS": "schema",
        }
        if not self.root.exists():
            self.write("tasks.py", "from berceau.tasks import namespace\n")
            self.write("components/__init__.py", "")
            self.write("migrations/tenant/20260101000000_init/migration.sql", TABLES)
            self.command("migrate.deploy")

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command of the project."""
        command = [sys.executable, "-m", "invoke", *arguments]
        return subprocess.Popen(
            command, cwd=self.root, env=self.environment, stdout=subprocess.DEVNULL
        )

    def command(self, *arguments: str) -> None:
        """Run a command of the project, and note its memory."""
        process = self.start(*arguments)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, arguments
        self.memory = max(self.memory, usage.ru_maxrss)

    def deploy(self, jobs: int) -> None:
        """Bring all tenants up to date."""
        self.command("migrate.deploy", "--jobs", str(jobs))

    @property
    def settings(self) -> Settings:
        """The settings, of the same variables."""
        os.environ.update(self.environment)
        return project.load(self.root)

    def grow(self, size: int) -> None:
        """Make tenants until there are so many; the last ones in turns with psql."""
        settings = self.settings
        with connect(self.owner) as connection:
            known = len(registry.read(connection))
        for n in range(known, size - MADE):
            create(settings, f"t{n}")
        running = self.start_psql()
        for n in range(max(known, size - MADE), size):
            self.made.time(size, MADE_HERE, lambda n=n: create(settings, f"t{n}"))
            self.made.time(size, MADE_PSQL, lambda n=n: self.psql(f"plain_{n}"))
            self.made.time(size, MADE_OPEN, lambda n=n: self.ask_psql(running, f"open_{n}"))
        running.communicate()
        for n in range(ROUNDS):
            name = f"extra_{size}_{n}"
            run = partial(self.command, "tenant.create", name)
            self.made.time(size, MADE_COMMAND, run)
            self.command("tenant.drop", name)

    def psql(self, schema: str) -> None:
        """Make the same tables in a schema, as people would."""
        process = self.start_psql("-c", self.tables(schema))
        process.communicate()
        assert process.returncode == 0

    def tables(self, schema: str) -> str:
        """Return the SQL of the same tables."""
        files = sorted(self.root.glob("migrations/tenant/*/migration.sql"))
        tables = "".join(file.read_text() for file in files)
        return f"CREATE SCHEMA {schema}; SET search_path = {schema}; BEGIN; {tables} COMMIT;"

    def start_psql(self, *options: str) -> subprocess.Popen[str]:
        """Start psql, by default one that reads commands."""
        owner, pipe = self.owner, subprocess.PIPE
        where = f"host={owner.hosts[0][0]} user={owner.user} dbname={owner.database}"
        command = [find_programs() / "psql", "-q", "-v", "ON_ERROR_STOP=1", *options, where]
        environment = {**os.environ, "PGPASSWORD": owner.password}
        return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)

    def ask_psql(self, running: subprocess.Popen[str], schema: str) -> None:
        """Make the same tables by a psql that is running, in a new session and one call."""
        assert running.stdin
        assert running.stdout
        text = self.tables(schema).rstrip(";").replace(";", "\\;")
        running.stdin.write(f"\\connect {self.owner.database}\n{text};\n\\echo done\n")
        running.stdin.flush()
        assert running.stdout.readline() == "done\n"

    def ask(self) -> None:
        """Read all states by the query of a deploy, in a new session."""
        with connect(self.owner, autocommit=True) as connection:
            ledgers.said(connection, [each.schema for each in registry.read(connection)])

    def add_column(self) -> tuple[str, str]:
        """Write a migration that adds a column, and return the names of both."""
        number = len([*self.root.glob("migrations/tenant/2*")])
        name = new_name("more", datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=number), None)
        sql = f"ALTER TABLE post ADD COLUMN more_{number} integer;\n"
        self.write(f"migrations/tenant/{name}/migration.sql", sql)
        return name, f"more_{number}"

    def kills(self, size: int) -> None:
        """Kill deploys at random moments, each run right after the one before; then end one."""
        name, column = self.add_column()
        had = [0]
        while len(had) <= KILLS and had[-1] < size - 1:
            moment = random.randint(had[-1] + 1, size - 1)
            process = self.start("migrate.deploy", "--jobs", str(JOBS))
            while len(self.having(column)) < moment and process.poll() is None:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
            had.append(len(self.having(column)))
        begun = time.perf_counter()
        self.deploy(JOBS)
        taken = time.perf_counter() - begun
        schemas = self.having(column)
        assert len(schemas) == size, (len(schemas), size)
        assert self.recorded(name) == schemas, "ledgers and tables differ"
        times = f"{len(had) - 1} kills, after which {', '.join(map(str, had[1:]))} had the column"
        print(f"{size:>6} tenants: {times}; the next run ended in {taken:.1f} s", flush=True)

    def having(self, column: str) -> set[str]:
        """Return the schemas that have a table with the column."""
        query = """
            SELECT relnamespace::regnamespace::text
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attname = %s
        """
        with connect(self.owner) as connection:
            return {schema for (schema,) in fetch(connection, query, (column,))}

    def recorded(self, name: str) -> set[str]:
        """Return the schemas for which both the ledger and the registry have the migration."""
        count = f"SELECT count(*) FROM {{}}.berceau_migration WHERE name = '{name}' AND {WHOLE}"
        with connect(self.owner, autocommit=True) as connection:
            return {
                each.schema
                for each in registry.read(connection)
                if each.version == name and fetch_value(connection, count.format(each.schema)) == 1
            }


WHOLE = "state = 'applied' AND position = total AND NOT begun"

if __name__ == "__main__":
    main()
