"""The model of the comparison, as Berceau's users write it."""

from enum import StrEnum
from uuid import UUID, uuid4

from pony.orm import Optional, PrimaryKey, Required, Set

from berceau.orm import db


class Status(StrEnum):
    """How far a post has come."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class User(db.Entity):
    """Somebody who writes or edits posts."""

    id = PrimaryKey(UUID, default=uuid4)
    name = Required(str, 100, unique=True)
    posts = Set("Post", reverse="author", cascade_delete=True)
    edited = Set("Post", reverse="editor", cascade_delete=False)


class Post(db.Entity):
    """A text by one author."""

    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, 200)
    summary = Optional(str, nullable=True)
    status = Required(Status, default=Status.DRAFT)
    rating = Required(int, default=0)
    author = Required(User, index=True)
    editor = Optional(User, index=True)
