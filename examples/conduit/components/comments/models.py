"""Comments in JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from components.api.models import FILLED, Model
from components.profiles.models import Profile, profile_of
from components.profiles.service import followed_among
from components.users.entities import Member

from .entities import Comment


class NewComment(Model):
    """What somebody sends to comment."""

    body: Annotated[str, Field(min_length=1, max_length=100_000), FILLED]


class NewCommentBody(Model):
    """A new comment, wrapped."""

    comment: NewComment


class CommentShown(Model):
    """A comment."""

    id: int
    created_at: datetime
    updated_at: datetime
    body: str
    author: Profile


class CommentOut(Model):
    """A comment, wrapped."""

    comment: CommentShown


class CommentsOut(Model):
    """All comments on an article."""

    comments: list[CommentShown]


def shown(comments: Sequence[Comment], viewer: Member | None) -> list[CommentShown]:
    """Return ``comments`` as ``viewer`` sees them."""
    followed = followed_among({comment.author for comment in comments}, viewer)
    return [
        CommentShown(
            id=comment.id,
            created_at=comment.created_at,
            updated_at=comment.created_at,  # comments don't change
            body=comment.body,
            author=profile_of(comment.author, comment.author.id in followed),
        )
        for comment in comments
    ]
