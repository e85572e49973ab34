"""What Pony can't map is explained with the file and line of its declaration."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

from berceau.errors import ComponentError, DuplicateNameError
from berceau.orm.database import map_entities

HEADER = "from enum import Enum\nfrom pony.orm import *\ndb = Database()\n"
CULPRIT = "# culprit"


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Return a function that writes entities, maps them, and returns their file."""
    name = f"entities_{uuid4().hex}"
    monkeypatch.syspath_prepend(tmp_path)

    def declare(text: str) -> Path:
        file = tmp_path / f"{name}.py"
        file.write_text(HEADER + dedent(text))
        map_entities(importlib.import_module(name).db)
        return file

    yield declare
    sys.modules.pop(name, None)


POST = "class Post(db.Entity):\n    title = Required(str)\n"
EXTENDED = (
    "from berceau.orm.database import GlobalDatabase\ndb = GlobalDatabase()\n"
    "class Tag(db.Entity):\n    n = Optional(int)\n"
    "class Post(db.Entity):\n    tags = Set('Tag')\n"
    "class TagPosts(Tag, extend=True):\n    n_of = 1\n"
)
TAG = "class Tag(db.Entity):\n    posts = Set('Post')\n"

MISTAKES = {
    "a relation to nothing": (
        POST + "    author = Required('Author')  # culprit",
        "Post.author refers to the entity Author, which no component declares.",
        "Declare Author",
    ),
    "a relation to nothing, by a function": (
        POST + "    author = Required(lambda: Author)  # culprit",
        "name 'Author' is not defined",
        "",
    ),
    "a relation to all entities": (
        POST + "    other = Required(db.Entity)  # culprit",
        "abstract Entity class",
        "",
    ),
    "another side that has another name": (
        POST + "    tag = Required('Tag', reverse='n')  # culprit\n"
        "class Tag(db.Entity):\n    n = Optional(int)",
        "Inconsistent reverse attributes Post.tag and Tag.n",
        "Declare the relation's other side",
    ),
    "another side that is a method": (
        POST + "    tag = Required('Tag', reverse='name')  # culprit\n"
        "class Tag(db.Entity):\n    def name(self): ...",
        "Post.tag names its other side Tag.name, which is something else in Tag.",
        "Give it another name",
    ),
    "two sides of one name": (
        POST + "    tag = Required('Tag', reverse='posts')\n"
        "    main = Optional('Tag', reverse='posts')  # culprit\n"
        "class Tag(db.Entity):\n    n = Optional(int)",
        "Post.main and Post.tag both name their other side Tag.posts.",
        "Give it another name",
    ),
    "another side that an entity which inherits has": (
        POST + "    tag = Required('Tag', reverse='posts')  # culprit\n"
        "class Tag(db.Entity):\n    n = Optional(int)\n"
        "class Hot(Tag):\n    posts = Optional(int)",
        "Post.tag names its other side Tag.posts, which is something else in Hot.",
        "Give it another name",
    ),
    "another side that isn't there": (
        POST + "    tag = Required('Tag', reverse='articles')  # culprit\n" + TAG,
        "Post.tag names its other side Tag.articles, which isn't there. Tag.posts names no other "
        "side",
        "If Tag.posts is the other side of Post.tag, write reverse='posts' there.",
    ),
    "another side that isn't there, and a relation to itself": (
        "class Node(db.Entity):\n    parent = Optional('Node', reverse='children')  # culprit\n"
        "    next = Optional('Node', unique=True)",
        "Node.parent names its other side Node.children, which isn't there. Node.next names no",
        "If it is another relation, name its other side, too: reverse='...' at Node.next.",
    ),
    "another side that an extension looks for in vain": (
        EXTENDED + "    posts = Set('Post', reverse='labels')  # culprit",
        "TagPosts.posts names its other side Post.labels, which isn't there. Post.tags names no",
        "If Post.tags is the other side of TagPosts.posts, write reverse='tags' there.",
    ),
    "a schema of a link table, in an extension": (
        EXTENDED + "    posts = Set('Post', table='blog.tags')  # culprit",
        "The table blog.tags names a schema",
        "?schema=",
    ),
    "two other sides": (
        "class Tag(db.Entity):\n    posts = Set('Post')  # culprit\n"
        + POST
        + "    main = Required('Tag')\n    more = Optional('Tag')",
        "Ambiguous reverse attribute for Tag.posts",
        "reverse=",
    ),
    "sides that disagree": (
        POST + "    tag = Required('Tag', reverse='posts')  # culprit\n"
        "class Tag(db.Entity):\n    posts = Set('Post', reverse='other')",
        "Inconsistent reverse attributes Post.tag and Tag.posts",
        "Declare the relation's other side",
    ),
    "two sides that need each other": (
        POST + "    cover = Required('Cover')  # culprit\n"
        "class Cover(db.Entity):\n    post = Required('Post')",
        "At least one attribute of one-to-one relationship Post.cover - Cover.post",
        "",
    ),
    "an unknown type": (
        POST + "    ratio = Required(complex)  # culprit\n    n = Optional(int)",
        "No database converter found for type <class 'complex'>",
        "Use a type that PostgreSQL knows",
    ),
    "an unknown option": (
        POST + "    n = Required(int, colour='red')  # culprit\n    m = Optional(int)",
        "Attribute Post.n has unknown option 'colour'",
        "",
    ),
    "a default of another type": (
        POST + "    n = Required(int, default='many')  # culprit\n    m = Optional(int)",
        "'many'",
        "",
    ),
    "an optional that can't be empty": (
        POST + "    n = Optional(int, nullable=False)  # culprit",
        "Post.n must be nullable",
        "",
    ),
    "a column twice": (
        POST + "    a = Required(int, column='n')\n    b = Required(int, column='n')  # culprit",
        "Column 'n' already exists in table 'post'",
        "",
    ),
    "an index twice": (
        "class Post(db.Entity):  # culprit\n    a = Required(int)\n    b = Required(int)\n"
        "    composite_key(a, b)\n    composite_index(a, b)",
        "Index for columns ('a', 'b') already exists",
        "",
    ),
    "an index named like another table's": (
        "class Demo(db.Entity):\n    author = Required(int, index='by_author')\n"
        "class DemoPost(db.Entity):  # culprit\n    author = Required(int, index='by_author')",
        "Index by_author cannot be created",
        "index='another_name'",
    ),
    "a table name on a subclass": (
        POST + "class Note(Post):\n    _table_ = 'note'  # culprit",
        "Cannot specify table name for entity 'Note'",
        "",
    ),
    "a link table named like an entity's": (
        POST
        + "    tags = Set('Tag')\n"
        + TAG
        + "class PostTag(db.Entity):  # culprit\n    n = Optional(int)\n    _table_ = 'post_tag'",
        "The relation Post.tags and the entity PostTag both become the table post_tag",
        "Rename the entity, or give the relation another table",
    ),
    "a link table named like an entity's, of a relation that only one side declares": (
        "class Author(db.Entity):\n    n = Optional(int)\n"
        "class Post(db.Entity):\n    authors = Set('Author')\n"
        "class Other(db.Entity):  # culprit\n    n = Optional(int)\n    _table_ = 'author_post'",
        "The relation Post.authors and the entity Other both become the table author_post",
        "Rename the entity, or give the relation another table",
    ),
    "a link table given the name of an entity's": (
        "class Tag(db.Entity):\n    posts = Set('Post')\n"
        "class Post(db.Entity):\n    tags = Set('Tag', table='tag')  # culprit",
        'Table name "tag" is already in use',
        "another table name",
    ),
    "a link table's name twice": (
        "class Tag(db.Entity):\n    posts = Set('Post')\n    notes = Set('Note')\n"
        "class Post(db.Entity):\n    tags = Set('Tag', table='tagged')\n"
        "class Note(db.Entity):\n    tags = Set('Tag', table='tagged')  # culprit",
        'Table name "tagged" is already in use',
        "another table name",
    ),
    "a schema": (
        "class Post(db.Entity):\n    _table_ = ('blog', 'post')  # culprit\n    n = Optional(int)",
        "The table blog.post names a schema",
        "?schema=",
    ),
    "a schema with a dot": (
        "class Post(db.Entity):\n    _table_ = 'blog.post'  # culprit\n    n = Optional(int)",
        "The table blog.post names a schema",
        "?schema=",
    ),
    "a schema that is computed": (
        "NAME = ('blog', 'post')\nclass Post(db.Entity):\n    n = Optional(int)\n"
        "    _table_: tuple = NAME  # culprit",
        "The table blog.post names a schema",
        "?schema=",
    ),
    "a schema of a link table": (
        POST + "    tags = Set('Tag', table=['blog', 'tags'])  # culprit\n" + TAG,
        "The table blog.tags names a schema",
        "?schema=",
    ),
}


@pytest.mark.parametrize(("text", "says", "cure"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained_with_its_line(declare, tmp_path, text, says, cure) -> None:
    with pytest.raises(ComponentError) as caught:
        declare(text)
    error = caught.value
    lines = (HEADER + text).splitlines()
    culprit = next(n for n, line in enumerate(lines, 1) if CULPRIT in line)
    assert says in error.message
    assert cure in (error.cure or "")
    assert error.where.file.parent == tmp_path
    assert error.where.line == culprit


def test_two_entities_of_one_table_are_named_by_the_later(declare) -> None:
    with pytest.raises(DuplicateNameError) as caught:
        declare("class HTTPPost(db.Entity):\n    a = 1\nclass HttpPost(db.Entity):\n    a = 1")
    assert "HTTPPost and HttpPost both become the table http_post" in caught.value.message
    assert caught.value.where.line == 6


def test_what_can_be_mapped_is(declare) -> None:
    declare(POST + "    tags = Set('Tag')\n" + TAG)


def test_the_cure_of_an_index_named_twice_cures(declare) -> None:
    declare(
        "class Demo(db.Entity):\n    post_author = Required(int, index=True)\n"
        "class DemoPost(db.Entity):\n    author = Required(int, index='another_name')"
    )
