"""Values that a migration would give to rows, and names that it would give: told what is wrong."""

import pytest

from berceau.errors import HistoryError, MigrationError
from tests.conftest import cases

TEAM = "class Team(db.Entity):\n    name = Required(str)\n"
TOWN = "class Town(db.Entity):\n    teams = Set('Team')\n"
CODE = "    code = Required(str)\n"

# What the entity gets, the SQL for its rows, and what the refusal says, with its cure.
GIVEN = {
    "no value for some": (
        CODE,
        "code=nullif(name, 'a')",
        r"team\.code is required, but --backfill leaves 1 row of team without a value",
        "Say otherwise what the rows get",
    ),
    "one value for several": (
        CODE.replace("(str", "(str, unique=True"),
        "code=left(name, 0)",
        "code of team must be unique, but there is '' 2 times",
        "Say otherwise what the rows get",
    ),
    "one constant for several": (
        CODE.replace("(str", "(str, unique=True"),
        "code='x'",
        "code of team must be unique, but there is 'x' 2 times",
        "Say otherwise what the rows get",
    ),
    "one default for several": (
        CODE.replace("(str", "(str, unique=True, sql_default=\"'x'\""),
        None,
        "code of team must be unique, but there is 'x' 2 times",
        "Say otherwise what the rows get",
    ),
    "a value of a table that is new": (
        "    town = Required('Town')\n" + TOWN,
        "town=(SELECT min(id) FROM town)",
        r"team\.town is required, but --backfill leaves 2 rows",
        "This migration makes town, without rows",
    ),
    "a reference to no row": (
        "    town = Required('Town')\n" + TOWN,
        "town=7",
        "town of 2 rows of team refer to no row of town: '7'",
        "Say otherwise what the rows get",
    ),
    "a column that isn't there": (
        CODE,
        "code=nme",
        'column "nme" does not exist',
        "Say otherwise what the rows get",
    ),
    "a text that is no number": (
        "    code = Required(int)\n",
        "code=name::int",
        "invalid input syntax for type integer",
        "Say otherwise what the rows get",
    ),
}


@cases("more, sql, says, cure", GIVEN, quick=4)
def test_a_value_that_does_not_fit_is_named(more, sql, says, cure, migrate, query) -> None:
    migrate(TEAM)
    query("INSERT INTO team (name) VALUES ('a'), ('b')")
    with pytest.raises(MigrationError, match=says) as caught:
        migrate(TEAM + more, backfills=[f"team.{sql}"] if sql else [])
    assert cure in caught.value.cure
    assert "several steps" not in caught.value.cure


def test_a_table_that_is_new_can_be_asked(migrate, query) -> None:
    migrate(TEAM)
    query("INSERT INTO team (name) VALUES ('a')")
    migrate(
        TEAM + "    towns = Required(int)\nclass Town(db.Entity):\n    pass\n",
        backfills=["team.towns=(SELECT count(*) FROM town)"],
    )
    assert query("SELECT towns FROM team") == [(0,)]


COLOR = "class Color(enum.Enum):\n    RED = 'red'\n"
NEW = (
    COLOR
    + TEAM
    + "    code = Optional(int, index=True)\n"
    + "class Town(db.Entity):\n    name = Optional(str, unique=True)\n    color = Required(Color)\n"
)
# What was made by hand, and how the refusal calls what the migration would make.
TAKEN = {
    "CREATE VIEW town AS SELECT 1": r"table town \(its name is that of the view town\)",
    "CREATE SEQUENCE town": r"table town \(its name is that of the sequence town\)",
    "CREATE INDEX town ON team (name)": r"table town \(its name is that of the index town\)",
    "CREATE TYPE town AS (a int)": r"table town \(its name is that of the composite type town\)",
    "CREATE TABLE town (a int)": "table town",
    "CREATE DOMAIN color AS int": r"enum color \(its name is that of the type color\)",
    "CREATE TABLE color (a int)": r"enum color \(its name is that of the table color\)",
    "CREATE TYPE color AS ENUM ()": "enum color",
    "CREATE VIEW town_name_key AS SELECT 1": r"index town_name_key \(its name is that of the view",
    "CREATE TABLE town_pkey (a int)": r"index town_pkey \(its name is that of the table",
    "CREATE SEQUENCE team_code_idx": r"index team_code_idx \(its name is that of the sequence",
    "CREATE INDEX team_code_idx ON team (name)": "index team_code_idx",
    "ALTER TABLE team ADD code text": r"column team\.code",
}


@cases("sql, says", [*TAKEN.items()], quick=5)
def test_a_name_that_is_taken_is_told_before_anything_is_written(
    sql, says, migrate, query, settings
) -> None:
    migrate(TEAM)
    query(sql)
    files = {*settings.migrations.iterdir()}
    with pytest.raises(
        HistoryError, match=f"would create objects that exist already: {says}"
    ) as caught:
        migrate(NEW)
    assert caught.value.cure.startswith("Nothing was written. Drop")
    assert ("--unmanaged" in caught.value.cure) == ("its name" not in caught.value.message)
    assert {*settings.migrations.iterdir()} == files
