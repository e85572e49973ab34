"""The entities of users."""

from datetime import UTC, datetime

from pony.orm import Optional, PrimaryKey, Required

from berceau.orm import db

NAME_LENGTH = 100
EMAIL_LENGTH = 254
TEXT_LENGTH = 2000


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class Member(db.Entity):
    """Somebody who signed up. SQL has the word "user" for itself."""

    id = PrimaryKey(int, auto=True)
    username = Required(str, NAME_LENGTH, unique=True)
    email = Required(str, EMAIL_LENGTH, unique=True)
    password_hash = Required(str, 200)
    bio = Optional(str, TEXT_LENGTH, nullable=True)
    image = Optional(str, TEXT_LENGTH, nullable=True)


class MemberToken(db.Entity):
    """What a client shows to act for a member; only its hash is stored."""

    digest = PrimaryKey(str, 64)
    member = Required(Member, cascade_delete=True, index=True)
    created_at = Required(datetime, default=now, index=True)
