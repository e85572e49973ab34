"""``migrate.diff --trace``: the locks that a plan really takes, beside those that it announces."""

import json
from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.postgres.runner.progress import silent
from berceau.schema.sql import Lock
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run_migrate
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.propose import propose
from berceau.workflows.write.trace import LockTrace, trace_locks
from tests.acceptance.test_locks import CASES, STRENGTH
from tests.conftest import cases

POST = "class Post(db.Entity):\n    n = Optional(int)\n"


@cases("before, after", CASES, quick=3)
def test_no_statement_takes_a_stronger_lock_than_it_announces(
    migrate, declare, settings, before, after
) -> None:
    migrate(before)
    plan = propose(settings, declare(after), Options(allow_data_loss=True)).plan
    require_announced(trace_locks(settings, plan), plan)


def require_announced(found: LockTrace, plan: Plan) -> None:
    assert [each.sql for each in found.statements] == [each.text for each in plan.up]
    for traced, statement in zip(found.statements, plan.up, strict=True):
        held = max((STRENGTH.index(each.lock) for each in traced.locks), default=0)
        assert held <= STRENGTH.index(statement.lock), statement
    # Of several in one transaction, the first one takes the lock that the others need, too.
    strongest = max((STRENGTH.index(each.lock) for each in plan.up), default=0)
    assert strongest == max(
        (STRENGTH.index(held.lock) for each in found.statements for held in each.locks), default=0
    )


def test_a_lock_is_held_to_the_end_of_its_transaction(migrate, declare, settings, query) -> None:
    migrate(POST)
    query("INSERT INTO post (n) SELECT n FROM generate_series(1, 50) AS n")
    after = declare(POST + "    m = Required(int, default=1)\n    s = Optional(int, index=True)\n")
    found = trace_locks(settings, propose(settings, after, Options()).plan)
    assert found.rows == {"post": 50}
    first, *_, last = found.statements
    assert first.sql.startswith("ALTER TABLE post ADD COLUMN m")
    (held,) = first.locks
    assert (held.table, held.lock) == ("post", Lock.ACCESS_EXCLUSIVE)
    assert held.seconds > first.seconds
    assert last.sql.startswith("CREATE INDEX CONCURRENTLY")
    assert [(each.table, each.lock) for each in last.locks] == [
        ("post", Lock.SHARE_UPDATE_EXCLUSIVE)
    ]
    assert query("SELECT * FROM post LIMIT 1") == [(1, 1)]


def test_the_lock_of_an_index_that_is_dropped_is_seen(migrate, declare, settings) -> None:
    migrate(POST.replace("int", "int, index=True"))
    found = trace_locks(settings, propose(settings, declare(POST), Options()).plan)
    (statement,) = found.statements
    assert statement.sql.startswith("DROP INDEX CONCURRENTLY")
    assert [(each.table, each.lock) for each in statement.locks] == [
        ("post", Lock.SHARE_UPDATE_EXCLUSIVE)
    ]


def test_what_does_not_run_in_the_copy_is_said(migrate, declare, settings) -> None:
    migrate(POST)
    plan = propose(settings, declare(POST + "    m = Optional(int)\n"), Options()).plan
    migrate(POST + "    m = Optional(int)\n")
    with pytest.raises(MigrationError, match='column "m" of relation "post" already exists'):
        trace_locks(settings, plan)


@pytest.mark.slow
def test_the_command_shows_it_to_people_and_programs(connected) -> None:
    connected.component("blog", POST)
    connected.succeed("migrate")
    connected.component("blog", POST.replace("int", "int, index=True"))
    said = connected.succeed("migrate.diff", "--trace")
    assert "-- Run in a copy, with these rows: none\n" in said
    assert (
        "ms: CREATE INDEX CONCURRENTLY post_n_idx ON post (n)\n--   SHARE UPDATE EXCLUSIVE" in said
    )
    trace = json.loads(connected.succeed("migrate.diff", "--trace", "--json"))["trace"]
    (statement,) = trace["statements"]
    assert [each["lock"] for each in statement["locks"]] == ["SHARE UPDATE EXCLUSIVE"]
    connected.succeed("migrate")
    assert connected.succeed("migrate.diff", "--trace") == "-- nothing to do\n"
    assert json.loads(connected.succeed("migrate.diff", "--trace", "--json"))["trace"] == {
        "rows": {},
        "statements": [],
    }
    connected.component("blog", POST.replace("int", "int, index=True") + "    m = Required(int)\n")
    said = connected.succeed("migrate.diff", "--trace", "--backfill", "post.m=n + 1")
    assert "-- lock: ROW EXCLUSIVE\n-- Batches: above 20000 rows\nUPDATE post SET m = n + 1" in said
    (held,) = [line for line in said.splitlines() if "ROW EXCLUSIVE on post" in line]
    assert held.endswith(" ms, to the end of its transaction; in a large table, of each batch")


@cases(
    "after, options",
    {
        "a fill": (
            POST.replace("Optional", "Required"),
            Options(expand=True, backfills=["post.n=id + 1"]),
        ),
        "a sync": (POST.replace("n =", "m ="), Options(expand=True, renames=["post.n=m"])),
        "an old name": (
            POST.replace("Post", "Article"),
            Options(expand=True, renames=["post=article"]),
        ),
        "a transfer": (
            POST.replace("n = Optional(int)", "note = Optional('Note')")
            + "class Note(db.Entity):\n    post = Required(Post)\n    n = Optional(int)\n",
            Options(expand=True, moves=["post.n=note.n"]),
        ),
    },
    quick=1,
)
def test_what_serves_the_running_release_and_its_end_take_the_locks_that_they_announce(
    migrate, declare, settings, query, after, options
) -> None:
    migrate(POST)
    query("INSERT INTO post (n) VALUES (1)")
    settings = replace(settings, allow_downtime=False)
    plan = propose(settings, declare(after), options).plan
    assert plan.keeps
    require_announced(trace_locks(settings, plan), plan)
    run_migrate(settings, declare(after), options, silent)
    plan = propose(settings, declare(after), Options(contract=True)).plan
    assert plan.ends
    require_announced(trace_locks(settings, plan), plan)
