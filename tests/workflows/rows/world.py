"""Entities of every kind, with names and values that a careless page would stumble over."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid4

from pony.orm import (
    FloatArray,
    Json,
    LongStr,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    composite_key,
)

from berceau.orm.database import GlobalDatabase

database = GlobalDatabase()
MARKUP = "<script>alert(1)</script>"
INJECTION = "'; DROP TABLE author; --"
ODD = 'od"d ;'


def now() -> datetime:
    return datetime.now(UTC)


class Mood(StrEnum):
    CALM = "calm"
    BRIGHT = "bright"


class Author(database.Entity):
    name = Required(str, unique=True)
    password_hash = Optional(str)
    born = Optional(date)
    posts = Set("Post", cascade_delete=True)
    mentor = Optional("Author", reverse="pupils")
    pupils = Set("Author", reverse="mentor")
    desk = Optional("Desk")


class Desk(database.Entity):
    place = Required(str)
    owner = Required(Author)


class Post(database.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, 200)
    text = Optional(LongStr)
    mood = Required(Mood, default=Mood.CALM)
    author = Required(Author, index=True)
    price = Optional(Decimal, precision=8, scale=2)
    rating = Optional(float)
    pages = Optional(int)
    printed = Required(bool, default=False)
    at = Required(datetime, default=now)
    daily = Optional(time)
    took = Optional(timedelta)
    facts = Optional(Json)
    words = Optional(StrArray)
    numbers = Optional(FloatArray)
    cover = Optional(bytes)
    odd = Optional(int, column=ODD)
    tags = Set("Tag")


class Review(Post):
    isbn = Optional(str, unique=True)


class Tag(database.Entity):
    realm = Required(str)
    name = Required(str)
    PrimaryKey(realm, name)
    posts = Set(Post)


class Visit(database.Entity):
    """It has but one side: the author knows nothing of it."""

    author = Required(Author)
    seat = Required(int)
    note = Optional(str, nullable=True)
    composite_key(author, seat)


class Login(database.Entity):
    token = PrimaryKey(str)
    user = Required(str)
    expires_at = Optional(datetime)


TABLES = ("login", "visit", "post_tag", "tag", "post", "desk", "author")


def fill() -> None:
    """Make a few rows of each entity."""
    ada = Author(name="Ada", password_hash="s3cr3t", born=date(1815, 12, 10))
    bob = Author(name=MARKUP, mentor=ada)
    Desk(place="window", owner=ada)
    tag = Tag(realm="a,b", name="50%/x")
    Post(
        id=UUID(int=1),
        title="One",
        text="x" * 1000,
        author=ada,
        price=Decimal("12.50"),
        rating=0.1,
        pages=3,
        at=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        daily=time(7, 30),
        took=timedelta(days=1, seconds=2),
        facts={"a": [1, {"b": None}], "c": "ü"},
        words=["x", 'y"\\', "{z}"],
        numbers=[0.5, 2.0],
        cover=b"\x00\xff",
        odd=7,
        tags=[tag],
    )
    Review(id=UUID(int=2), title=INJECTION, author=bob, mood=Mood.BRIGHT, isbn="1", pages=5)
    Post(id=UUID(int=3), title="Three", author=ada, tags=[tag, Tag(realm="r", name="n")])
    Visit(author=ada, seat=1)
    Login(token="t0p-s3cr3t", user="ada", expires_at=datetime(2026, 1, 1, tzinfo=UTC))
