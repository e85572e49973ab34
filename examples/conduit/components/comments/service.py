"""What can be done with comments, within the caller's unit of work."""

from collections.abc import Sequence

from components.api.errors import forbidden, not_found
from components.articles.entities import Article
from components.articles.service import article_at
from components.users.entities import Member

from .entities import Comment


def comments_on(article: Article) -> Sequence[Comment]:
    """Return the comments on ``article``, the newest first, with their authors."""
    found = Comment.select(lambda comment: comment.article == article)
    return list(found.order_by(Comment.id.desc).prefetch(Comment.author))


def add(slug: str, author: Member, body: str) -> Comment:
    """Return a new comment on an article. Raises ``RefusedError``."""
    return Comment(article=article_at(slug), author=author, body=body)


def delete(slug: str, number: int, author: Member) -> None:
    """Delete a comment, which is by ``author``. Raises ``RefusedError``."""
    comment = Comment.get(id=number, article=article_at(slug))
    if comment is None:
        raise not_found("comment")
    if comment.author != author:
        raise forbidden("comment")
    comment.delete()
