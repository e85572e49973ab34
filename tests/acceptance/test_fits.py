"""Whether a release runs on the schema of another: the verdict that needs no database."""

import pytest

from berceau.schema.release import fits
from berceau.schema.surprises import surprises
from tests.conftest import cases

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TWO = POST + "    subtitle = Optional(int)\n"
COLOR = "class Color(enum.StrEnum):\n    RED = 'red'\n{}class Box(db.Entity):\n    color = {}\n"
TAGS = """
class Post(db.Entity):
    tags = Set('Tag')
class Tag(db.Entity):
    posts = Set('Post')
"""

CASES = {
    "nothing": (POST, POST, ""),
    "a new table": (POST, POST + "class Tag(db.Entity):\n    name = Required(str)\n", ""),
    "a new optional attribute": (POST, TWO, ""),
    "a new required attribute": (
        POST,
        POST + "    featured = Required(bool)\n",
        "Post.featured: INSERT: there has to be a value, and it gives none",
    ),
    "a new optional text": (
        POST,
        POST + "    kicker = Optional(str)\n",
        "Post.kicker: INSERT: there has to be a value, and it gives none",
    ),
    "a new required attribute with a default": (
        POST,
        POST + "    featured = Required(bool, sql_default='false')\n",
        "",
    ),
    "an attribute that is gone": (
        TWO,
        POST,
        "Post.subtitle: SELECT and INSERT and UPDATE: the column post.subtitle isn't there",
    ),
    "an entity that is gone": (
        "class HTTPLog(db.Entity):\n    _table_ = 'logs'\n" + "    line = Required(str)\n",
        POST,
        "HTTPLog: SELECT and INSERT and UPDATE and DELETE: the table logs isn't there",
    ),
    "an attribute that is required now": (
        TWO,
        TWO.replace("subtitle = Optional", "subtitle = Required"),
        "Post.subtitle: INSERT and UPDATE: there has to be a value, and it may give none",
    ),
    "one that is required, and has a default": (
        TWO,
        POST + "    subtitle = Required(int, sql_default='1')\n",
        "Post.subtitle: UPDATE: there has to be a value, and it may give none",
    ),
    "a default that is gone": (
        POST + "    state = Required(int, sql_default='1')\n",
        POST + "    state = Required(int)\n",
        "Post.state: INSERT: there has to be a value, and it may give none",
    ),
    "a wider type": (TWO, TWO.replace("int", "int, size=64"), ""),
    "a narrower type": (
        TWO,
        TWO.replace("int", "int, size=16"),
        "Post.subtitle: SELECT and INSERT and UPDATE: "
        "its values are integer, the column is SMALLINT",
    ),
    "another type": (
        TWO,
        TWO.replace("int", "Decimal, 12, 2"),
        "Post.subtitle: SELECT and INSERT and UPDATE: its values are integer, "
        "the column is DECIMAL(12, 2)",
    ),
    "a longer text": (POST.replace("str", "str, 40"), POST.replace("str", "str, 50"), ""),
    "a label that is gone": (
        COLOR.format("    BLUE = 'blue'\n", "Required(Color)"),
        COLOR.format("", "Required(Color)"),
        "Box.color: INSERT and UPDATE: the type color doesn't have 'blue'",
    ),
    "a label that is new": (
        COLOR.format("", "Required(Color)"),
        COLOR.format("    BLUE = 'blue'\n", "Required(Color)"),
        "",
    ),
    "a text in place of an enum": (
        COLOR.format("", "Required(Color)\n    other = Required(Color)"),
        COLOR.format("", "Required(str, 3)\n    other = Required(Color)"),
        "",
    ),
    "a text that is too short for an enum": (
        COLOR.format("", "Required(Color)\n    other = Required(Color)"),
        COLOR.format("", "Required(str, 2)\n    other = Required(Color)"),
        "Box.color: SELECT and INSERT and UPDATE: its values are color, the column is VARCHAR(2)",
    ),
    "an enum in place of a text": (
        COLOR.format("", "Required(str)\n    other = Required(Color)"),
        COLOR.format("", "Required(Color)\n    other = Required(Color)"),
        "Box.color: SELECT and INSERT and UPDATE: its values are text, the column is color",
    ),
    "a link table that is gone": (
        TAGS,
        "class Post(db.Entity):\n    pass\nclass Tag(db.Entity):\n    pass\n",
        "Post.tags: SELECT and INSERT and UPDATE and DELETE: the table post_tag isn't there",
    ),
    "a subclass's attribute that is gone": (
        POST + "class Essay(Post):\n    pages = Required(int)\n",
        POST + "class Essay(Post):\n    pass\n",
        "Essay.pages: SELECT and INSERT and UPDATE: the column post.pages isn't there",
    ),
    "a key that is given by now": (
        POST,
        POST + "    id = PrimaryKey(int)\n",
        "Post.id: INSERT: there has to be a value, and it may give none",
    ),
    "another key": (
        "class Post(db.Entity):\n    code = PrimaryKey(str)\n",
        "class Post(db.Entity):\n    code = Required(str, sql_default=\"''\")\n",
        "Post: SELECT and INSERT and UPDATE and DELETE: "
        "rows may have the same code, which is its key",
    ),
    "another key, and the old one is unique": (
        "class Post(db.Entity):\n    code = PrimaryKey(str)\n",
        "class Post(db.Entity):\n    code = Required(str, unique=True)\n",
        "",
    ),
    "a subclass that is new": (POST, POST + "class Essay(Post):\n    pages = Required(int)\n", ""),
}

SURPRISES = {
    "a label that is new": (
        CASES["a label that is new"],
        "Box.color: SELECT: rows may hold 'blue'",
    ),
    "an attribute that is optional now": (
        ("class Post(db.Entity):\n    n = Required(int)\n", TWO.replace("subtitle", "n"), ""),
        "Post.n: SELECT: rows may have no value there",
    ),
    "rows that refer": (
        (
            POST,
            POST
            + "    comments = Set('Comment', cascade_delete=False)\n"
            + "class Comment(db.Entity):\n    post = Required(Post)\n",
            "",
        ),
        "Post: DELETE: rows may refer to it by Comment.post",
    ),
    "nothing": (CASES["an attribute that is gone"], ""),
}


@cases("before, after, expected", CASES, quick=len(CASES))
def test_what_of_a_release_fails_is_named(declare, before, after, expected) -> None:
    assert "\n".join(map(str, fits(declare(before), declare(after)))) == expected
    assert fits(declare(after), declare(after)) == ()


@pytest.mark.parametrize("name", SURPRISES)
def test_what_rows_may_bring_is_named(declare, name) -> None:
    (before, after, _), expected = SURPRISES[name]
    assert "\n".join(map(str, surprises(declare(before), declare(after)))) == expected
    assert surprises(declare(after), declare(after)) == ()
