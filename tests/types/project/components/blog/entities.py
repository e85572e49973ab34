"""Posts by people, their tags and comments."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from uuid import UUID, uuid4

from components.people.entities import Person
from pony.orm import (
    IntArray,
    Json,
    LongStr,
    Optional,
    PrimaryKey,
    Required,
    Set,
    composite_key,
)

from berceau.orm import db


class Status(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class Size(Enum):
    SMALL = 1
    LARGE = 2


def now() -> datetime:
    return datetime.now(UTC)


class Post(db.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, 200)
    slug = Required(str, 50)
    text = Required(LongStr)
    summary = Optional(LongStr)
    status = Required(Status, default=Status.DRAFT)
    size = Optional(Size)
    price = Optional(Decimal, 10, 2)
    rating = Required(float, default=0.0)
    pinned = Required(bool, default=False)
    due = Optional(date)
    image = Optional(bytes)
    extra = Required(Json, default={})
    scores = Optional(IntArray)
    created = Required(datetime, default=now)
    author = Required(Person, reverse="posts")
    editor = Optional("Person", reverse="edited")
    tags = Set("Tag")
    comments = Set(lambda: Comment)
    composite_key(author, slug)

    @property
    def heading(self) -> str:
        return f"{self.title} by {self.author.name}"

    def publish(self) -> "Post":
        self.status = Status.PUBLISHED
        return self


class Tag(db.Entity):
    name = PrimaryKey(str, 30)
    posts = Set(Post)


class Comment(db.Entity):
    id = PrimaryKey(int, auto=True)
    post = Required(Post)
    writer = Optional("Admin", column="writer")
    text = Required(str)
