"""A backfill in batches by the commands: written, deployed, killed, and deployed again."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from berceau.errors import HistoryError, StatementError
from berceau.migration.transaction_groups import Mode
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.schema.sql import Transaction
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.resolve import mark_done
from berceau.workflows.history.squash import squash
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run
from berceau.workflows.write.propose import propose
from berceau.workflows.write.trace import trace_locks
from tests.conftest import cases
from tests.waiting import wait_until

POST = "class Post(db.Entity):\n    n = Required(int)\n"
TWICE = POST + "    twice = Required(int)\n"
BATCHES = "-- Batches: above 20000 rows\n"
ROWS = 10_000
FILL = """
CREATE TABLE t (id int PRIMARY KEY, hits int NOT NULL DEFAULT 0, new int);
INSERT INTO t SELECT n FROM generate_series(1, {rows}) n;

-- Batches: above 0 rows, target 10 ms, pause {pause}
UPDATE t SET hits = hits + 1, new = id WHERE new IS NULL;
ALTER TABLE t ALTER new SET NOT NULL;
"""


def test_a_backfill_is_written_for_batches_between_column_and_not_null(
    migrate, query, settings
) -> None:
    migrate(POST)
    query("INSERT INTO post (n) SELECT n FROM generate_series(1, 50) n")
    written = migrate(TWICE, backfills=["post.twice=n * 2"]).written
    sql = (settings.migrations / written / "migration.sql").read_text()
    (migration,) = migration_directory.read(settings.migrations)[1:]
    assert f"{BATCHES}UPDATE post SET twice = n * 2 WHERE twice IS NULL;\n" in sql
    assert "BEGIN" not in sql.partition(BATCHES)[0]
    column, fill, *rest = migration.groups
    assert [each.text.split(" ")[0] for each in column.statements] == ["ALTER"]
    assert fill.mode is Mode.BATCHES
    assert "VALIDATE" in str(rest)
    assert query("SELECT count(*), min(twice), max(twice) FROM post") == [(50, 2, 100)]


BACKFILLS = {
    "post.twice=n * 2": Transaction.BATCHES,
    "post.twice=(SELECT max(id) FROM other)": Transaction.BATCHES,
    "post.twice=(SELECT max(p.n) FROM post p)": Transaction.OWN,
    'post.twice=(SELECT count(*) FROM other o, "post" p)': Transaction.OWN,
}


@pytest.mark.slow
@cases("backfill, transaction", [*BACKFILLS.items()], quick=1)
def test_a_backfill_that_reads_its_own_table_sees_all_rows_at_once(
    migrate, declare, settings, backfill, transaction
) -> None:
    other = "class Other(db.Entity):\n    pass\n"
    migrate(POST + other)
    plan = propose(settings, declare(TWICE + other), Options(backfills=[backfill])).plan
    (update,) = [each for each in plan.up if each.text.startswith("UPDATE")]
    assert update.transaction is transaction
    traced = trace_locks(settings, plan)
    (update,) = [each for each in traced.statements if each.sql.startswith("UPDATE")]
    assert update.in_batches is (transaction is Transaction.BATCHES)


@pytest.mark.slow
def test_a_squash_that_keeps_the_sql_keeps_the_batches(migrate, settings, database) -> None:
    migrate(POST)
    parent = migration_directory.last_name(migration_directory.read(settings.migrations))
    folder = settings.migrations / "20990101000000_rows"
    folder.mkdir()
    sql = f"INSERT INTO post (n) VALUES (1);\n{BATCHES}UPDATE post SET n = 2 WHERE n = 1;\n"
    (folder / "migration.sql").write_text(f"-- Parent: {parent}\n\n{sql}")
    deploy(database.migration_url, migration_directory.read(settings.migrations))
    assert squash(database.migration_url, settings.migrations, "all").kept == "rows in post"
    (squashed,) = migration_directory.read(settings.migrations)
    assert squashed.groups[-1].mode is Mode.BATCHES


@pytest.mark.slow
def test_resolve_lets_batches_begin_again(query, settings, database) -> None:
    name = "20260101000000_fill"
    folder = settings.migrations / name
    folder.mkdir(parents=True)

    def attempt(fill: str) -> None:
        (folder / "migration.sql").write_text(
            "-- Parent: none\n\nCREATE TABLE t (id int PRIMARY KEY, new int);\n"
            "INSERT INTO t SELECT n FROM generate_series(1, 50) n;\n"
            f"-- Batches: above 0 rows, pause 0\nUPDATE t SET new = {fill} WHERE new IS NULL;\n"
        )
        deploy(database.migration_url, migration_directory.read(settings.migrations))

    with pytest.raises(StatementError, match="with id above 29 and up to 30"):
        attempt("nullif(id, 7) / (id - 30)")
    with pytest.raises(HistoryError, match="still finds rows that were updated") as caught:
        attempt("id")
    assert "--done 2` lets it begin" in caught.value.cure
    migrations = migration_directory.read(settings.migrations)
    mark_done(database.migration_url, migrations, name, 2)
    attempt("id")
    assert query("SELECT new FROM t WHERE id IN (7, 30, 31) ORDER BY id") == [(7,), (30,), (31,)]


@pytest.mark.slow
def test_a_large_table_is_filled_while_the_running_release_writes(
    declare, query, settings, database
) -> None:
    """The trigger gives rows that come meanwhile their value; all others get it in batches."""
    settings = replace(settings, allow_downtime=False)
    before = "class Post(db.Entity):\n    title = Required(str)\n"
    run(settings, declare(before), Options())
    query("INSERT INTO post (title) SELECT 'title ' || n FROM generate_series(1, 25000) n")
    after = declare(before.replace("title", "headline"))
    options = Options(renames=("post.title=headline",), expand=True, create_only=True)
    run(settings, after, options)
    written = stopped = 0

    def write() -> None:
        nonlocal written
        with connect(database.runtime_url, autocommit=True) as connection:
            while not stopped:
                written += 1
                execute(connection, "INSERT INTO post (title) VALUES ('new')")
                execute(
                    connection,
                    "UPDATE post SET title = 'changed ' || id WHERE id = %s",
                    (random.randint(1, 25000),),
                )

    with ThreadPoolExecutor() as pool:
        writer = pool.submit(write)
        try:
            deploy(database.migration_url, migration_directory.read(settings.migrations))
        finally:
            stopped = 1
        writer.result()
    assert written > 5
    assert query("SELECT count(*) FROM post") == [(25000 + written,)]
    assert query("SELECT FROM post WHERE headline IS DISTINCT FROM title") == []
    untouched = "SELECT count(DISTINCT xmin::text) FROM post WHERE title LIKE 'title %'"
    assert query(untouched) > [(5,)]


@pytest.mark.slow
def test_a_deploy_that_is_killed_is_resumed_by_one_of_two_at_once(connected, query) -> None:
    name = "20260101000000_fill"
    connected.migration(name, f"-- Parent: none\n\n{FILL.format(rows=ROWS, pause=2)}")
    goal = random.randrange(ROWS // 2)
    with connected.start("invoke", "migrate.deploy") as killed:
        wait_until(lambda: _rows(query) > goal)
        killed.kill()
    found = json.loads(connected.succeed("migrate.status", "--json"))
    (line,) = found["failed"] or found["running"]  # its session may not have ended yet
    assert (line["name"], line["position"]) == (name, 2)
    assert goal < line["batches"]["rows"] <= line["batches"]["changed"] < ROWS
    deploys = [connected.start("invoke", "migrate.deploy") for _ in range(2)]
    said = [each.communicate(timeout=60) for each in deploys]
    assert [each.returncode for each in deploys] == [0, 0]
    assert sum(f"resuming {name} after statement 2 of 4, and " in out for out, _ in said) == 1
    assert query("SELECT count(*), min(hits), max(hits) FROM t") == [(ROWS, 1, 1)]
    assert connected.succeed("migrate.status").startswith(f"applied  {name}")


def _rows(query) -> int:
    """Return how many rows the ledger has as updated, of those that aren't all."""
    if not query("SELECT to_regclass('berceau_migration')")[0][0]:
        return 0
    found = query("SELECT (batches->>'rows')::int FROM berceau_migration")
    return found[0][0] or 0 if found else 0
