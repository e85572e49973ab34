"""Rows find their new place, in tables that change under them: options, SQL of one's own, keys."""

import pytest

from berceau.errors import MigrationError, StatementError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from tests.acceptance.entities import STATE, entity, network
from tests.conftest import cases

SUB = entity("Sub", "cat = Required(str)", "no = Required(int)", "PrimaryKey(cat, no)", "{}")
LEAF = entity("Leaf", "sub = Required(Sub)")
PERSON = entity("Person", "first = Required(str)", "last = Required(str)")

# Entities before, rows, entities after, options, a query, its result, and the result of the query
# on the way back: rows that come back as they were, or why they can't.
CASES = {
    "columns that go are filled into a new one": (
        PERSON,
        "INSERT INTO person (first, last) VALUES ('Ada', 'L')",
        entity("Person", "name = Required(str)"),
        {"backfills": ["person.name=first || ' ' || last"]},
        "SELECT name FROM person",
        [("Ada L",)],
        ("SELECT * FROM person", 'column "first" of relation "person" contains null values'),
    ),
    "columns that go, and what they get when they come back": (
        PERSON,
        "INSERT INTO person (first, last) VALUES ('Ada', 'L')",
        entity("Person", "name = Required(str)"),
        {
            "backfills": [
                "person.name=first || ' ' || last",
                "person.first=split_part(name, ' ', 1)",
                "person.last=split_part(name, ' ', 2)",
            ]
        },
        "SELECT name FROM person",
        [("Ada L",)],
        ("SELECT first, last FROM person", [("Ada", "L")]),
    ),
    "a value that another new value is made of": (
        PERSON,
        "INSERT INTO person (first, last) VALUES ('Ada', 'L')",
        entity("Person", "initials = Required(str)", "name = Required(str)"),
        {
            "backfills": [
                "person.name=first || ' ' || last",
                "person.initials=left(name, 1)",
                "person.first=name",
                "person.last=name",
            ]
        },
        "SELECT name, initials FROM person",
        [("Ada L", "A")],
        ("SELECT first FROM person", [("Ada L",)]),
    ),
    "many to many that becomes one to many": (
        entity("Alpha", "betas = Set('Beta')") + entity("Beta", "alphas = Set(Alpha)"),
        "INSERT INTO alpha VALUES (1), (2); INSERT INTO beta VALUES (5), (6); "
        "INSERT INTO alpha_beta VALUES (2, 5), (1, 6)",
        entity("Alpha", "betas = Set('Beta')") + entity("Beta", "alpha = Required(Alpha)"),
        {"backfills": ["beta.alpha=(SELECT x.alpha FROM alpha_beta x WHERE x.beta = beta.id)"]},
        "SELECT id, alpha FROM beta ORDER BY id",
        [(5, 2), (6, 1)],
        ("SELECT id FROM beta ORDER BY id", [(5,), (6,)]),
    ),
    "a key of two columns that becomes a number": (
        SUB.format("leaves = Set('Leaf')") + LEAF,
        "INSERT INTO sub VALUES ('a', 1), ('b', 2); "
        "INSERT INTO leaf (sub_cat, sub_no) VALUES ('b', 2), ('a', 1)",
        entity("Sub", "cat = Required(str)", "no = Required(int)", "leaves = Set('Leaf')").replace(
            "    leaves", "    composite_key(cat, no)\n    leaves"
        )
        + LEAF,
        {
            "backfills": [
                "leaf.sub=(SELECT s.id FROM sub s WHERE (s.cat, s.no) = (sub_cat, sub_no))",
                "leaf.sub_cat=(SELECT s.cat FROM sub s WHERE s.id = sub)",
                "leaf.sub_no=(SELECT s.no FROM sub s WHERE s.id = sub)",
            ]
        },
        "SELECT l.id, s.cat, s.no FROM leaf l JOIN sub s ON s.id = l.sub ORDER BY 1",
        [(1, "b", 2), (2, "a", 1)],
        ("SELECT id, sub_cat, sub_no FROM leaf ORDER BY 1", [(1, "b", 2), (2, "a", 1)]),
    ),
    "a value that is looked up where nothing changes": (
        PERSON + entity("Place", "name = Required(str)"),
        "INSERT INTO person (first, last) VALUES ('Ada', 'L'); "
        "INSERT INTO place (name) SELECT 'p' || n FROM generate_series(1, 150) n",
        PERSON.rstrip() + "\n    home = Required(str)\n" + entity("Place", "name = Required(str)"),
        {"backfills": ["person.home=(SELECT max(name) FROM place WHERE id > 140 AND id < 145)"]},
        "SELECT home FROM person",
        [("p144",)],
        ("SELECT first FROM person", [("Ada",)]),
    ),
    "no string that becomes no number": (
        entity("Foo", "r = Optional(str, 50)"),
        "INSERT INTO foo (r) VALUES (''), ('5')",
        entity("Foo", "r = Optional(int)"),
        {"usings": ["foo.r=nullif(r, '')::integer"]},
        "SELECT r FROM foo ORDER BY id",
        [(None,), (5,)],
        ("SELECT r FROM foo ORDER BY id", [("",), ("5",)]),
    ),
    "no string that becomes a number": (
        entity("Foo", "r = Optional(str, 50)"),
        "INSERT INTO foo (r) VALUES (''), ('5')",
        entity("Foo", "r = Required(int, unique=True)"),
        {"usings": ["foo.r=coalesce(nullif(r, '')::integer, 0)"]},
        "SELECT r FROM foo ORDER BY id",
        [(0,), (5,)],
        ("SELECT r FROM foo ORDER BY id", [("0",), ("5",)]),
    ),
    "a number that becomes words by another column": (
        entity("Foo", "n = Required(int)", "unit = Required(str)"),
        "INSERT INTO foo (n, unit) VALUES (3, 'm')",
        entity("Foo", "n = Required(str)"),
        {"usings": ["foo.n=n || ' ' || unit"], "backfills": ["foo.unit='?'"]},
        "SELECT n FROM foo",
        [("3 m",)],
        ("SELECT n FROM foo", 'invalid input syntax for type integer: "3 m"'),
    ),
    "strings that become values of an enum": (
        entity("Task", "state = Required(str)"),
        "INSERT INTO task (state) VALUES ('OPEN'), ('done'), ('')",
        STATE + entity("Task", "state = Required(State)"),
        {"labels": ["state.OPEN=open", 'state.""=done']},
        "SELECT state FROM task ORDER BY id",
        [("open",), ("done",), ("done",)],
        ("SELECT state FROM task ORDER BY id", [("open",), ("done",), ("done",)]),
    ),
    "a list of strings that becomes one of an enum": (
        entity("Task", "states = Required(StrArray, sql_default=\"'{}'\")"),
        "INSERT INTO task (states) VALUES ('{OPEN,done}'), ('{}')",
        STATE
        + entity("Task", "states = Required(str, sql_type='state[]')", "one = Optional(State)"),
        {"labels": ["state.OPEN=open"]},
        "SELECT states::text[] FROM task ORDER BY id",
        [(["open", "done"],), ([],)],
        ("SELECT states FROM task ORDER BY id", [(["open", "done"],), ([],)]),
    ),
    "no string that becomes no value of an enum": (
        entity("Task", "state = Optional(str)"),
        "INSERT INTO task (state) VALUES ('open'), ('')",
        STATE + entity("Task", "state = Optional(State)"),
        {"usings": ["task.state=nullif(state, '')::state"]},
        "SELECT state FROM task ORDER BY id",
        [("open",), (None,)],
        ("SELECT state FROM task ORDER BY id", [("open",), ("",)]),
    ),
    "a number that becomes a uuid, where there are none": (
        network("int"),
        "SELECT 1",
        network("uuid"),
        {},
        "SELECT count(*) FROM node",
        [(0,)],
        ("INSERT INTO node (name) VALUES ('n') RETURNING id", [(1,)]),
    ),
    "numbers that become uuids as they are mapped": (
        network("int"),
        "INSERT INTO node (name) VALUES ('a'); INSERT INTO node (name, parent) VALUES ('b', 1); "
        "INSERT INTO tag (label) VALUES ('t'); INSERT INTO node_tag VALUES (2, 1); "
        "INSERT INTO node_friends VALUES (1, 2), (2, 1)",
        network("uuid"),
        {
            "usings": [
                f"{column}=lpad(to_hex({column.partition('.')[2]}), 32, '0')::uuid"
                for column in (
                    *("node.id", "node.parent", "tag.id", "node_tag.node", "node_tag.tag"),
                    *("node_friends.node", "node_friends.node_2"),
                )
            ]
        },
        "SELECT c.name, p.name, t.label FROM node c JOIN node p ON p.id = c.parent "
        "JOIN node_tag l ON l.node = c.id JOIN tag t ON t.id = l.tag "
        "JOIN node_friends f ON (f.node, f.node_2) = (c.id, p.id)",
        [("b", "a", "t")],
        ("SELECT id FROM node", 'invalid input syntax for type integer: "00000000-0000-0000-'),
    ),
    "a day that becomes a number, where there is none": (
        entity("Foo", "d = Optional(date)"),
        "INSERT INTO foo (d) VALUES (NULL)",
        entity("Foo", "d = Optional(int)"),
        {},
        "SELECT d FROM foo",
        [(None,)],
        ("SELECT d FROM foo", [(None,)]),
    ),
}


@cases("before, rows, after, options, shown, values, back", CASES, quick=3)
def test_rows_come_along(
    migrate, query, settings, database, before, rows, after, options, shown, values, back
) -> None:
    migrate(before)
    query(rows)
    outcome = migrate(after, allow_data_loss=True, **options)
    assert query(shown) == values
    assert migrate(after).written is None
    undo = (settings.migrations / outcome.written / "down.sql").read_text()
    again, expected = back
    if isinstance(expected, str):
        assert "Validated without rows only" in undo
        with pytest.raises(StatementError, match=expected):
            down(
                database.migration_url,
                migration_directory.read(settings.migrations),
                allow_data_loss=True,
            )
    else:
        assert "Validated without rows only" not in undo
        down(
            database.migration_url,
            migration_directory.read(settings.migrations),
            allow_data_loss=True,
        )
        assert query(again) == expected


@cases("sql", ["1; DROP TABLE foo", "'1", "1;", "1 -- one"], quick=2)
@pytest.mark.parametrize("option", ["using", "backfill"])
def test_what_rows_get_is_one_expression(migrate, query, option, sql) -> None:
    migrate(entity("Foo", "r = Optional(str)"))
    query("INSERT INTO foo (r) VALUES ('')")
    after = {"using": "r = Optional(int)", "backfill": "r = Optional(str)\n    n = Required(int)"}
    column = {"using": "foo.r", "backfill": "foo.n"}[option]
    with pytest.raises(MigrationError, match=f"--{option} {column} isn't a single expression"):
        migrate(entity("Foo", after[option]), **{f"{option}s": [f"{column}={sql}"]})
