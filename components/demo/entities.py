"""The demo's entities: users who write posts."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pony.orm import LongStr, PrimaryKey, Required, Set, composite_index

from berceau.orm import db

NAME_LENGTH = 100
EMAIL_LENGTH = 254
TITLE_LENGTH = 200


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class DemoPostStatus(StrEnum):
    """How far a post has come; a native enum in PostgreSQL."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class DemoUser(db.Entity):
    """Somebody who writes posts; deleting a user deletes the posts too."""

    id = PrimaryKey(UUID, default=uuid4)
    name = Required(str, NAME_LENGTH, unique=True)
    email = Required(str, EMAIL_LENGTH, unique=True)
    created_at = Required(datetime, default=now)
    updated_at = Required(datetime, default=now)
    posts = Set("DemoPost", cascade_delete=True)

    def before_update(self) -> None:
        """Note the time of the change."""
        self.updated_at = now()


class DemoPost(db.Entity):
    """A text by one author."""

    id = PrimaryKey(UUID, default=uuid4)
    title = Required(str, TITLE_LENGTH)
    content = Required(LongStr)
    status = Required(DemoPostStatus, default=DemoPostStatus.DRAFT)
    author = Required(DemoUser, index=True)
    created_at = Required(datetime, default=now)
    updated_at = Required(datetime, default=now)
    composite_index(created_at, id)  # noqa: A003 - no builtin; the order of the list

    def before_update(self) -> None:
        """Note the time of the change."""
        self.updated_at = now()
