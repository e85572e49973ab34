"""What no migration knows of uses a column that changes its type: it returns, or stops a deploy."""

import shutil
from dataclasses import replace
from typing import Any

import pytest

from berceau.errors import StatementError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.status import status
from berceau.workflows.history.adopt import adopt
from berceau.workflows.history.check import check
from berceau.workflows.history.rebase import rebase
from berceau.workflows.shared.cache import SchemaCache
from tests.conftest import cases

POST = "class Post(db.Entity):\n    n = Optional(int)\n    s = Optional(str, 9)\n"
WIDER = {
    "a table rewritten": POST.replace("int", "int, size=64"),
    "a type taken as it is": POST.replace("9", "20"),
}
VIEWS = """
INSERT INTO post (n, s) VALUES (1, 'one');
CREATE VIEW numbers AS SELECT n, s FROM post;
CREATE VIEW ones AS SELECT n FROM numbers WHERE n = 1;
COMMENT ON VIEW ones IS 'the ones';
CREATE INDEX by_length ON post (length(s));
"""


@cases("after", WIDER, quick=2)
def test_a_view_that_no_migration_made_is_no_obstacle(migrate, query, after) -> None:
    migrate(POST)
    query(VIEWS)
    migrate(after)
    assert query("SELECT n, s FROM numbers NATURAL JOIN ones") == [(1, "one")]
    assert query("SELECT obj_description('ones'::regclass)") == [("the ones",)]
    assert query("SELECT to_regclass('by_length') IS NOT NULL") == [(True,)]


def test_without_views_a_migration_says_nothing_of_them(migrate, settings) -> None:
    migrate(POST)
    migrate(WIDER["a table rewritten"])
    (_, migration) = migration_directory.read(settings.migrations)
    assert "set_aside" not in migration.sql


def test_a_view_of_production_alone_stops_the_deploy_and_nothing_is_lost(
    migrate, query, settings, database
) -> None:
    migrate(POST)
    migrate(WIDER["a table rewritten"], create_only=True)
    query(VIEWS)
    with pytest.raises(StatementError, match="used by a view or rule") as caught:
        deploy(database.migration_url, migration_directory.read(settings.migrations))
    assert "Note the definition of what depends on the column, drop that" in str(caught.value)
    assert query("SELECT n FROM ones") == [(1,)]
    query("DROP VIEW ones, numbers")
    deploy(database.migration_url, migration_directory.read(settings.migrations))
    assert query("SELECT pg_typeof(n)::text FROM post") == [("bigint",)]


TASK = """
class State(enum.Enum):
    {labels}
class Task(db.Entity):
    n = Optional(int)
    state = Required(State)
    states = Optional(str, sql_type="state[]", nullable=True)
"""
OPEN_DONE_OLD = TASK.format(labels="OPEN = 'open'; DONE = 'done'; OLD = 'old'")
DONE_OPEN = TASK.format(labels="DONE = 'done'; OPEN = 'open'")
REBUILT = """
ALTER TYPE state RENAME TO state_retired;

CREATE TYPE state AS ENUM ('done', 'open');

-- fails where existing rows don't fit
-- rewrites the table
ALTER TABLE task
    ALTER COLUMN state TYPE state USING state::text::state,
    ALTER COLUMN states TYPE state[] USING states::text[]::state[];

DROP TYPE state_retired;
"""
# What uses a column, how it is dropped, and how the error names it where no migration knows it.
USERS = {
    "a view": ("VIEW v AS SELECT n, state FROM task", "VIEW v", "view v depends on column"),
    "a materialized view": (
        "MATERIALIZED VIEW v AS SELECT states FROM task",
        "MATERIALIZED VIEW v",
        "materialized view v depends on column",
    ),
    "a rule": (
        "RULE r AS ON UPDATE TO task DO ALSO DELETE FROM task WHERE state = 'done'",
        "RULE r ON task",
        "rule r on table task depends on column",
    ),
    "a partial index": (
        "INDEX i ON task (n) WHERE state = 'open'",
        "INDEX i",
        "Note the definition of index i, drop that",
    ),
    "an index on an expression": (
        "INDEX i ON task (coalesce(state, 'open'))",
        "INDEX i",
        "Note the definition of index i, drop that",
    ),
    "an index on an array": (
        "INDEX i ON task ((states @> '{open}'))",
        "INDEX i",
        "Note the definition of index i, drop that",
    ),
    "a check": (
        "CONSTRAINT c CHECK (state <> 'done')",
        "CONSTRAINT c",
        "Note the definition of constraint c on table task, drop that",
    ),
    "an exclusion constraint": (
        "CONSTRAINT e EXCLUDE (n WITH =) WHERE (state = 'done')",
        "CONSTRAINT e",
        "Note the definition of index e, drop that",
    ),
}
BEYOND = {
    "a function": (
        "FUNCTION f(state) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "FUNCTION f(state)",
        "Note the definition of what depends on the type, drop that",
    ),
    "statistics": (
        "STATISTICS s ON (state = 'open'), n FROM task",
        "STATISTICS s",
        "Note the definition of statistics object s, drop that",
    ),
}


def made(sql: str) -> str:
    return f"ALTER TABLE task ADD {sql}" if sql.startswith("CONSTRAINT") else f"CREATE {sql}"


def dropped(sql: str) -> str:
    return f"{'ALTER TABLE task ' * sql.startswith('CONSTRAINT')}DROP {sql}"


def test_an_enum_that_nothing_else_uses_is_rebuilt_without_more_words(
    migrate, query, settings
) -> None:
    migrate(OPEN_DONE_OLD)
    query("INSERT INTO task (n, state, states) VALUES (1, 'open', '{done}')")
    migrate(DONE_OPEN)
    (_, migration) = migration_directory.read(settings.migrations)
    assert migration.sql.endswith(REBUILT)
    assert "set_aside" not in migration.down
    assert query("SELECT state, states FROM task") == [("open", "{done}")]


@cases("sql", {name: sql for name, (sql, _, _) in USERS.items()}, quick=3)
def test_what_uses_an_enum_in_the_database_is_known(migrate, query, settings, sql) -> None:
    migrate(OPEN_DONE_OLD)
    query(made(sql))
    migrate(DONE_OPEN)
    (_, migration) = migration_directory.read(settings.migrations)
    assert "set_aside" in migration.sql
    assert "set_aside" in migration.down


def test_what_uses_an_enum_in_the_migrations_is_known(migrate, settings, database) -> None:
    migrate(OPEN_DONE_OLD)
    folder = settings.migrations / "20990101000000_by_hand"
    folder.mkdir()
    (folder / "migration.sql").write_text(f"{made(USERS['a partial index'][0])};\n")
    migrate(DONE_OPEN, create_only=True)
    (*_, migration) = migration_directory.read(settings.migrations)
    assert "set_aside" in migration.sql
    assert "set_aside" in migration.down
    deploy(database.migration_url, migration_directory.read(settings.migrations))


@pytest.mark.parametrize("sql", ["SELECT", made(USERS["a check"][0])], ids=["nothing", "a check"])
def test_a_type_that_was_rebuilt_by_hand_is_adopted_likewise(
    migrate, query, settings, database, sql
) -> None:
    migrate(OPEN_DONE_OLD)
    query(REBUILT)
    query(sql)
    adopted = adopt(database.migration_url, settings.migrations, "hand", {})
    assert ("set_aside" in adopted.sql) == ("set_aside" in adopted.down) == (sql != "SELECT")


@pytest.mark.parametrize("sql", ["SELECT", made(USERS["a check"][0])], ids=["nothing", "a check"])
def test_the_sql_of_drift_says_no_more_than_is_needed(
    migrate, declare, query, settings, database, sql
) -> None:
    migrate(OPEN_DONE_OLD)
    query(REBUILT)
    query(sql)

    def found() -> Any:
        migrations = migration_directory.read(settings.migrations)
        cache = SchemaCache(settings.cache)
        return status(database.migration_url, declare(OPEN_DONE_OLD), migrations, cache).drift

    drift = found()
    for statements in (drift.restore, drift.adopt):
        assert ("set_aside" in " ".join(statements)) == (sql != "SELECT")
    query("\n".join(drift.restore))
    assert not any("TYPE" in each for each in found().restore)


@pytest.mark.parametrize("sql", ["SELECT 1", made(USERS["a check"][0])], ids=["nothing", "a check"])
def test_the_check_shows_no_more_than_is_needed(migrate, declare, settings, database, sql) -> None:
    migrate(OPEN_DONE_OLD)
    folder = settings.migrations / "20990101000000_by_hand"
    folder.mkdir()
    (folder / "migration.sql").write_text(f"{sql};\n")
    cache = SchemaCache(settings.cache)
    findings = check(database.migration_url, declare(DONE_OPEN), settings.migrations, cache)
    (detail,) = (each.detail for each in findings if each.code == "M001")
    assert ("set_aside" in detail) == (sql != "SELECT 1")


def test_a_way_back_that_a_rebase_writes_says_no_more_than_is_needed(
    migrate, settings, database
) -> None:
    migrate(OPEN_DONE_OLD)
    migrate(DONE_OPEN, name="ours", create_only=True)
    ours = migration_directory.read(settings.migrations)[-1]
    shutil.rmtree(settings.migrations / ours.name)
    migrate(OPEN_DONE_OLD.replace("OLD =", "NEW = 'new'; OLD ="), create_only=True)
    migration_directory.save(settings.migrations, replace(ours, name="20990101000000_ours"))
    rebase(database.migration_url, settings.migrations)
    moved = migration_directory.read(settings.migrations)[-1]
    assert "'new'" in moved.down
    assert "set_aside" not in moved.down


def test_what_production_alone_has_is_named_and_nothing_is_lost(
    migrate, query, settings, database, dumped
) -> None:
    migrate(OPEN_DONE_OLD)
    migrate(DONE_OPEN, create_only=True)
    query("INSERT INTO task (n, state) VALUES (1, 'open')")
    before = dumped()
    for sql, drop, named in {**USERS, **BEYOND}.values():
        query(made(sql))
        with pytest.raises(StatementError) as caught:
            deploy(database.migration_url, migration_directory.read(settings.migrations))
        assert named in str(caught.value)
        assert "Nothing of it was kept. Note the definition of " in str(caught.value)
        query(dropped(drop))
    assert dumped() == before
    deploy(database.migration_url, migration_directory.read(settings.migrations))
    assert query("SELECT state FROM task") == [("open",)]


def test_a_check_and_an_index_go_with_their_column(migrate, query) -> None:
    migrate(POST)
    query("CREATE INDEX i ON post (length(s)); ALTER TABLE post ADD CHECK (s <> 'x')")
    migrate(POST.replace("    s = Optional(str, 9)\n", ""), allow_data_loss=True)
    assert query("SELECT to_regclass('i') IS NULL") == [(True,)]
