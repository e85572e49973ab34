"""Enums for life: labels come, go and move while rows, defaults, arrays and views use them."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from berceau.errors import MigrationError
from berceau.migration.migration import Migration
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import runner
from berceau.schema.choices import Choices
from berceau.schema.diff import create, diff
from berceau.schema.lowering import in_steps
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.workflows.deploy.replay import as_postgres_sees
from tests.conftest import cases

POST = """
class Status(enum.Enum):
    {labels}
class Post(db.Entity):
    title = Required(str)
    status = Required(Status, sql_default="'A'")
    past = Optional(str, sql_type="status[]", nullable=True, sql_default="'{{A}}'")
    index = composite_index(status, title)
"""


def post(labels: str) -> str:
    return POST.format(labels="; ".join(f"{label} = '{label}'" for label in labels))


LABELS = "SELECT enum_range(NULL::status)::text"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("AB", "ABC"),
        ("AC", "BAC"),
        ("ABC", "CBA"),
        ("ABC", "AB"),
        ("ABC", "DAB"),
    ],
)
def test_labels_come_go_and_move(migrate, query, before, after) -> None:
    migrate(post(before))
    query("INSERT INTO post (title, status, past) VALUES ('x', 'A', '{A,A}')")
    migrate(post(after))
    assert query(LABELS) == [("{" + ",".join(after) + "}",)]
    query("INSERT INTO post (title) VALUES ('y')")
    assert query("SELECT title, status, past FROM post ORDER BY id") == [
        ("x", "A", "{A,A}"),
        ("y", "A", "{A}"),
    ]
    assert migrate(post(after)).written is None


def test_a_new_label_can_be_the_default_at_once(migrate, query) -> None:
    migrate(post("AB"))
    query("INSERT INTO post (title, status) VALUES ('x', 'A')")
    after = post("ABC").replace("sql_default=\"'A'\"", "sql_default=\"'C'\"")
    migrate(after)
    query("INSERT INTO post (title) VALUES ('y')")
    assert query("SELECT title, status FROM post ORDER BY id") == [("x", "A"), ("y", "C")]


USED = "INSERT INTO post (title, status, past) VALUES ('x', 'C', '{C,B,C}'), ('y', 'A', NULL)"

# Labels afterwards, options, and what the rows have then; or what the refusal says.
REMOVED = {
    "mapped": ("AB", {"labels": ["status.C=B"]}, [("B", "{B,B,B}"), ("A", None)]),
    "mapped to a new one": ("ABD", {"labels": ["status.C=D"]}, [("D", "{D,B,D}"), ("A", None)]),
    "mapped and moved": ("BA", {"labels": ["status.C=A"]}, [("A", "{A,B,A}"), ("A", None)]),
    "two mapped": ("A", {"labels": ["status.C=A", "status.B=A"]}, [("A", "{A,A,A}"), ("A", None)]),
    "in use": ("AB", {}, ["loses 'C', which 2 rows hold", "--map-value status.C=NEW"]),
    "two in use": ("A", {}, ["loses 'B', which 1 row holds", "--map-value status.B=NEW --map-"]),
    "mapped to none": ("AB", {"labels": ["status.C=D"]}, ["'D' isn't a label", "one of: A, B"]),
    "another label": ("AB", {"labels": ["status.X=A"]}, ["needs a value for status.X"]),
    "no pair": ("AB", {"labels": ["status=A"]}, ["--map-value status=A can't be read"]),
}


@cases("after, options, expected", REMOVED, quick=3)
def test_rows_follow_a_label_that_goes(migrate, query, after, options, expected) -> None:
    migrate(post("ABC"))
    query(USED)
    if isinstance(expected[0], str):
        with pytest.raises(MigrationError) as caught:
            migrate(post(after), **options)
        assert all(each in str(caught.value) for each in expected), str(caught.value)
        assert query(LABELS) == [("{A,B,C}",)]
    else:
        migrate(post(after), **options)
        assert query("SELECT status, past FROM post ORDER BY id") == expected


KEYED = """
class Kind(enum.Enum):
    {labels}
class Shelf(db.Entity):
    kind = PrimaryKey(Kind)
    books = Set('Book')
class Book(db.Entity):
    shelf = Required(Shelf)
    kinds = Set('Other')
class Other(db.Entity):
    kind = Required(Kind, unique=True)
    book = Required(Book)
"""


def test_keys_and_what_points_at_them_follow(migrate, query) -> None:
    migrate(KEYED.format(labels="A = 'A'; B = 'B'; C = 'C'"))
    query(
        "INSERT INTO shelf VALUES ('A'), ('B'); INSERT INTO book (shelf) VALUES ('B'), ('A');"
        "INSERT INTO other (kind, book) VALUES ('B', 1)"
    )
    after = KEYED.format(labels="D = 'D'; B = 'B'; A = 'A'")
    migrate(after, labels=["kind.C=D"])
    assert query("SELECT kind FROM shelf ORDER BY kind") == [("B",), ("A",)]
    assert query("SELECT shelf FROM book ORDER BY id") == [("B",), ("A",)]
    query("DELETE FROM shelf WHERE kind = 'B'")
    assert query("SELECT count(*) FROM other") == [(0,)]
    assert migrate(after).written is None


VIEWS = """
CREATE VIEW a AS SELECT id, status, title AS "Title" FROM post WHERE status <> 'B';
COMMENT ON VIEW a IS 'it''s a';
COMMENT ON COLUMN a."Title" IS 'named';
CREATE MATERIALIZED VIEW b AS SELECT status, count(*) FROM a GROUP BY status;
CREATE UNIQUE INDEX b_status ON b (status);
CREATE VIEW "C" WITH (security_barrier=true) AS SELECT a.id, b.count FROM a JOIN b USING (status);
CREATE MATERIALIZED VIEW d AS SELECT * FROM "C" WITH NO DATA;
CREATE INDEX partial ON post (title) WHERE status = 'A';
ALTER TABLE post ADD CONSTRAINT sane CHECK (status <> 'B' OR id > 0);
GRANT SELECT ON a TO PUBLIC;
GRANT INSERT ON a TO berceau_app WITH GRANT OPTION;
GRANT UPDATE ("Title") ON a TO berceau_app;
REVOKE ALL ON "C" FROM berceau_app;
"""
EVERYTHING = """
SELECT c.relname, relkind, pg_get_viewdef(c.oid), relowner, relispopulated, reloptions,
       array(SELECT x::text FROM unnest(coalesce(relacl, acldefault('r', relowner))) x ORDER BY 1),
       obj_description(c.oid, 'pg_class'),
       array(SELECT attacl::text || col_description(attrelid, attnum) FROM pg_attribute
             WHERE attrelid = c.oid AND attnum > 0 ORDER BY attname),
       array(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid ORDER BY 1),
       array(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid ORDER BY 1)
FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('v', 'm', 'r')
  AND relname <> 'berceau_migration' ORDER BY 1
"""


@pytest.mark.parametrize(
    "after", [post("CBA"), post("AB").replace("title = Required(str)", "title = Required(str, 50)")]
)
def test_what_uses_a_column_stands_aside_and_returns(migrate, query, database, after) -> None:
    migrate(post("ABC"))
    query("INSERT INTO post (title, status) VALUES ('x', 'A'), ('y', 'B')")
    query(VIEWS.replace("berceau_app", database.runtime_url.user))
    before = query(EVERYTHING)
    assert len(before) == 5
    migrate(after)
    assert query(EVERYTHING) == before
    assert query('SELECT * FROM "C"') == [(1, 1)]
    query("DELETE FROM post")


EXAMPLES = int(os.environ.get("BERCEAU_TEST_EXAMPLES", "12"))
SOME_LABELS = st.lists(st.sampled_from("ABCDE"), min_size=1, unique=True)


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=set(Phase) - {Phase.explain},
)
@given(before=SOME_LABELS, after=SOME_LABELS, numbers=st.lists(st.integers(0, 4), max_size=6))
def test_rows_keep_their_labels_or_get_the_chosen_ones(
    server, declare, before, after, numbers
) -> None:
    plain = POST.replace(", sql_default=\"'A'\"", "").replace(", sql_default=\"'{{A}}'\"", "")
    old, new = (
        as_postgres_sees(
            server.migration_url,
            declare(plain.format(labels="; ".join(f"{label} = '{label}'" for label in labels))),
        )
        for labels in (before, after)
    )
    forth = {label: after[0] for label in before if label not in after}
    back = {label: before[0] for label in after if label not in before}
    rows = [before[number % len(before)] for number in numbers]
    with scratch(server.migration_url) as connection, connection.cursor() as cursor:
        execute_statements(connection, to_statements(order(create(old))))
        for label in rows:
            cursor.execute(
                "INSERT INTO post (title, status, past) VALUES ('', %s, ARRAY[%s]::status[])",
                (label, label),
            )
        for start, end, mapping in ((old, new, forth), (new, old, back)):
            choices = Choices(labels={("status", label): to for label, to in mapping.items()})
            steps = order(in_steps(diff(start, end), start, end, choices))
            runner.replay(connection, [Migration("steps", to_text(to_statements(steps)))])
            rows = [mapping.get(label, label) for label in rows]
            assert diff(catalog.read(connection), end) == ()
            cursor.execute("SELECT status::text, past[1]::text FROM post ORDER BY id")
            assert cursor.fetchall() == [(label, label) for label in rows]
