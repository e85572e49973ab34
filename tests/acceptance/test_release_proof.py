"""What a migration would do to the release that still runs: seen in the copy, and refused."""

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.workflows.compatibility.witness import UNSEEN
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.migrate import Options, migrate
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner
from tests.conftest import Project, cases

pytestmark = pytest.mark.slow

POST = "class Post(db.Entity):\n    title = Required(str)\n"
PRICE = POST + "    price = Optional(int)\n"
COLOR = "class Color(enum.StrEnum):\n    RED = 'red'\n{}class Box(db.Entity):\n    color = {}\n"

SEEN = {
    "an optional attribute": (POST, PRICE, ""),
    "one with a value": (POST, POST + "    n = Required(int, sql_default='1')\n", ""),
    "one without": (
        POST,
        POST + "    n = Optional(str)\n",
        "Post.n: INSERT: there has to be a value, and it gives none (PostgreSQL: "
        'null value in column "n" of relation "post" violates not-null constraint)',
    ),
    "another type": (
        PRICE,
        PRICE.replace("int", "str, nullable=True"),
        "Post.price: SELECT and INSERT and UPDATE: its values are integer, the column is text "
        "(PostgreSQL: operator does not exist: text = integer)",
    ),
    "a shorter text": (
        POST.replace("str", "str, 40"),
        POST.replace("str", "str, 20"),
        "Post.title: SELECT and INSERT and UPDATE: its values are character varying(40), "
        "the column is character varying(20) "
        "(PostgreSQL: value too long for type character varying(20))",
    ),
    "a subclass": (
        POST,
        POST + "class Essay(Post):\n    pages = Required(int)\n",
        "",
    ),
    "a relation that is required": (
        "class A(db.Entity):\n    bs = Set('B')\nclass B(db.Entity):\n    a = Optional(A)\n",
        "class A(db.Entity):\n    bs = Set('B')\nclass B(db.Entity):\n    a = Required(A)\n",
        "B.a: INSERT and UPDATE: there has to be a value, and it may give none (PostgreSQL: "
        'null value in column "a" of relation "b" violates not-null constraint)',
    ),
    "one default for all that has to be unique": (
        POST,
        POST + "    code = Required(int, unique=True, sql_default='1')\n",
        "Post.code: INSERT: each row would have the value 1, which has to be unique",
    ),
    "one of its own for each": (
        POST,
        POST + "    code = Required(UUID, unique=True, sql_default='gen_random_uuid()')\n",
        "",
    ),
    "a link table that is gone": (
        "class A(db.Entity):\n    bs = Set('B')\nclass B(db.Entity):\n    aa = Set(A)\n",
        "class A(db.Entity):\n    n = Optional(int)\nclass B(db.Entity):\n    pass\n",
        "A.bs: SELECT and INSERT and UPDATE and DELETE: the table a_b isn't there "
        '(PostgreSQL: relation "a_b" does not exist)',
    ),
    "a label that is gone": (
        COLOR.format("    BLUE = 'blue'\n", "Required(Color)"),
        COLOR.format("", "Required(Color)"),
        "Box.color: INSERT and UPDATE: the type color doesn't have 'blue' "
        '(PostgreSQL: invalid input value for enum color: "blue")',
    ),
}


@pytest.fixture
def planned(declare, server, generated, cache) -> Callable[..., Plan]:
    """Return a function that plans a change while a release runs, in the schema of migrations."""

    def planned(before: str, after: str, by_hand: str = "") -> Plan:
        release = declare(before)
        sql = to_text(to_statements(order(create(release)))) + by_hand
        decisions = Decisions(find_running=lambda: release)
        return Planner(server.migration_url, [generated(sql)], cache, decisions).plan(
            declare(after)
        )

    return planned


@cases("before, after, expected", SEEN, quick=4)
def test_the_proof_names_what_fails(planned, before, after, expected) -> None:
    verdict = planned(before, after).verdict
    assert "\n".join(map(str, verdict.misfits)) == expected


def test_what_was_made_by_hand_counts(planned) -> None:
    """A check of the database that was there before is no fault of the change."""
    by_hand = "ALTER TABLE post ADD CHECK (length(title) < 9);"
    found = planned(POST, PRICE, by_hand)
    assert found.verdict.misfits == ()


def test_what_rows_may_bring_is_told_and_refuses_nothing(planned) -> None:
    found = planned(PRICE.replace("Optional(int)", "Required(int)"), PRICE)
    assert list(map(str, found.verdict.surprises)) == [
        "Post.price: SELECT: rows may have no value there"
    ]


def test_what_has_to_be_unique_is_told_to_who_does_not_know_it(planned) -> None:
    found = planned(PRICE, PRICE.replace("Optional(int)", "Optional(int, unique=True)"))
    assert found.verdict.misfits == ()
    assert list(map(str, found.verdict.surprises)) == [
        "Post.price: INSERT and UPDATE: no two rows may have the same price"
    ]
    both = "class Post(db.Entity):\n    a = Required(int)\n    b = Required(int)\n{}"
    of_two = both.format("    composite_key(a, b)\n")
    assert planned(of_two, both.format("")).verdict.surprises == ()
    assert planned(of_two.replace("(int)", "(int, unique=True)", 1), of_two).verdict == UNSEEN
    found = planned(both.format(""), of_two)
    assert list(map(str, found.verdict.surprises)) == [
        "Post.a: INSERT and UPDATE: no two rows may have the same a, b"
    ]


@pytest.fixture
def served(connected: Project) -> Project:
    """A project in git whose release runs meanwhile, with a migrated database."""
    connected.environment["BERCEAU_ALLOW_DOWNTIME"] = "false"
    connected.write(".gitignore", ".berceau/\n__pycache__/\n")
    connected.component("blog", PRICE)
    connected.succeed("migrate", "--name", "init")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "--initial-branch=main"], ["add", "-A"], ["commit", "-m", "one"]):
        subprocess.run(
            ["git", *identity, *command], cwd=connected.root, check=True, capture_output=True
        )
    return connected


def test_a_change_that_breaks_the_running_release_is_refused(served, query) -> None:
    query("INSERT INTO post (title, price) VALUES ('a', 1)")
    served.component("blog", PRICE.replace("int", "str, nullable=True"))
    before = served.files()
    said = served.fail("migrate", "--no-input")
    assert "The running release main (" in said
    assert (
        "    Post.price: SELECT and INSERT and UPDATE: its values are integer, the column is text "
        "(PostgreSQL: operator does not exist: text = integer)\n" in said
    )
    assert "column='price_new', and --rename post.price=price_new" in said
    assert "add --allow-downtime" in said
    migrations = {name for name in before if name.startswith("migrations")}
    assert {name for name in served.files() if name.startswith("migrations")} == migrations
    diff = served.succeed("migrate.diff")
    assert "-- breaks the running release\n" in diff
    assert "-- the running release main (" in diff
    assert "breaks" not in served.succeed("migrate.diff", "--allow-downtime")
    served.succeed("migrate", "--no-input", "--allow-downtime")
    assert query("SELECT price FROM post") == [("1",)]


def test_what_does_not_break_it_is_applied(served, query) -> None:
    served.component("blog", PRICE + "    note = Optional(str)\n")
    served.succeed("migrate", "--no-input")
    query("INSERT INTO post (title, price) VALUES ('a', 1)")
    assert "breaks" not in served.succeed("migrate.diff")


def test_what_sql_by_hand_made_is_not_tried_as_the_releases_own(settings, declare, write) -> None:
    """Where the release is what the migrations make: what is computed, and tables without a key."""
    settings = replace(settings, allow_downtime=False)
    migrate(settings, declare(PRICE), Options())
    by_hand = "ALTER TABLE post ADD twice int GENERATED ALWAYS AS (price * 2) STORED;\n"
    by_hand += "CREATE TABLE seen (post int REFERENCES post, UNIQUE NULLS NOT DISTINCT (post));\n"
    write("29990101000000_by_hand", by_hand)
    article = declare(PRICE.replace("Post", "Article"))
    assert migrate(settings, article, Options(renames=["post=article"], expand=True)).written
