"""What the rules find in a file besides queries: SQL, datetimes, comments, facts for others."""

import pytest

from berceau.lint.source import examine

BUILT = {
    "an f-string": 'db.select(f"SELECT * FROM post WHERE title = {title}")',
    "an operator": "db.execute(\"DELETE FROM post WHERE title = '%s'\" % title)",
    "a sum": 'db.select("SELECT 1 WHERE " + where)',
    "a longer sum": 'db.get("SELECT 1 WHERE " + "a = " + where + " AND b")',
    "a format": 'db.exists("SELECT 1 WHERE {}".format(where))',
    "a join": 'db.select(" AND ".join(wheres))',
    "raw SQL": 'select(p for p in Post if raw_sql(f"p.n = {x}"))',
    "an entity's SQL": 'Post.select_by_sql(f"SELECT * FROM post LIMIT {n}")',
    "a keyword": 'db.execute(sql=f"SELECT {n}")',
    "a query as text": "select(\"p for p in Post if p.title == '%s'\" % title)",
}
CONSTANT = [
    'db.select("SELECT * FROM post WHERE title = $title")',
    'db.select("SELECT * " "FROM post")',
    'db.select("SELECT * " + "FROM post")',
    'db.select(f"SELECT * FROM post")',
    "db.select(SQL)",
    'shop.select(f"{x}")',
    'print(f"SELECT {x}")',
    'select("p for p in Post if p.title == title")',
]
DB = "from berceau.orm import db\n"


@pytest.mark.parametrize("text", BUILT.values(), ids=BUILT)
def test_sql_built_from_strings_is_found(codes, text) -> None:
    assert codes(DB + text) == ["L501"]


@pytest.mark.parametrize("text", CONSTANT)
def test_constant_sql_passes(codes, text) -> None:
    assert codes(DB + text) == []


def test_sql_is_followed_through_variables_of_the_function(faults) -> None:
    text = """
    from berceau.orm import db

    def find(title):
        sql = "SELECT * FROM post"
        if title:
            sql += " WHERE title = " + title
        return db.select(sql)

    def count():
        sql = "SELECT count(*) FROM post"
        return db.get(sql)
    """
    assert [(line, code) for line, code, _ in faults(text)] == [(8, "L501")]


NAIVE = [
    "datetime.datetime.now()",
    "datetime.datetime.now(None)",
    "datetime.datetime.now(tz=None)",
    "datetime.datetime.utcnow()",
    "datetime.datetime.today()",
    "datetime.datetime.fromtimestamp(0)",
    "datetime.datetime(2024, 1, 1)",
]
AWARE = [
    "datetime.datetime.now(timezone.utc)",
    "datetime.datetime.now(tz=timezone.utc)",
    "datetime.datetime.fromtimestamp(0, timezone.utc)",
    "datetime.datetime(2024, 1, 1, tzinfo=timezone.utc)",
    "datetime.datetime(2024, 1, 1).replace(tzinfo=timezone.utc)",
    "datetime.datetime.now().astimezone()",
    "datetime.datetime(*parts)",
    "date.today()",
    "clock.now()",
]


@pytest.mark.parametrize("text", NAIVE)
def test_naive_datetimes_are_found(codes, text) -> None:
    assert codes(f"x = {text}") == ["L402"]
    assert codes(f"at = Required(datetime.datetime, default=lambda: {text})") == ["L401"]
    assert codes(f"Post.select(lambda p: p.at < {text})") == ["L401"]


@pytest.mark.parametrize("name", ["now", "utcnow", "today"])
def test_a_naive_function_as_a_default_is_found(codes, name) -> None:
    assert codes(f"at = Required(datetime.datetime, default=datetime.datetime.{name})") == ["L401"]


@pytest.mark.parametrize("text", AWARE)
def test_aware_datetimes_pass(codes, text) -> None:
    assert codes(f"x = {text}") == []


@pytest.mark.parametrize(
    "text",
    [
        "rows.filter(lambda row: 1 < row.n < 3)",
        "select(row for row in rows if 1 < row.n < 3)",
        "max(row for row in rows if 1 < row < 3)",
        "sorted(rows, key=lambda row: 1 < row < 3)",
    ],
)
def test_without_pony_nothing_is_a_query(text) -> None:
    assert examine(f"from mine import select\n{text}".encode()).faults == []


def test_an_aggregate_is_a_query_over_entities_only(codes) -> None:
    assert codes("max(p.n for p in Post if 1 < p.n < 3)") == ["L601"]
    assert codes("sum(p.n for p in Post.select() if 1 < p.n < 3)") == ["L601"]
    assert codes("max(n for n in numbers if 1 < n < 3)") == []


def test_a_query_inside_another_is_looked_at_once(codes) -> None:
    assert codes("select(p for p in Post if exists(q for q in Post if 1 < q.n < 3))") == ["L601"]


def test_a_name_of_the_modules_own_is_no_function_of_python(codes) -> None:
    assert codes("def sorted(x): return x\nPost.select(lambda p: sorted(p.title) == 'a')") == []


@pytest.mark.parametrize("source", [b"def broken(:", b"x = '\\0\0'", b"\xff", b""])
def test_a_file_that_does_not_parse_is_left_to_its_import(source) -> None:
    assert examine(source).faults == []


def test_what_others_need_is_noted() -> None:
    notes = examine(
        b"""
from pony.orm import Required, Set, select
from berceau.orm import db

class Post(db.Entity):
    title = Required(str)  # berceau: ignore[L302, L102]
    notes = Set("Note", cascade_delete=True)

def find(title):
    select(p for p in Post if p.title == title and p.n > 3)
    Post.select(lambda p: p.title == title).filter(lambda p: title != p.title)
    Post.get(title=title)
    Post.select().filter(n=3)
    {}.get(title, n=3)
"""
    )
    assert notes.declared == {
        "Post": (5, []),
        "Post.title": (6, []),
        "Post.notes": (7, ["cascade_delete"]),
    }
    assert notes.ignores == [(6, "L302"), (6, "L102")]
    assert notes.filters == [
        (10, "Post.n"),
        (10, "Post.title"),
        (11, "Post.title"),
        (12, "Post.title"),
        (13, "Post.n"),
    ]
