"""Rows are respected: each change of entities on tables that hold some, as a table."""

import pytest

from berceau.errors import MigrationError
from berceau.postgres.core.connection import connect
from berceau.schema.sql import Statement, to_statements
from berceau.tasks.questions import ask_value
from berceau.workflows.write import plan
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run_migrate
from berceau.workflows.write.renames import decline
from tests.conftest import cases

AUTHOR = "class Author(db.Entity):\n    name = Required(str)\n    posts = Set('Post')\n"


def post(*attributes: str) -> str:
    return "\n    ".join(("class Post(db.Entity):", "title = Required(str)", *attributes)) + "\n"


BASE = post("n = Optional(int)")
ROWS = "INSERT INTO post (title, n) VALUES ('One', 1), ('Two', NULL)"

# Entities after, options, and the rows of the new or changed column afterwards.
FILLED = {
    "an optional string": (post("s = Optional(str)", "n = Optional(int)"), {}, "s", ["", ""]),
    "optional JSON": (post("s = Optional(Json)", "n = Optional(int)"), {}, "s", ["{}", "{}"]),
    "an optional array": (post("s = Optional(IntArray)", "n = Optional(int)"), {}, "s", [[], []]),
    "a default in Python": (
        post("s = Required(bool, default=True)", "n = Optional(int)"),
        {},
        "s",
        [True, True],
    ),
    "a default with quotes": (
        post('s = Required(str, default="it\'s")', "n = Optional(int)"),
        {},
        "s",
        ["it's"] * 2,
    ),
    "a default in the database": (
        post("s = Required(int, sql_default='7')", "n = Optional(int)"),
        {},
        "s",
        [7, 7],
    ),
    "a constant chosen": (
        post("s = Required(str)", "n = Optional(int)"),
        {"backfills": ["post.s='x'"]},
        "s",
        ["x", "x"],
    ),
    "an expression chosen": (
        post("s = Required(str, unique=True)", "n = Optional(int)"),
        {"backfills": ["post.s=lower(title) || '=' || id"]},
        "s",
        ["one=1", "two=2"],
    ),
    "a choice over a default": (
        post("s = Required(int, default=1)", "n = Optional(int)"),
        {"backfills": ["post.s=id * 2"]},
        "s",
        [2, 4],
    ),
    "a choice over a database default": (
        post("s = Required(int, sql_default='1')", "n = Optional(int)"),
        {"backfills": ["post.s=id * 2"]},
        "s",
        [2, 4],
    ),
    "a choice for an optional column": (
        post("s = Optional(int)", "n = Optional(int)"),
        {"backfills": ["post.s=5"]},
        "s",
        [5, 5],
    ),
    "required from now on": (
        post("n = Required(int)"),
        {"backfills": ["post.n=-id"]},
        "n",
        [1, -2],
    ),
    "required, with a default": (post("n = Required(int, default=9)"), {}, "n", [1, 9]),
    "required, with a database default": (
        post("n = Required(int, sql_default='8')"),
        {},
        "n",
        [1, 8],
    ),
    "required, of another type": (
        post("n = Required(str)"),
        {"backfills": ["post.n='none'"]},
        "n",
        ["1", "none"],
    ),
    "a new enum": (
        "class S(enum.Enum):\n    A = 'a'\n    B = 'b'\n"
        + post("s = Required(S, default=S.B)", "n = Optional(int)"),
        {},
        "s",
        ["b", "b"],
    ),
    "a reference": (
        AUTHOR + post("s = Optional(Author, column='s', reverse='posts')", "n = Optional(int)"),
        {},
        "s",
        [None, None],
    ),
}


@cases("after, options, column, values", FILLED, quick=5)
def test_rows_get_what_they_lack(migrate, query, after, options, column, values) -> None:
    migrate(BASE)
    query(ROWS)
    migrate(after, **options)
    assert [value for (value,) in query(f"SELECT {column} FROM post ORDER BY id")] == values
    assert query("SELECT title FROM post ORDER BY id") == [("One",), ("Two",)]
    assert migrate(after).written is None


# Entities after, and what the refusal says.
REFUSED = {
    "a required column": (
        post("s = Required(str)", "n = Optional(int)"),
        ["column post.s is required, but post has 2 rows without a value", "--backfill post.s=SQL"],
    ),
    "two required columns": (
        post("s = Required(str)", "t = Required(bool)", "n = Optional(int)"),
        ["post.s", "post.t", "--backfill post.s=SQL --backfill post.t=SQL"],
    ),
    "a required reference": (
        AUTHOR + post("author = Required(Author)", "n = Optional(int)"),
        ["--backfill post.author=SQL"],
    ),
    "required from now on": (
        post("n = Required(int)"),
        ["column post.n is required, but post has 1 row without", "--backfill post.n=SQL"],
    ),
    "a number of words": (
        BASE.replace("title = Required(str)", "title = Required(int)"),
        ["post.title can't be integer in 2 rows: 'One', 'Two'"],
    ),
    "a string too short": (
        BASE.replace("title = Required(str)", "title = Required(str, 2)"),
        ["post.title can't be character varying(2) in 2 rows: 'One', 'Two'"],
    ),
    "a key that is nowhere": (
        AUTHOR + post("n = Optional(Author, column='n', reverse='posts')"),
        ["n of 1 row of post refers to no row of author: '1'"],
    ),
}


@cases("after, says", REFUSED, quick=4)
def test_what_rows_lack_is_refused_with_the_option_that_settles_it(
    migrate, query, after, says
) -> None:
    first = migrate(BASE)
    query(ROWS)
    with pytest.raises(MigrationError) as caught:
        migrate(after)
    for each in says:
        assert each in str(caught.value)
    assert "Nothing was written" in caught.value.cure
    assert migrate(BASE).written is None, first


def test_a_unique_column_shows_its_duplicates(migrate, query) -> None:
    migrate(BASE)
    query("INSERT INTO post (title) SELECT 't' || i % 5 FROM generate_series(1, 12) i")
    with pytest.raises(MigrationError) as caught:
        migrate(post("n = Optional(int)").replace("str", "str, unique=True"))
    assert caught.value.message == (
        "title of post must be unique, but there is 't1' 3 times, 't2' 3 times, 't0' 2 times "
        "and 2 more."
    )


def test_values_are_asked_for_where_somebody_is_there(
    settings, declare, query, monkeypatch, capsys
) -> None:
    """Enter gives the change up; SQL, or a label of those there are, goes into the migration."""

    def migrate(entities: str) -> None:
        run_migrate(settings, declare(entities), Options(), ask=decline, ask_value=ask_value)

    answers = iter(["", "upper(title)", "b"])
    monkeypatch.setattr("builtins.input", lambda prompt: (print(prompt), next(answers))[1])
    labels = "class S(enum.Enum):\n    A = 'a'\n    B = 'b'\n"
    migrate(labels + post("e = Optional(S)"))
    query("INSERT INTO post (title, e) VALUES ('One', 'a')")
    after = labels.replace("    A = 'a'\n", "") + post("e = Optional(S)", "s = Required(str)")
    with pytest.raises(MigrationError, match=r"post\.s is required"):
        migrate(labels + post("e = Optional(S)", "s = Required(str)"))
    migrate(labels + post("e = Optional(S)", "s = Required(str)"))
    migrate(after)
    assert query("SELECT title, e, s FROM post") == [("One", "b", "ONE")]
    printed = capsys.readouterr().out
    assert "The column post.s is required, but post has 1 row without a value for it." in printed
    assert "Their value (SQL): " in printed
    assert "The enum s loses 'a', which 1 row holds." in printed
    assert "Their value (b): " in printed


@pytest.mark.parametrize("filled", [True, False])
def test_a_plan_that_changes_other_rows_is_found_out(migrate, query, monkeypatch, filled) -> None:
    def careless(changes) -> tuple[Statement, ...]:
        return (*to_statements(changes), Statement("UPDATE post SET title = 'lost'"))

    migrate(BASE)
    if filled:
        query(ROWS)
    monkeypatch.setattr(plan, "to_statements", careless)
    with pytest.raises(MigrationError, match="changes rows of post that must not change"):
        migrate(post("n = Optional(int)", "s = Optional(int)"))


@pytest.mark.parametrize("after", ["", post()])
def test_what_a_view_uses_stays(migrate, query, after) -> None:
    migrate(BASE)
    query("CREATE VIEW seen AS SELECT n FROM post")
    with pytest.raises(
        MigrationError,
        match=r"the (column post.n|table post), which is dropped, is used by view seen",
    ):
        migrate(after, allow_data_loss=True)
    query("DROP VIEW seen")
    migrate(after, allow_data_loss=True)


def test_what_rows_keep_from_being_undone_is_said_in_the_file(migrate, query, settings) -> None:
    migrate(BASE)
    query(ROWS)
    written = migrate(post(), allow_data_loss=True).written
    assert (
        "Validated without rows only"
        not in (settings.migrations / written / "down.sql").read_text()
    )
    migrate(BASE.replace("Optional(int)", "Required(int)"), backfills=["post.n=1"])
    written = migrate(post(), allow_data_loss=True).written
    down = (settings.migrations / written / "down.sql").read_text()
    assert "Validated without rows only" in down
    assert 'column "n" of relation "post" contains null values' in down


@pytest.mark.parametrize("text", ["post.s", "s=1", "post=1", "post.s="])
def test_a_choice_that_cannot_be_read(migrate, text) -> None:
    migrate(BASE)
    with pytest.raises(MigrationError, match="can't be read"):
        migrate(post(), backfills=[text])


@pytest.mark.parametrize("text", ["post.t=1", "posts.s=1", "post.title=1"])
def test_a_choice_that_nothing_asks_for(migrate, text) -> None:
    migrate(BASE)
    with pytest.raises(MigrationError, match="No change needs a value for"):
        migrate(post("s = Required(int)", "n = Optional(int)"), backfills=[text])


def test_a_backfill_that_gives_nothing_is_refused(migrate, query) -> None:
    first = migrate(BASE).written
    query(ROWS)
    with pytest.raises(MigrationError) as caught:
        migrate(post("s = Required(int)", "n = Optional(int)"), backfills=["post.s=n"])
    assert "Nothing was written" in caught.value.cure
    assert first


def test_the_proof_reads_the_database_only(migrate, query, database) -> None:
    """Rows come along with those that they refer to, also to themselves and in circles."""
    entities = """
class Author(db.Entity):
    name = Required(str)
    best = Optional('Post', reverse='best_of')
    posts = Set('Post', reverse='author')
class Post(db.Entity):
    title = Required(str)
    author = Required(Author, reverse='posts')
    best_of = Optional(Author, reverse='best')
    parent = Optional('Post', reverse='replies')
    replies = Set('Post', reverse='parent')
"""
    migrate(entities)
    query(
        "INSERT INTO author (name) SELECT 'a' || i FROM generate_series(1, 500) i;"
        "INSERT INTO post (title, author, parent) "
        "SELECT 'p' || i, i, nullif(i - 1, 0) FROM generate_series(1, 500) i;"
        "UPDATE author SET best = 501 - id"
    )
    migrate(entities.replace("str)", "str)\n    s = Optional(str)", 2))
    with connect(database.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*), min(s), max(s), count(parent) FROM post")
        assert cursor.fetchall() == [(500, "", "", 499)]
        cursor.execute("SELECT count(*), count(best) FROM author")
        assert cursor.fetchall() == [(500, 500)]
