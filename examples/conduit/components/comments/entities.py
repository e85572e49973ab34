"""The entity of comments."""

from datetime import UTC, datetime

from pony.orm import LongStr, PrimaryKey, Required

from berceau.orm import db
from components.articles.entities import Article
from components.users.entities import Member


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class Comment(db.Entity):
    """What a member says about an article."""

    id = PrimaryKey(int, auto=True)
    article = Required(Article, cascade_delete=True, index=True)
    author = Required(Member, cascade_delete=True, index=True)
    body = Required(LongStr, lazy=False)
    created_at = Required(datetime, default=now)
