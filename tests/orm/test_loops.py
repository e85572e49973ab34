"""Loops that send queries, their lines, and that what is advised spares the queries."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from pony.orm import Database, LongStr, Optional, Required, Set, db_session

from berceau.lines import Lines
from berceau.orm.loops import Loops
from berceau.orm.statistics import Totals, totals, watching
from berceau.planner.shapes import shape_of_template

ROWS = 12
CODE = """\
from pony.orm import select

def counts(db, prefetch=()):
    return [author.posts.count() for author in db.Author.select().prefetch(*prefetch)]

def items(db, prefetch=()):
    for author in db.Author.select().prefetch(*prefetch):
        author.posts.is_empty()

def texts(db, prefetch=()):
    return [post.text for post in db.Post.select().prefetch(*prefetch)]

def gets(db):
    return [db.Author.get(name=f"author {number}") for number in range(12)]

def exists(db):
    return [db.Author.exists(name=f"author {number}") for number in range(12)]

def selects(db):
    for author in list(db.Author.select()):
        list(select(post for post in db.Post if post.author == author))

def collections(db):
    for author in list(db.Author.select()):
        list(author.posts.filter(lambda post: post.title == "a"))

def raw(db):
    for number in range(12):
        db.select(f"id FROM author WHERE id = {number}")
"""


@pytest.fixture(scope="module")
def shop(make_tables) -> Database:
    db = Database()

    class Author(db.Entity):
        name = Required(str)
        posts = Set("Post")

    class Post(db.Entity):
        title = Required(str)
        text = Optional(LongStr, lazy=True)
        author = Required(Author)

    make_tables(db)
    with db_session:
        for number in range(ROWS):
            Post(title="a", text="b", author=Author(name=f"author {number}"))
    return db


@pytest.fixture
def code(tmp_path) -> ModuleType:
    file = tmp_path / "components" / "code.py"
    file.parent.mkdir()
    file.write_text(CODE)
    spec = importlib.util.spec_from_file_location("code_of_a_component", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(code: ModuleType) -> Lines:
    folder = Path(code.__file__).parent
    return Lines(folder.parent, [folder])


def ran(function, *arguments) -> Totals:
    with db_session:
        before = totals()
        function(*arguments)
        return totals().since(before)


@pytest.mark.parametrize(
    ("name", "line", "cure"),
    [
        ("counts", 4, "Add .prefetch(Author.posts) to the query that reads the Author objects"),
        ("items", 8, "Add .prefetch(Author.posts) to the query that reads the Author objects"),
        ("texts", 11, "Add .prefetch(Post.text) to the query that leads to the Post objects."),
        (
            "gets",
            14,
            "Read the Author objects before the loop, in one query whose condition has `in`",
        ),
        (
            "exists",
            17,
            "Read the Author objects before the loop, in one query whose condition has `in`",
        ),
        (
            "selects",
            21,
            "Read the Post objects before the loop, in one query whose condition has `in`",
        ),
        (
            "collections",
            25,
            "Read the Post objects before the loop, in one query whose condition has `in`",
        ),
        ("raw", 29, "Send one query before the loop"),
    ],
)
def test_the_line_of_a_loop_is_found_with_its_cure(shop, code, name, line, cure) -> None:
    loops = Loops(lines(code), 10)
    with watching(lambda text, *_: loops.add(shape_of_template(text))), db_session:
        getattr(code, name)(shop)
    (loop,) = loops.found()
    assert (loop.line, loop.count) == (f"components/code.py:{line}", ROWS)
    assert loop.cure.startswith(cure)


def test_the_cure_spares_the_queries(shop, code) -> None:
    assert ran(code.counts, shop).queries == ROWS + 1
    assert ran(code.counts, shop, [shop.Author.posts]).queries == 2
    assert ran(code.items, shop).queries == ROWS + 1
    assert ran(code.items, shop, [shop.Author.posts]).queries == 2
    assert ran(code.texts, shop).queries == ROWS + 1
    assert ran(code.texts, shop, [shop.Post.text]).queries <= 2


def test_few_queries_and_those_of_other_code_are_no_loop(shop, code, tmp_path) -> None:
    elsewhere = Loops(Lines(tmp_path, [tmp_path / "other"]), 10)
    many = Loops(lines(code), ROWS)
    with watching(lambda text, *_: (elsewhere.add(text), many.add(text))), db_session:
        code.gets(shop)
    assert elsewhere.found() == many.found() == []


def test_rows_and_seconds_are_counted_and_listeners_told(shop) -> None:
    told = []
    with watching(lambda *each: told.append(each)), db_session:
        before = totals()
        shop.Author.select()[:5]
        with pytest.raises(Exception, match="nowhere"):
            shop.select("id FROM nowhere")
        found = totals().since(before)
    assert (found.queries, found.rows) == (2, 5)
    assert found.seconds > 0
    assert [rows for _, _, rows in told] == [5, 0]
    assert "LIMIT 5" in told[0][0]
