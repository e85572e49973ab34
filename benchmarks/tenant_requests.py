"""Requests for many tenants at random, through PgBouncer, beside the same without tenants.

Two processes of four threads serve notes, each of which carries the name of its owner. Visitors ask
for the notes of an owner at random, and write some. With tenants, each owner is one, and has a
table; without, all are in one table, which has an index. Both are measured in turns. Ends with 1
where an answer holds a row of somebody else.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from project import TASKS, write

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.tenants import registry
from berceau.settings import Settings, load
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.tenants.create import create
from berceau.workflows.tenants.deploying import deploy_all

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))
from tests.pooler import pooler  # noqa: E402 - found once the project's folder is searched
from tests.ports import free_port  # noqa: E402 - the same

NOTES = 20  # of each owner
VISITORS = 8
WRITES = 0.1
WARM_UP = 12  # seconds
OWNER = "X-Owner"
INI = """
[app:main]
use = egg:berceau#main
berceau.root = {root}
berceau.hosts = 127.0.0.1
{tenants}

[server:main]
use = egg:berceau#main
listen = 127.0.0.1:{port}
threads = 4
"""
COMPONENT = {
    "__init__.py": '''
        """Notes of owners."""


        def includeme(config):
            """Add the notes, which are those of the tenant that a header names."""
            config.add_route("notes", "/notes")
            config.set_tenant_factory(lambda request: request.headers.get("X-Owner"))
        ''',
    "entities.py": '''
        """A note, which says whose it is."""

        from pony.orm import Required

        from berceau.orm import db


        class Note(db.Entity):
            """A note."""

            owner = Required(str, 50, index=True)
            text = Required(str)
        ''',
    "views.py": '''
        """The notes of an owner."""

        from pyramid.view import view_config

        from .entities import Note


        @view_config(route_name="notes", renderer="json", require_csrf=False)
        def notes(request):
            """Return twenty notes of the owner, after a new one if it is sent."""
            owner = request.headers["X-Owner"]
            if request.method == "POST":
                Note(owner=owner, text="written")
            found = Note.select(lambda note: note.owner == owner).order_by(Note.id).limit(20)
            return [{"owner": note.owner, "text": note.text} for note in found]
        ''',
}
TABLE = """
CREATE TABLE note (id serial PRIMARY KEY, owner varchar(50) NOT NULL, text text NOT NULL);
CREATE INDEX note_owner_idx ON note (owner);
"""
FILL = """
INSERT INTO note (owner, text)
SELECT owner, repeat('a note of ' || owner || ' ', 5)
FROM unnest(%s) AS owner, generate_series(1, %s); ANALYZE note
"""


@dataclass
class Site:
    """Two processes at ``ports``, and what was asked of them."""

    ports: list[int]
    owner_url: Url
    answers: int = 0
    strange: int = 0
    failures: int = 0


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tenants", type=int, default=200)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4, help="of each round and site")
    arguments = options.parse_args()
    owners = [f"owner_{number}" for number in range(arguments.tenants)]
    rates: dict[str, list[float]] = {"with tenants": [], "without": []}
    with tempfile.TemporaryDirectory(prefix="berceau-", dir="/tmp") as folder, ExitStack() as open_:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
        sites = {
            "with tenants": open_.enter_context(site(Path(folder) / "t", owners, tenants=True)),
            "without": open_.enter_context(site(Path(folder) / "p", owners, tenants=False)),
        }
        for each in sites.values():
            visit(each, owners, WARM_UP)  # each session of the server reads each table's form once
        for number in range(arguments.rounds):
            for name in list(sites)[:: 1 if number % 2 else -1]:
                rates[name].append(visit(sites[name], owners, arguments.seconds))
        strayed = misplaced(sites["with tenants"].owner_url)
        report(rates, sites)
    if strayed or any(each.strange for each in sites.values()):
        sys.exit(f"rows of somebody else were shown, or written to: {strayed}")


def report(rates: dict[str, list[float]], sites: dict[str, Site]) -> None:
    """Print the medians, and the ratio of each round."""
    ratios = [one / other for one, other in zip(*rates.values(), strict=True)]
    for name, found in rates.items():
        one = sites[name]
        print(
            f"{name:13} {statistics.median(found):6.0f} requests a second; "
            f"{one.answers} answers, {one.failures} failures, {one.strange} with rows of others"
        )
    print(
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


@contextmanager
def site(root: Path, owners: list[str], *, tenants: bool) -> Iterator[Site]:
    """Make a project, its rows, a pooler and two processes, for as long as the body runs."""
    root.mkdir()
    make_project(root, tenants=tenants)
    server = EmbeddedServer(root / ".berceau" / "postgres")
    server.start()
    try:
        fill(load(root), server.owner_url, owners)
        with pooler(server.runtime_url, size=8) as pooled, ExitStack() as processes:
            ports = [free_port(), free_port()]
            for port in ports:
                processes.enter_context(process(root, port, pooled.url, server, tenants=tenants))
            yield Site(ports, server.owner_url)
    finally:
        server.stop()


def make_project(root: Path, *, tenants: bool) -> None:
    """Write the component and its migration."""
    write(root / "tasks.py", TASKS)
    write(root / "development.ini", "[app:main]\n" + ("berceau.tenants = schema" * tenants))
    write(root / "components" / "__init__.py", '"""Of the benchmark."""\n')
    for name, text in COMPONENT.items():
        write(root / "components" / "notes" / name, text)
    place = root / "migrations" / ("tenant" if tenants else "") / "20260101000000_notes"
    write(place / "migration.sql", TABLE)


def fill(settings: Settings, owner_url: Url, owners: list[str]) -> None:
    """Make the tables, and each owner's notes."""
    if settings.tenants is None:
        deploy(owner_url, migration_directory.read(settings.migrations))
        insert(owner_url, owners)
        return
    deploy_all(settings)
    for name in owners:
        insert(owner_url.of_tenant(create(settings, name).schema), [name])


def insert(url: Url, owners: list[str]) -> None:
    """Write notes of ``owners`` into the table at ``url``."""
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(FILL, (owners, NOTES))


@contextmanager
def process(
    root: Path, port: int, runtime: Url, server: EmbeddedServer, *, tenants: bool
) -> Iterator[None]:
    """Serve the project at ``port``, through the pooler of ``runtime``."""
    ini = root / f"{port}.ini"
    ini.write_text(
        INI.format(root=root, port=port, tenants="berceau.tenants = schema" if tenants else "")
    )
    environment = {
        **os.environ,
        "DATABASE_URL": runtime.with_password(),
        "MIGRATION_DATABASE_URL": server.owner_url.with_password(),
        "BERCEAU_SECRET": "f3b1c7d0e5a94826b7c8d9e0f1a2b3c4",
    }
    log = root / f"{port}.log"
    with log.open("wb") as errors:
        running = subprocess.Popen(
            [Path(sys.executable).with_name("pserve"), ini],
            cwd=root,
            env=environment,
            stderr=errors,
        )
    try:
        for _ in range(600):
            with suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port).connect()
                break
            if running.poll() is not None:
                sys.exit(log.read_text()[-2000:])
            time.sleep(0.05)
        yield
    finally:
        running.kill()
        running.wait()


def visit(each: Site, owners: list[str], seconds: float) -> float:
    """Let visitors ask for ``seconds``, and return how many requests a second were answered."""
    before, began = each.answers, time.monotonic()
    with ThreadPoolExecutor(VISITORS) as threads:
        found = [
            threads.submit(ask, each.ports[number % 2], owners, began + seconds)
            for number in range(VISITORS)
        ]
    for counts in (one.result() for one in found):
        each.answers += counts["answers"]
        each.strange += counts["strange"]
        each.failures += counts["failures"]
    return (each.answers - before) / (time.monotonic() - began)


def ask(port: int, owners: list[str], until: float) -> Counter[str]:
    """Ask for notes of owners at random over one connection; count what came."""
    counts: Counter[str] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < until:
        owner = random.choice(owners)
        method = "POST" if random.random() < WRITES else "GET"
        connection.request(method, "/notes", headers={OWNER: owner, "Accept": "application/json"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            counts["failures"] += 1
            continue
        notes = json.loads(body)
        counts["answers"] += 1
        if len(notes) != NOTES or {note["owner"] for note in notes} != {owner}:
            counts["strange"] += 1
    connection.close()
    return counts


def misplaced(owner_url: Url) -> list[str]:
    """Return the tenants in whose table is a row of somebody else."""
    with connect(owner_url) as connection, connection.cursor() as cursor:
        tenants = registry.read(connection)
        for each in tenants:
            cursor.execute(
                f"SELECT count(*) FROM {each.schema}.note WHERE owner <> %s", (each.name,)
            )
            if cursor.fetchall() != [(0,)]:
                return [each.name]
    return []


if __name__ == "__main__":
    main()
