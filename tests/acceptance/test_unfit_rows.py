"""Rows that don't fit a change are counted and shown, with the option that settles it."""

import re

import psycopg2
import pytest

from berceau.errors import MigrationError
from berceau.schema.casts import cast, nothing
from tests.acceptance.entities import STATE, entity, network
from tests.conftest import cases

# Entities before, rows, entities after, options, what the refusal says, and its cure.
REFUSED = {
    "no string for a number": (
        entity("Foo", "r = Optional(str, 50)"),
        "INSERT INTO foo (r) VALUES (''), ('5'), ('x'), ('')",
        entity("Foo", "r = Optional(int)"),
        {},
        "foo.r can't be integer in 3 rows: '', 'x'",
        "--using foo.r=SQL",
    ),
    "a truth that is no address": (
        entity("Host", "address = Required(bool)"),
        "INSERT INTO host (address) VALUES (true), (false), (true)",
        entity("Host", "address = Required(str, sql_type='inet')"),
        {},
        "host.address can't be inet in 3 rows: ",
        "--using host.address=SQL",
    ),
    "a label that is no number": (
        STATE + entity("Task", "state = Required(State)"),
        "INSERT INTO task (state) VALUES ('open')",
        entity("Task", "state = Required(int, size=16)"),
        {},
        "task.state can't be smallint in 1 row: 'open'",
        "--using task.state=SQL",
    ),
    "numbers that become one truth": (
        entity("Foo", "n = Required(int)"),
        "INSERT INTO foo (n) VALUES (0), (1), (2)",
        entity("Foo", "n = Required(bool, unique=True)"),
        {},
        "n of foo must be unique, but there is 't' 2 times",
        "Correct these rows",
    ),
    "numbers of a key that stays become one truth": (
        entity("Foo", "n = Required(int, unique=True)"),
        "INSERT INTO foo (n) VALUES (0), (1), (2)",
        entity("Foo", "n = Required(bool, unique=True)"),
        {},
        "n of foo must be unique, but there is 't' 2 times",
        "Correct these rows",
    ),
    "numbers that --using makes alike": (
        entity("Foo", "n = Required(int)"),
        "INSERT INTO foo (n) VALUES (1), (2)",
        entity("Foo", "n = Required(str, unique=True)"),
        {"usings": ["foo.n='same'"]},
        "n of foo must be unique, but there is 'same' 2 times",
        "Correct these rows",
    ),
    "labels that --map-value makes one in a key": (
        "class State(enum.StrEnum):\n    OPEN = 'open'\n    DONE = 'done'\n    OLD = 'old'\n"
        + entity("Task", "state = Required(State, unique=True)"),
        "INSERT INTO task (state) VALUES ('open'), ('done'), ('old')",
        STATE + entity("Task", "state = Required(State, unique=True)"),
        {"labels": ["state.old=done"]},
        "state of task must be unique, but there is 'done' 2 times",
        "Correct these rows",
    ),
    "strings that --map-value makes one in a key": (
        entity("Task", "state = Required(str, unique=True)"),
        "INSERT INTO task (state) VALUES ('open'), ('x')",
        STATE + entity("Task", "state = Required(State, unique=True)"),
        {"labels": ["state.x=open"]},
        "state of task must be unique, but there is 'open' 2 times",
        "Correct these rows",
    ),
    "strings that are one when they are cut": (
        entity("Task", "name = Required(str, 10, unique=True)"),
        "INSERT INTO task (name) VALUES ('abcd'), ('abce')",
        entity("Task", "name = Required(str, 3, unique=True)"),
        {},
        "name of task must be unique, but there is 'abc' 2 times",
        "Correct these rows",
    ),
    "no value for a required column": (
        entity("Foo", "n = Required(str)"),
        "INSERT INTO foo (n) VALUES ('1'), ('x'), ('y')",
        entity("Foo", "n = Required(int)"),
        {"usings": ["foo.n=CASE WHEN n = '1' THEN 1 END"]},
        "The column foo.n is required, but --using leaves 2 rows of foo without a value",
        "Correct these rows",
    ),
    "no value for a column that becomes required": (
        entity("Foo", "n = Optional(str, nullable=True)"),
        "INSERT INTO foo (n) VALUES ('1'), ('x')",
        entity("Foo", "n = Required(int)"),
        {"usings": ["foo.n=CASE WHEN n = '1' THEN 1 END"]},
        "The column foo.n is required, but --using leaves 1 row of foo without a value",
        "Correct these rows",
    ),
    "a string that is no value of an enum": (
        entity("Task", "state = Required(str)"),
        "INSERT INTO task (state) VALUES ('OPEN'), ('done'), ('x'), ('x')",
        STATE + entity("Task", "state = Required(State)"),
        {},
        "task.state can't be state in 2 rows: 'x'; task.state can't be state in 1 row: 'OPEN'",
        "--map-value state.x=NEW --map-value state.OPEN=NEW",
    ),
    "a string that is none, beside one that is mapped": (
        entity("Task", "state = Required(str)"),
        "INSERT INTO task (state) VALUES ('OPEN'), ('done'), ('x')",
        STATE + entity("Task", "state = Required(State)"),
        {"labels": ["state.OPEN=open"]},
        "task.state can't be state in 1 row: 'x'.",
        "--map-value state.x=NEW",
    ),
    "one string in two columns": (
        entity("Task", "state = Required(str)", "last = Required(str)"),
        "INSERT INTO task (state, last) VALUES ('x', 'x')",
        STATE + entity("Task", "state = Required(State)", "last = Required(State)"),
        {},
        "task.state can't be state in 1 row: 'x'; task.last can't be state in 1 row: 'x'.",
        "Give their values: --map-value state.x=NEW; or give",
    ),
    "more strings than anybody maps": (
        entity("Task", "state = Required(str)"),
        "INSERT INTO task (state) SELECT 's' || n FROM generate_series(10, 30) n",
        STATE + entity("Task", "state = Required(State)"),
        {},
        "11 more values of task.state can't be state, in 11 rows",
        "--using task.state=SQL",
    ),
    "a string that is mapped to no value": (
        entity("Task", "state = Required(str)"),
        "INSERT INTO task (state) VALUES ('OPEN')",
        STATE + entity("Task", "state = Required(State)"),
        {"labels": ["state.OPEN=opened"]},
        "'opened' isn't a label of the enum state",
        "open, done",
    ),
    "keys that become uuids": (
        network("int"),
        "INSERT INTO node (name) VALUES ('a'); INSERT INTO node (name, parent) VALUES ('b', 1)",
        network("uuid"),
        {},
        "node.id can't be uuid in 2 rows: '1', '2'; node.parent can't be uuid in 1 row: '1'",
        "--using node.id=SQL --using node.parent=SQL",
    ),
    "SQL that doesn't fit either": (
        entity("Foo", "r = Optional(str, 50)"),
        "INSERT INTO foo (r) VALUES (''), ('x')",
        entity("Foo", "r = Optional(int)"),
        {"usings": ["foo.r=nullif(r, '')::integer"]},
        'invalid input syntax for type integer: "x"',
        "Nothing was written",
    ),
    "a new type that isn't there": (
        entity("Foo", "r = Optional(int)"),
        "SELECT 1",
        entity("Foo", "r = Optional(int)", "s = Optional(int)"),
        {"usings": ["foo.r=1"]},
        "No change needs a value for foo.r",
        "--using for one that gets another type",
    ),
}


@cases("before, rows, after, options, says, cure", REFUSED, quick=7)
def test_what_does_not_fit_is_counted_and_named(
    migrate, query, before, rows, after, options, says, cure
) -> None:
    migrate(before)
    query(rows)
    with pytest.raises(MigrationError) as caught:
        migrate(after, allow_data_loss=True, **options)
    assert says in caught.value.message + "."
    assert cure in caught.value.cure
    assert migrate(before).written is None


# What was made by hand, rows, the expression of --using, and what the refusal says.
ALIKE = {
    "a unique index": (
        "CREATE UNIQUE INDEX by_hand ON foo (n)",
        "(1, 1), (2, 1), (3, 1)",
        "(n > 1)::text",
        "n of foo must be unique (index by_hand), but there is 'true' 2 times",
    ),
    "one on an expression": (
        "CREATE UNIQUE INDEX by_hand ON foo ((n % 10))",
        "(1, 1), (2, 1), (13, 1)",
        "n * 10",
        "(n % 10) of foo must be unique (index by_hand), but there is '0' 3 times",
    ),
    "a partial one": (
        "CREATE UNIQUE INDEX by_hand ON foo (n) WHERE m = 1",
        "(1, 1), (2, 2), (3, 1), (4, 1)",
        "n / 3",
        "n of foo must be unique (index by_hand), but there is '1' 2 times",
    ),
    "one that a condition on the column restricts": (
        "CREATE UNIQUE INDEX by_hand ON foo (m) WHERE n > 5",
        "(1, 1), (2, 1)",
        "n * 10",
        "m of foo must be unique (index by_hand), but there is '1' 2 times",
    ),
    "one that has NULL once": (
        "CREATE UNIQUE INDEX by_hand ON foo (n) NULLS NOT DISTINCT",
        "(1, 1), (2, 1)",
        "nullif(n, n)",
        "n of foo must be unique (index by_hand), but there is '' 2 times",
    ),
    "an exclusion": (
        "ALTER TABLE foo ADD CONSTRAINT by_hand EXCLUDE (n WITH =) WHERE (m = 1)",
        "(1, 1), (2, 1), (3, 1), (4, 2)",
        "n / 2",
        "2 rows of foo would be in conflict by the exclusion constraint by_hand: '1', '1'",
    ),
    "an exclusion by another operator": (
        "ALTER TABLE foo ADD CONSTRAINT by_hand EXCLUDE USING gist (int8range(n, n + 2) WITH &&)",
        "(1, 1), (4, 1), (20, 1)",
        "n / 3",
        "2 rows of foo would be in conflict by the exclusion constraint by_hand: '[0,2)', '[1,3)'",
    ),
}


@cases("by_hand, rows, using, says", ALIKE, quick=3)
@cases("renamed", {"by its name": False, "by another name": True}, quick=1)
def test_values_that_become_alike_are_counted_for_what_is_made_by_hand(
    migrate, query, by_hand, rows, using, says, renamed
) -> None:
    before = entity("Foo", "n = Optional(int)", "m = Required(int)")
    after = entity("Foo", "n = Optional(int, size=64)", "m = Required(int)")
    if "text" in using:
        after = after.replace("int, size=64", "str, nullable=True")
    unmanaged = ("by_hand",)
    migrate(before)
    query(by_hand)
    query(f"INSERT INTO foo (n, m) VALUES {rows}")
    options = {"usings": [f"foo.n={using}"]}
    if renamed:
        after = after.replace("n = ", "k = ", 1)
        using = re.sub(r"\bn\b", "k", using)
        options = {"usings": [f"foo.k={using}"], "renames": ["foo.n=k"]}
    with pytest.raises(MigrationError) as caught:
        migrate(after, unmanaged=unmanaged, allow_data_loss=True, **options)
    assert says in caught.value.message + "."


def test_what_fits_an_index_by_hand_is_not_refused(migrate, query) -> None:
    migrate(entity("Foo", "n = Required(int)"))
    query("CREATE UNIQUE INDEX by_hand ON foo ((n % 10)) WHERE n < 100")
    query("INSERT INTO foo (n) VALUES (1), (2), (101)")
    outcome = migrate(
        entity("Foo", "n = Required(int, size=64)"),
        unmanaged=("by_hand",),
        usings=["foo.n=n + 1"],
        allow_data_loss=True,
    )
    assert outcome.written is not None


def test_number_keys_become_strings_with_all_that_refers_to_them(migrate, query) -> None:
    """Their foreign keys are dropped first, although a number of a limited length may be cut."""
    migrate(network("int"))
    query("INSERT INTO node (name) VALUES ('a'); INSERT INTO node (name, parent) VALUES ('b', 1)")
    after = network("int").replace("id = PrimaryKey(int, auto=True)", "id = PrimaryKey(str, 30)")
    assert migrate(after, allow_data_loss=True).written is not None


VALUES = {
    "boolean": "true",
    "smallint": "1",
    "integer": "20240101",
    "bigint": "1",
    "numeric": "1.5",
    "real": "1.5",
    "double precision": "1.5",
    "uuid": "gen_random_uuid()",
    "bytea": "'ab'",
    "date": "'2024-01-01'",
    "time without time zone": "'12:00'",
    "time with time zone": "'12:00'",
    "timestamp without time zone": "'2024-01-01'",
    "timestamp with time zone": "'2024-01-01'",
    "interval": "'1 day'",
    "integer[]": "'{1}'",
    "text[]": "'{a}'",
}


@pytest.mark.slow
def test_what_has_no_counterpart_never_gets_one(query) -> None:
    """Of two types that no value leads between, a column may change when it holds none."""
    tried = 0
    for before, value in VALUES.items():
        for after in VALUES:
            if cast("v", before, after) is None:
                tried += 1
                using = nothing("v", after)
                change = f"DROP TABLE IF EXISTS t; CREATE TABLE t (v {before}); INSERT INTO t {{}};"
                change += f"ALTER TABLE t ALTER v TYPE {after} USING {using}; SELECT v FROM t"
                assert query(change.format("VALUES (NULL)")) == [(None,)]
                with pytest.raises(psycopg2.DataError):
                    query(change.format(f"VALUES ({value})"))
    assert tried > 100
