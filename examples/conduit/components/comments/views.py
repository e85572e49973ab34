"""The API of comments."""

from pony.orm import flush
from pyramid.request import Request

from berceau.web.api import api_view
from components.articles.service import article_at
from components.users.policy import SIGNED_IN

from . import service
from .models import CommentOut, CommentsOut, NewCommentBody, shown


@api_view(route_name="comments", request_method="GET")
def list_comments(request: Request, slug: str) -> CommentsOut:
    """List the comments on an article, the newest first."""
    comments = service.comments_on(article_at(slug))
    return CommentsOut(comments=shown(comments, request.identity))


@api_view(route_name="comments", request_method="POST", status=201, permission=SIGNED_IN)
def add(request: Request, slug: str, body: NewCommentBody) -> CommentOut:
    """Comment on an article."""
    comment = service.add(slug, request.identity, body.comment.body)
    flush()  # it has an id from now on
    return CommentOut(comment=shown([comment], request.identity)[0])


@api_view(route_name="comments.comment", request_method="DELETE", permission=SIGNED_IN)
def delete(request: Request, slug: str, id: int) -> None:  # noqa: A002 - as the pattern has it
    """Delete a comment of one's own."""
    service.delete(slug, id, request.identity)
