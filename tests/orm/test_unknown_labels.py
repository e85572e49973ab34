"""Rows with a label that this process doesn't know, as while a newer release runs beside it."""

import copy
import json
import pickle
from collections.abc import Iterator
from enum import Enum, IntEnum, StrEnum

import pytest
from pony.orm import (
    Database,
    Discriminator,
    Optional,
    PrimaryKey,
    Required,
    Set,
    count,
    db_session,
    rollback,
    select,
)

from berceau.errors import DatabaseError
from berceau.orm import enums
from berceau.orm.enums import enum_label

database = Database()


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"

    @property
    def is_final(self) -> bool:
        return self is Status.LIVE


class Mood(Enum):
    GOOD = 1
    BAD = 2


class Rank(IntEnum):
    NONE = 0
    LOW = 1
    HIGH = 9


class Share(float, Enum):
    HALF = 0.5


class Kind(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Author(database.Entity):
    kind = Discriminator(Kind)
    _discriminator_ = Kind.SMALL
    name = Required(str)
    posts = Set("Post")


class LargeAuthor(Author):
    _discriminator_ = Kind.LARGE


class Flagged(database.Entity):
    status = PrimaryKey(Status)


class Post(database.Entity):
    title = Required(str)
    author = Optional(Author)
    status = Required(Status)
    mood = Optional(Mood)
    rank = Optional(Rank)
    share = Optional(Share)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    """The newer release's labels are in the types."""
    make_tables(database)
    new = {"status": "archived", "mood": "ODD", "rank": "TOP", "share": "THIRD", "kind": "huge"}
    for name, label in new.items():
        with db_session:
            database.execute(f"ALTER TYPE {name} ADD VALUE '{label}'")
    with db_session:
        database.execute("ALTER TYPE status ADD VALUE 'DRAFT'")


@pytest.fixture
def post() -> Iterator[Post]:
    """A post that the newer release wrote."""
    enums._unknown.clear()
    enums._numbers.clear()
    with db_session:
        number = database.insert("author", name="Ada", kind="huge", returning="id")
        values = {"status": "archived", "mood": "ODD", "rank": "TOP", "author": number}
        database.insert("post", title="a", **values)
        yield Post.get(title="a")
        rollback()


def test_a_member_stands_for_it(post) -> None:
    assert isinstance(post.status, Status)
    assert (post.status.name, post.status.value, str(post.status)) == ("archived",) * 3
    assert repr(post.status) == "<Status.archived: 'archived'>"
    assert f"{post.mood} {post.mood.name} {post.mood.value}" == "Mood.ODD ODD ODD"
    assert (post.rank.name, post.rank.value, repr(post.rank)) == ("TOP", -1, "<Rank.TOP: -1>")
    assert not post.status.is_final


def test_it_equals_no_known_member(post) -> None:
    assert post.status not in {*Status}
    assert post.mood not in [*Mood]
    assert post.rank not in [*Rank]
    assert post.rank < Rank.NONE
    assert len(Status) == 2
    with pytest.raises(ValueError, match="archived"):
        Status("archived")


def test_it_is_one_and_the_same_in_every_row(post) -> None:
    database.insert("post", title="b", status="archived", mood="ODD", rank="TOP")
    other = Post.get(title="b")
    assert other.status is post.status
    assert (other.mood, other.rank) == (post.mood, post.rank)
    assert len({post.mood, other.mood, Mood.GOOD}) == 2


def test_a_label_may_be_spelled_like_the_name_of_a_member(post) -> None:
    database.insert("post", title="b", status="DRAFT")
    found = Post.get(title="b")
    assert found.status != Status.DRAFT
    assert enum_label(found.status) == "DRAFT"
    assert enum_label(Status.DRAFT) == "draft"
    assert post.status != found.status


def test_it_is_json_and_pickles(post) -> None:
    assert json.dumps({"status": post.status}) == '{"status": "archived"}'
    for each in (post.status, post.mood, post.rank):
        assert pickle.loads(pickle.dumps(each)) is each
        assert copy.copy(each) is copy.deepcopy(each) is each
    assert post.to_dict(only="status mood") == {"status": post.status, "mood": post.mood}


def test_a_process_that_knows_the_label_unpickles_its_own_member(post) -> None:
    restore, values = post.status.__reduce_ex__(2)
    assert restore(Status, "live") is Status.LIVE
    assert restore(*values) is post.status


def test_it_is_not_written_back_unless_it_is_assigned(post) -> None:
    post.title = "c"
    post.flush()
    read = "SELECT status::text, mood::text FROM post WHERE title = 'c'"
    assert database.select(read) == [("archived", "ODD")]
    copied = Post(title="d", status=post.status, mood=post.mood)
    copied.flush()
    assert database.select(read.replace("'c'", "'d'")) == [("archived", "ODD")]
    post.status = Status.LIVE
    post.flush()
    assert database.select(read) == [("live", "ODD")]


def test_queries_find_it(post) -> None:
    assert Post.get(status=post.status) is post
    assert select(p for p in Post if p.status == post.status)[:] == [post]
    assert select(p.status for p in Post)[:] == [post.status]
    assert select((p.mood, count(p)) for p in Post)[:] == [(post.mood, 1)]
    assert not select(p for p in Post if p.status == Status.DRAFT)[:]


def test_a_key_may_be_unknown(post) -> None:
    database.insert("flagged", status="archived")
    found = Flagged.select().first()
    assert found.status is post.status
    assert Flagged[post.status] is found


@pytest.mark.parametrize("text", ["archived", "nonsense"])
def test_a_label_from_outside_is_refused_as_before(post, text) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is no Status; use one of 'draft', 'live'"):
        post.status = text
    with pytest.raises(ValueError, match="is no Status"):
        Post.get(status=text)


def test_the_log_says_it_once_for_each_label(post, caplog) -> None:
    caplog.clear()
    enums._unknown.clear()
    for title in "bcd":
        database.insert("post", title=title, status="archived")
    assert len({each.status for each in Post.select()}) == 1
    (line,) = [each for each in caplog.records if "archived" in each.getMessage()]
    assert line.levelname == "WARNING"
    assert "which the enum Status lacks" in line.getMessage()
    assert post


def test_a_row_of_an_unknown_subclass_is_one_of_the_root(post) -> None:
    assert type(post.author) is Author
    assert post.author.name == "Ada"
    assert post.author.kind == Kind.SMALL


def test_what_can_not_be_made_up_is_named(post) -> None:
    database.insert("post", title="b", status="live", share="THIRD")
    assert post
    with pytest.raises(DatabaseError, match="holds 'THIRD', which the enum Share lacks"):
        Post.get(title="b")
