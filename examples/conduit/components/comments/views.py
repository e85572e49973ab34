"""The API of comments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pony.orm import flush
from pydantic import Field
from pyramid.request import Request

from berceau.web.api import api_view
from components.api.errors import forbidden, not_found
from components.api.models import FILLED, Model
from components.articles.service import article_at
from components.profiles.models import Profile, profile_of
from components.profiles.service import followed_among
from components.users.entities import Member
from components.users.policy import SIGNED_IN

from .entities import Comment


class NewComment(Model):
    """What somebody sends to comment."""

    body: Annotated[str, Field(max_length=100_000), FILLED]


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


@api_view(route_name="comments", request_method="GET")
def list_comments(request: Request, slug: str) -> CommentsOut:
    """List the comments on an article, the newest first."""
    article = article_at(slug)
    found = Comment.select(lambda comment: comment.article == article)
    ordered = found.order_by(Comment.id.desc).prefetch(Comment.author)
    return CommentsOut(comments=_shown(list(ordered), request.identity))


@api_view(route_name="comments", request_method="POST", status=201, permission=SIGNED_IN)
def add(request: Request, slug: str, body: NewCommentBody) -> CommentOut:
    """Comment on an article."""
    comment = Comment(article=article_at(slug), author=request.identity, body=body.comment.body)
    flush()  # it has an id from now on
    return CommentOut(comment=_shown([comment], request.identity)[0])


@api_view(route_name="comments.comment", request_method="DELETE", permission=SIGNED_IN)
def delete(request: Request, slug: str, id: int) -> None:  # noqa: A002 - as the pattern has it
    """Delete a comment of one's own."""
    comment = Comment.get(id=id, article=article_at(slug))
    if comment is None:
        raise not_found("comment")
    if comment.author != request.identity:
        raise forbidden("comment")
    comment.delete()


def _shown(comments: Sequence[Comment], viewer: Member | None) -> list[CommentShown]:
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
