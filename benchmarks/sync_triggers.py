"""What it costs to keep the columns of two releases in step, for each row that is written.

Run: python benchmarks/sync_triggers.py [--rows 100000]
The peer is a pair of triggers that look at search_path, one for each direction, as pgroll makes
them; the ratio is to a table without triggers.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.postgres.embedded.server import EmbeddedServer
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.schema.sql import to_statements
from berceau.schema.sync import AlterSyncTrigger, Computed, Sync, SyncTrigger

SAME = Sync((Computed("name", "title"),), (Computed("title", "name"),))
SPLIT = Sync(
    (Computed("name", "first || ' ' || last"),),
    (
        Computed("first", "split_part(name, ' ', 1)"),
        Computed("last", "split_part(name, ' ', 2)"),
    ),
)
TABLE = "CREATE TABLE t (id int PRIMARY KEY, name text, title text, first text, last text)"
WRITES = {
    "INSERT": "INSERT INTO t (id, name) SELECT n, 'Ada King ' || n FROM generate_series(1, {}) n",
    "UPDATE": "UPDATE t SET name = 'Bea Queen ' || id",
}
ONE_WAY = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    "name" t.name%TYPE := NEW.name;
    "title" t.title%TYPE := NEW.title;
    search_path text;
BEGIN
    SELECT current_setting INTO search_path FROM current_setting('search_path');
    IF search_path {operator} 'public_new' THEN
        NEW.{target} := {source};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION {name}();
"""


def two_triggers(connection: Connection) -> None:
    """Keep two columns in step by a trigger for each direction."""
    up = ONE_WAY.format(name="up", operator="<>", target="title", source='"name"')
    execute(connection, up)
    execute(connection, ONE_WAY.format(name="down", operator="=", target="name", source='"title"'))


def one_trigger(connection: Connection, sync: Sync) -> None:
    """Keep columns in step by Berceau's trigger."""
    change = AlterSyncTrigger("t", None, SyncTrigger((sync,)))
    execute_statements(connection, to_statements([change]))


WAYS = {
    "none": lambda _: None,
    "renamed": lambda connection: one_trigger(connection, SAME),
    "renamed, two triggers": two_triggers,
    "split": lambda connection: one_trigger(connection, SPLIT),
}


def measure(server: EmbeddedServer, way: str, rows: int) -> list[float]:
    """Return the microseconds for each row, by kind of write."""
    with scratch(server.owner_url) as connection:
        execute(connection, TABLE)
        WAYS[way](connection)
        found = []
        for sql in WRITES.values():
            begin = time.perf_counter()
            execute(connection, sql.format(rows))
            found.append((time.perf_counter() - begin) / rows * 1e6)
        return found


def main() -> None:
    """Measure each way five times, in turn, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another account where we are root
        server = EmbeddedServer(Path(folder) / ".berceau" / "postgres")
        server.start()
        try:
            runs = [{way: measure(server, way, rows) for way in WAYS} for _ in range(5)]
        finally:
            server.stop()
    print("| Trigger | INSERT, us a row | to none | UPDATE, us a row | to none |")
    print("|---|---|---|---|---|")
    for way in WAYS:
        cells = []
        for number in range(len(WRITES)):
            times = [run[way][number] for run in runs]
            ratios = [run[way][number] / run["none"][number] for run in runs]
            cells += [f"{statistics.median(times):.1f}", f"{statistics.median(ratios):.1f}"]
        print(f"| {' | '.join((way, *cells))} |")


if __name__ == "__main__":
    main()
