"""What a running application and commands do, with 20, 200 and 2,000 tenants.

What is asked for each request or each few seconds is to take as long however many there are.
Milliseconds, medians.
"""

import argparse
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from figures import Figures
from tenants import Site

from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import use_schema
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.postgres.runner.schema_guard import SchemaGuard
from berceau.postgres.tenants import registry
from berceau.schema.model import EMPTY
from berceau.workflows.serve.tenants import directory
from berceau.workflows.tenants.create import create

TIMES = 25
COMMANDS = ("tenant.list", "migrate.status", "migrate.check", "migrate.deploy")
USED = """
SELECT sum(total_bytes) FROM pg_backend_memory_contexts
"""
POSTS = "SELECT count(*) FROM post JOIN author ON author.id = post.author"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="20,200,2000")
    sizes = [*map(int, parser.parse_args().sizes.split(","))]
    figures = Figures(unit=0.001)
    with tempfile.TemporaryDirectory(prefix="berceau-tenants-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer(folder / ".berceau" / "postgres")
        server.start()
        try:
            site = Site(folder / "site", server.owner_url, server.runtime_url)
            site.write("migrations/tenant/HEAD", "20260101000000_init\n")
            for size in sizes:
                settings = site.settings
                with connect(site.owner) as connection:
                    known = len(registry.read(connection))
                for n in range(known, size):
                    create(settings, f"t{n}")
                note = partial(figures.time, size)
                commands(site, note)
                running(site, note)
                at_deploy(site, note)
                remember(site, size)
        finally:
            server.stop()
    print()
    figures.print(sizes)


Note = Callable[[str, Callable[[], object]], float]


def commands(site: Site, note: Note) -> None:
    """Time commands, with the start of Python."""
    for _ in range(3):
        for each in COMMANDS:
            note(f"invoke {each}", lambda each=each: site.command(each))


def running(site: Site, note: Note) -> None:
    """Time what an application does for each request, and each few seconds."""
    settings = site.settings
    pool = ConnectionPool(site.runtime, settings.limits)
    tenants = directory(settings, site.runtime, pool, EMPTY)
    assert tenants is not None
    with connect(site.owner) as connection:
        names = [each.name for each in registry.read(connection)]
    tenants.look_at_all()
    for _ in range(TIMES):
        name = random.choice(names)
        note("a tenant looked up in the database", lambda name=name: tenants.look(name))
        note("a tenant looked up again", lambda name=name: tenants.find(name))
        note("readiness, with one tenant of each version", tenants.look_at_all)
    with pool.reading(site.runtime.schema) as connection:
        for each in random.sample(names, min(TIMES, len(names))):
            for visit in ("first", "second"):
                work = partial(visited, connection, f"tenant_{each}")
                note(f"a query of a tenant, {visit} visit of a session", work)


def visited(connection: Connection, schema: str) -> None:
    """Read a tenant's tables."""
    execute(connection, f"SET LOCAL search_path = {schema}, public")
    execute(connection, POSTS)


def at_deploy(site: Site, note: Note) -> None:
    """Time what a deploy asks about other schemas at the end of each transaction."""
    with connect(site.owner) as connection:
        schema = registry.read(connection)[0].schema
        use_schema(connection, schema)
        execute(connection, "ALTER TABLE post ADD COLUMN tried integer")
        guard = SchemaGuard(connection, schema)
        for _ in range(TIMES):
            note("a transaction kept in its schema", guard.require_untouched)
        connection.rollback()


def remember(site: Site, size: int) -> None:
    """Print what a session of the server remembers after it saw all tenants."""
    with connect(site.owner) as connection:
        before = fetch_value(connection, USED)
        for each in registry.read(connection):
            visited(connection, each.schema)
        after = fetch_value(connection, USED)
    held = (after - before) / 2**20
    print(f"{size:>6} tenants: a session that saw all holds {held:.1f} MiB more", flush=True)


if __name__ == "__main__":
    main()
