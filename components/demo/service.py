"""What the demo can do: list, write and delete posts, within the caller's unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any
from uuid import UUID

from pony.orm import TransactionIntegrityError, count, desc, flush, rollback, select

from .entities import DemoPost, DemoPostStatus, DemoUser
from .paging import PAGE, Page, Place, PostLine


class NameTakenError(Exception):
    """Another author bears the name already."""


@dataclass(frozen=True)
class Overview:
    """How many authors and posts there are, and the newest posts."""

    authors: int
    posts: Mapping[DemoPostStatus, int]
    latest: Sequence[PostLine]


def overview(latest: int = 3) -> Overview:
    """Return the counts, and the ``latest`` newest posts."""
    posts = dict(select((post.status, count(post)) for post in DemoPost))
    return Overview(
        authors=count(user for user in DemoUser),
        posts={status: posts.get(status, 0) for status in DemoPostStatus},
        latest=list_posts(latest),
    )


def list_posts(limit: int | None = None) -> Sequence[PostLine]:
    """Return the posts, the newest first, in one query: a page needs no objects to change."""
    return _newest_first(_lines(), limit)


def list_page(*, before: Place | None = None, after: Place | None = None) -> Page:
    """Return a page of posts: the newest, or those next before, or after, a place in the list.

    Where fewer than a page are after the place, it is the first page; where none is before it, the
    last.
    """
    if after is not None:
        found = _oldest_first(_newer(after), PAGE + 1)
        if len(found) > PAGE:
            return Page(found[PAGE - 1 :: -1], newer=True, older=True)
    elif before is not None:
        found = _newest_first(_older(before), PAGE + 1)
        if found:
            return Page(found[:PAGE], newer=True, older=len(found) > PAGE)
        found = _oldest_first(_lines(), PAGE + 1)
        return Page(found[:PAGE][::-1], newer=len(found) > PAGE)
    found = list_posts(PAGE + 1)
    return Page(found[:PAGE], older=len(found) > PAGE)


def _newer(place: Place) -> Any:
    # The first condition lets PostgreSQL begin at the place in the index.
    return _lines().where(
        lambda post: (
            post.created_at >= place.created_at
            and (post.created_at > place.created_at or post.id > place.id)
        )
    )


def _older(place: Place) -> Any:
    return _lines().where(
        lambda post: (
            post.created_at <= place.created_at
            and (post.created_at < place.created_at or post.id < place.id)
        )
    )


def _lines() -> Any:
    return select(
        (post.id, post.title, post.content, post.status, post.author.name, post.created_at)
        for post in DemoPost
    ).without_distinct()


def _newest_first(lines: Any, limit: int | None) -> Sequence[PostLine]:
    ordered = lines.order_by(
        lambda key, _title, _content, _status, _author, created_at: (
            desc(created_at),
            desc(key),
        )
    )
    return list(starmap(PostLine, ordered.limit(limit)))


def _oldest_first(lines: Any, limit: int) -> Sequence[PostLine]:
    ordered = lines.order_by(
        lambda key, _title, _content, _status, _author, created_at: (created_at, key)
    )
    return list(starmap(PostLine, ordered.limit(limit)))


def create_post(
    *, title: str, content: str, status: DemoPostStatus, name: str, email: str
) -> DemoPost:
    """Write a post by the author with the address ``email``.

    An author who is new here gets ``name``; one who is known keeps the name they have. Raises
    ``NameTakenError`` where a new author's name belongs to another. Nothing else may have been
    written before in the same unit of work.
    """
    try:
        return _write_post(title, content, status, _author(name, email))
    except TransactionIntegrityError:
        # Another request added the same author between our look and our write: look again.
        rollback()
        return _write_post(title, content, status, _author(name, email))


def _write_post(title: str, content: str, status: DemoPostStatus, author: DemoUser) -> DemoPost:
    post = DemoPost(title=title, content=content, status=status, author=author)
    flush()
    return post


def _author(name: str, email: str) -> DemoUser:
    email = email.lower()
    # Another request may add the same author between both looks.
    author = DemoUser.get(email=email) or DemoUser.get(name=name)
    if author is None:
        return DemoUser(name=name, email=email)
    if author.email != email:
        raise NameTakenError(name)
    return author


def delete_post(post_id: UUID) -> bool:
    """Delete the post; return False where there is none (any more)."""
    return DemoPost.select(lambda post: post.id == post_id).delete(bulk=True) > 0
