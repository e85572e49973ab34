"""A deploy that production's rows stop has lost nothing, and goes on once they fit."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from berceau.errors import StatementError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.resolve import mark_done
from tests.conftest import cases

STATE = "class State(enum.StrEnum):\n    OPEN = 'open'\n    DONE = 'done'\n"


def entity(name: str, *attributes: str) -> str:
    return "\n    ".join((f"class {name}(db.Entity):", *attributes)) + "\n"


PERSON = entity("Person", "first = Required(str)", "last = Required(str)")

KEY = entity("Sub", "cat = Required(str)", "no = Required(int)", "{}", "PrimaryKey({})")
LABELS = STATE + "    OLD = 'old'\n"

# Entities before and after, options, rows that don't fit in production, and what stops there.
STOPPED = {
    "a key that loses a column": (
        KEY.format("rev = Required(int)", "cat, no, rev"),
        KEY.format("", "cat, no"),
        {},
        "INSERT INTO sub VALUES ('a', 1, 0), ('a', 1, 1)",
        "could not create unique index",
    ),
    "a column that goes, and a unique": (
        entity("Foo", "a = Required(str)", "b = Required(str)"),
        entity("Foo", "a = Required(str, unique=True)"),
        {},
        "INSERT INTO foo (a, b) VALUES ('x', '1'), ('x', '2')",
        "could not create unique index",
    ),
    "a table that goes, and a required column in another": (
        entity("Foo", "a = Optional(int)") + entity("Bar", "b = Required(int)"),
        entity("Foo", "a = Required(int)"),
        {},
        "INSERT INTO foo (a) VALUES (NULL); INSERT INTO bar (b) VALUES (1)",
        "is violated by some row",
    ),
    "a label that another takes the place of, and a number": (
        LABELS + entity("Foo", "s = Required(State)", "n = Required(str)"),
        LABELS.replace("    OLD = 'old'\n", "")
        + entity("Foo", "s = Required(State)", "n = Required(int)"),
        {"labels": ["state.old=done"]},
        "INSERT INTO foo (s, n) VALUES ('old', 'x')",
        "invalid input syntax",
    ),
    "a day without its time, and a unique on it": (
        entity("Foo", "at = Required(datetime)"),
        entity("Foo", "at = Required(date, unique=True)"),
        {},
        "INSERT INTO foo (at) VALUES ('2020-01-01 10:00'), ('2020-01-01 11:00')",
        "could not create unique index",
    ),
    "a column that goes, and a key that leads nowhere": (
        entity("Foo", "a = Optional(int)", "b = Required(str)")
        + entity("Bar", "c = Optional(int)"),
        entity("Foo", "a = Optional('Bar', column='a')") + entity("Bar", "foos = Set(Foo)"),
        {},
        "INSERT INTO foo (a, b) VALUES (7, 'x'); INSERT INTO bar (c) VALUES (1)",
        "violates foreign key constraint",
    ),
    "a value that nothing gives, and the columns that gave it": (
        PERSON,
        entity("Person", "name = Required(str)"),
        {"backfills": ["person.name=nullif(first, '') || last"]},
        "INSERT INTO person (first, last) VALUES ('', 'L')",
        "is violated by some row",
    ),
    "a list that becomes shorter, and a number": (
        entity("Foo", "a = Required(str)", "b = Required(str)"),
        entity("Foo", "a = Required(str, 2)", "b = Required(int)"),
        {},
        "INSERT INTO foo (a, b) VALUES ('long', 'x')",
        "invalid input syntax",
    ),
}


@pytest.fixture
def leave_pending(migrate, settings, database) -> Callable[[str, str, dict[str, Any]], str]:
    """Return a function that migrates to entities, and leaves a migration to others pending.

    Development has no rows in its way. It returns the name of the second migration.
    """

    def leave_pending(before: str, after: str, options: dict[str, Any]) -> str:
        first = migrate(before).written
        second = migrate(after, allow_data_loss=True, **options).written
        migrations = migration_directory.read(settings.migrations)
        down(database.migration_url, migrations, first, allow_data_loss=True)
        return second

    return leave_pending


@cases("before, after, options, rows, stops", STOPPED, quick=3)
def test_a_deploy_that_rows_stop_has_lost_nothing(
    leave_pending, query, settings, database, before, after, options, rows, stops
) -> None:
    second = leave_pending(before, after, options)
    query(rows)
    held = contents(query)
    with pytest.raises(StatementError, match=stops):
        deploy(database.migration_url, migration_directory.read(settings.migrations))
    left = contents(query)
    for table, lines in held.items():
        for old, new in zip(lines, left[table], strict=True):
            assert old.items() <= new.items()
        query(f"TRUNCATE {table} CASCADE")
    assert deploy(database.migration_url, migration_directory.read(settings.migrations)) == (
        second,
    )


TEAM = entity("Team", "{}", "members = Set('Member')")
MEMBER = entity("Member", "team = Required(Team{})")

# Entities before and after, options, rows that don't fit in production, and what stops there.
REFERRED = {
    "a key of another column": (
        TEAM.format("code = Required(str)") + MEMBER.format(""),
        TEAM.format("code = PrimaryKey(str)") + MEMBER.format(", column='team_code'"),
        {
            "backfills": ["member.team_code=(SELECT code FROM team WHERE team.id = member.team)"],
        },
        "INSERT INTO team (code) VALUES ('x'), ('x'); INSERT INTO member (team) VALUES (1)",
    ),
    "a key of another column, which the same column refers to": (
        TEAM.format("code = Required(int)") + MEMBER.format(""),
        TEAM.format("code = PrimaryKey(int)") + MEMBER.format(""),
        {},
        "INSERT INTO team (code) VALUES (1), (1); INSERT INTO member (team) VALUES (1)",
    ),
    "a new type of what refers to it, and a unique": (
        TEAM.format("id = PrimaryKey(int)\n    code = Required(str)") + MEMBER.format(""),
        TEAM.format("id = PrimaryKey(int, size=64)\n    code = Required(str, unique=True)")
        + MEMBER.format(""),
        {},
        "INSERT INTO team VALUES (1, 'x'), (2, 'x'); INSERT INTO member (team) VALUES (1)",
    ),
}


@pytest.mark.parametrize(("before", "after", "options", "rows"), REFERRED.values(), ids=REFERRED)
def test_a_deploy_that_duplicates_stop_leaves_references_protected(
    leave_pending, query, settings, database, before, after, options, rows
) -> None:
    second = leave_pending(before, after, options)
    query(rows)
    with pytest.raises(StatementError, match="could not create unique index"):
        deploy(database.migration_url, migration_directory.read(settings.migrations))
    references = (
        "SELECT confrelid::regclass::text, convalidated FROM pg_constraint WHERE contype = 'f' "
        "AND connamespace = current_schema()::regnamespace"
    )
    assert query(references) == [("team", True)]
    query("TRUNCATE team CASCADE")
    assert deploy(database.migration_url, migration_directory.read(settings.migrations)) == (
        second,
    )
    assert query(references) == [("team", True)]


def contents(query) -> dict[str, list[dict[str, object]]]:
    """Return the rows of all tables but Berceau's own."""
    tables = query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^berceau_' "
        "AND relnamespace = current_schema()::regnamespace"
    )
    return {
        table: [json.loads(row) for (row,) in query(f"SELECT to_jsonb(t)::text FROM {table} t")]
        for (table,) in tables
    }


def test_rows_that_a_new_constraint_bars_meanwhile_can_be_written_again(
    migrate, query, settings, database
) -> None:
    """What was validated in vain is in force for new rows until somebody takes it away."""
    migrate(entity("Foo", "n = Optional(int)"))
    migrate(entity("Foo", "n = Required(int)"), create_only=True)
    query("INSERT INTO foo (n) VALUES (NULL)")
    migrations = migration_directory.read(settings.migrations)
    with pytest.raises(StatementError, match="is violated by some row") as caught:
        deploy(database.migration_url, migrations)
    drop = "ALTER TABLE foo DROP CONSTRAINT foo_n_required"
    name = migrations[-1].name
    assert "foo_n_required is in force for new rows" in caught.value.cure
    assert f"`{drop}`, and `invoke migrate.resolve {name} --done NUMBER`" in caught.value.cure
    query(drop)
    mark_done(database.migration_url, migrations, name, 0)
    query("INSERT INTO foo (n) VALUES (NULL); UPDATE foo SET n = 1")
    assert deploy(database.migration_url, migrations) == (name,)
