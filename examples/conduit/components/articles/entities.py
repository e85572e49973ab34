"""The entity of articles."""

from datetime import UTC, datetime

from pony.orm import LongStr, PrimaryKey, Required, Set

from berceau.orm import db
from components.tags.entities import Tag
from components.users.entities import Member

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 1000
SLUG_LENGTH = TITLE_LENGTH + 20


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class Article(db.Entity):
    """A text by a member. The newest has the greatest id."""

    id = PrimaryKey(int, auto=True)
    slug = Required(str, SLUG_LENGTH, unique=True)
    title = Required(str, TITLE_LENGTH)
    description = Required(str, DESCRIPTION_LENGTH)
    body = Required(LongStr)
    author = Required(Member, cascade_delete=True, index=True)
    tags = Set(Tag)
    created_at = Required(datetime, default=now)
    updated_at = Required(datetime, default=now)

    def before_update(self) -> None:
        """Note when it changed."""
        self.updated_at = now()
