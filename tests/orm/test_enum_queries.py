"""Every operator that a query may apply to an enum, for each kind of enum."""

import pickle
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from pony import orm
from pony.orm import (
    Database,
    Optional,
    Required,
    Set,
    count,
    db_session,
    delete,
    flush,
    group_concat,
    select,
)

database = Database()


# Declared in no alphabetical order: what sorts by name or value sorts them wrongly.
class Plain(Enum):
    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class Word(StrEnum):
    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


class Rank(IntEnum):
    LOW = 30
    MIDDLE = 20
    HIGH = 10


class Author(database.Entity):
    posts = Set("Post")


class Post(database.Entity):
    title = Required(str)
    author = Required(Author)
    good = Required(bool)
    plain = Optional(Plain, index=True)
    word = Optional(Word)
    rank = Optional(Rank)

    def is_plain(self, wanted=Plain.HIGH) -> Any:
        return self.plain == wanted

    @property
    def is_low(self) -> Any:
        return self.plain == Plain.LOW or self.word == Word.LOW


@pytest.fixture(scope="module", autouse=True)
def posts(make_tables) -> None:
    """Four posts: one has the first member of each enum, and so on; the last has none."""
    make_tables(database)
    with db_session:
        author = Author()
        levels = (*zip(Plain, Word, Rank, strict=True), (None, None, None))
        for title, (plain, word, rank) in zip("abcd", levels, strict=True):
            Post(title=title, author=author, good=title < "c", plain=plain, word=word, rank=rank)


@pytest.fixture(params=[Plain, Word, Rank])
def kind(request) -> type[Enum]:
    return request.param


def titles(query) -> str:
    return "".join(sorted(query))


def evaluate(expression, kind, **more) -> Any:
    names = vars(orm) | {"Post": Post, "Kind": kind} | more
    return eval(expression.replace(".x", f".{kind.__name__.lower()}"), names)


# What a query asks of the attribute p.x, given an enum's members; and which posts it finds.
CONDITIONS = {
    "p.x == Kind.MIDDLE": "b",
    "Kind.MIDDLE == p.x": "b",
    "p.x != Kind.MIDDLE": "ac",
    "not (p.x == Kind.LOW)": "bc",
    "p.x is Kind.MIDDLE": "b",
    "p.x == None": "d",
    "p.x is None": "d",
    "p.x is not None": "abc",
    "p.x": "abc",
    "not p.x": "d",
    "p.x in (Kind.LOW, Kind.HIGH)": "ac",
    "p.x in [Kind.LOW]": "a",
    "p.x in ()": "",
    "p.x in Kind": "abc",
    "p.x not in (Kind.LOW, Kind.HIGH)": "b",
    "p.x < Kind.HIGH": "ab",
    "p.x <= Kind.MIDDLE": "ab",
    "p.x > Kind.LOW": "bc",
    "p.x >= Kind.HIGH": "c",
    "between(p.x, Kind.LOW, Kind.MIDDLE)": "ab",
    "(p.x, p.good) == (Kind.LOW, True)": "a",
    "(Kind.LOW if p.good else Kind.HIGH) == p.x": "ac",
    "coalesce(p.x, Kind.LOW) == Kind.LOW": "ad",
    "coalesce(Kind.LOW, Kind.HIGH) == p.x": "a",
    "max(p.x, Kind.MIDDLE) == Kind.HIGH": "c",
    "p.x in select(q.x for q in Post if q.good)": "ab",
    "JOIN(p.x in select(q.x for q in Post if q.good))": "ab",
    "p.x == max(q.x for q in Post)": "c",
    "exists(q for q in Post if q.x == p.x and q.good)": "ab",
    "raw_sql('p.x = $(Kind.MIDDLE)')": "b",
    "p.x == raw_sql('p.x')": "abc",
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.usefixtures("session")
def test_condition(condition, kind) -> None:
    found = evaluate(f"select(p.title for p in Post if {condition})", kind)
    assert titles(found) == CONDITIONS[condition]


# What a query returns: names of members, in order where the query sorts.
RESULTS = {
    "select(p.x for p in Post if p.good).order_by(1)": ["LOW", "MIDDLE"],
    "select(p.x for p in Post if p.x).order_by(desc(1))": ["HIGH", "MIDDLE", "LOW"],
    "select(p.x for p in Post).order_by(1)": ["LOW", "MIDDLE", "HIGH", None],
    "[p.x for p in Post.select().order_by(lambda p: p.x)]": ["LOW", "MIDDLE", "HIGH", None],
    "[x for x, n in select((p.x, count()) for p in Post if p.good).order_by(1) if n == 1]": [
        "LOW",
        "MIDDLE",
    ],
    "[max(p.x for p in Post)]": ["HIGH"],
    "[min(p.x for p in Post)]": ["LOW"],
    "[select(p.x for p in Post).max()]": ["HIGH"],
    "select(max(p.x) for p in Post)": ["HIGH"],
    "[max(p.x for p in Post if p.title == 'd')]": [None],
    "select(raw_sql('p.x', result_type=Kind) for p in Post if p.title == 'a')": ["LOW"],
}


@pytest.mark.parametrize("expression", RESULTS)
@pytest.mark.usefixtures("session")
def test_result(expression, kind) -> None:
    found = list(evaluate(expression, kind))
    assert found == [name and kind[name] for name in RESULTS[expression]]
    assert {type(member) for member in found} <= {kind, type(None)}


@pytest.mark.usefixtures("session")
def test_constant_result(kind) -> None:
    member = kind.HIGH
    assert sorted(select((p.title, member) for p in Post if p.good)) == [
        ("a", member),
        ("b", member),
    ]


@pytest.mark.usefixtures("session")
def test_aggregates_over_a_relation() -> None:
    assert select(max(a.posts.word) for a in Author)[:] == [Word.HIGH]
    assert select(a for a in Author if Word.LOW in a.posts.word).count() == 1
    assert select(count(p.plain) for p in Post).first() == 3
    assert group_concat(p.plain for p in Post) == "low,middle,high"


@pytest.mark.usefixtures("session")
def test_methods_and_properties() -> None:
    assert titles(select(p.title for p in Post if p.is_plain())) == "c"
    assert titles(select(p.title for p in Post if p.is_plain(Plain.LOW))) == "a"
    assert titles(select(p.title for p in Post if p.is_low)) == "a"


@pytest.mark.parametrize("value", [Word.MIDDLE, "middle"])
@pytest.mark.usefixtures("session")
def test_keyword_filters_take_members_and_labels(value) -> None:
    post = Post.get(title="b")
    assert Post.get(word=value) is post
    assert Post.select().filter(word=value)[:] == [post]
    assert Post.select().where(word=value)[:] == [post]
    assert Post.exists(word=value)


@pytest.mark.usefixtures("session")
def test_keyword_filters_take_none() -> None:
    assert [post.title for post in Post.select().filter(rank=None)] == ["d"]


@pytest.mark.usefixtures("session")
def test_bulk_delete() -> None:
    assert delete(p for p in Post if p.word == Word.LOW) == 1
    assert Post.select(lambda p: p.rank in (Rank.MIDDLE, Rank.HIGH)).delete(bulk=True) == 2
    assert titles(select(p.title for p in Post)) == "d"


@pytest.mark.usefixtures("session")
def test_update_checks_what_was_read() -> None:
    post = Post.get(title="a")
    assert (post.plain, post.word, post.rank) == (Plain.LOW, Word.LOW, Rank.LOW)
    post.plain, post.word, post.rank = Plain.HIGH, Word.HIGH, None
    flush()
    post.title = "z"
    flush()
    assert select((p.plain, p.word, p.rank) for p in Post if p.title == "z").first() == (
        Plain.HIGH,
        Word.HIGH,
        None,
    )


@pytest.mark.usefixtures("session")
def test_pickling() -> None:
    post = Post.get(title="a")
    assert pickle.loads(pickle.dumps(post)) is post
    query = select((p.title, p.word) for p in Post if p.word != Word.LOW)
    assert sorted(pickle.loads(pickle.dumps(query[:]))) == [("b", Word.MIDDLE), ("c", Word.HIGH)]


# What can't be asked, and what the TypeError says.
REFUSED = {
    "p.x.value == 'low'": "can't read .value",
    "p.x.startswith('l')": "can't read .startswith",
    "p.x == 'low'": "Incomparable types",
    "'low' == p.x": "Incomparable types",
    "p.x in ('low', 'high')": "Incomparable types",
    "p.x < 'low'": "Incomparable types",
    "p.x == 30": "Incomparable types",
    "p.x == p.title": "Incomparable types",
    "p.title == Kind.LOW": "Incomparable types",
    "p.x == Other.LOW": "Incomparable types",
    "p.x + 'x' == 'lowx'": "p.*x",
    "sum(q.x for q in Post) > 1": "numeric type",
}


@pytest.mark.parametrize("condition", REFUSED)
@pytest.mark.usefixtures("session")
def test_refused(condition, kind) -> None:
    other = Rank if kind is Plain else Plain
    with pytest.raises(TypeError, match=REFUSED[condition]):
        evaluate(f"select(p for p in Post if {condition})", kind, Other=other)
