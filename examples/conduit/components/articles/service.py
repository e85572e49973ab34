"""What can be done with articles, within the caller's unit of work."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pony.orm import count, desc, exists, select
from slugify import slugify

from components.api.errors import forbidden, not_found
from components.profiles.entities import Follow
from components.tags.entities import Tag
from components.users.entities import Member

from .entities import TITLE_LENGTH, Article

if TYPE_CHECKING:
    from pony.orm.core import Query


def find(tag: str | None = None, author: str | None = None) -> Query[Article]:
    """Return the articles with a tag, or by an author, or all."""
    found = Article.select()
    if tag is not None:
        found = found.filter(lambda article: tag in article.tags.name)
    if author is not None:
        found = found.filter(lambda article: article.author.username == author)
    return found


def feed(viewer: Member) -> Query[Article]:
    """Return the articles by those whom ``viewer`` follows."""
    return Article.select(
        lambda article: exists(
            each for each in Follow if each.follower == viewer and each.followed == article.author
        )
    )


def popular_tags(most: int) -> Sequence[str]:
    """Return the names of the tags that most articles have."""
    counted = select((tag.name, count(article)) for article in Article for tag in article.tags)
    ordered = counted.order_by(lambda name, number: (desc(number), name))
    return [name for name, _ in ordered.limit(most)]


def page(articles: Query[Article], limit: int, offset: int) -> Sequence[Article]:
    """Return a part of ``articles``, the newest first, with their authors and tags."""
    ordered = articles.order_by(lambda article: desc(article.id))
    return list(ordered.prefetch(Article.author, Article.tags).limit(limit, offset=offset))


def article_at(slug: str) -> Article:
    """Return the article with that slug. Raises ``RefusedError``."""
    article = Article.get(slug=slug)
    if article is None:
        raise not_found("article")
    return article


def own_article_at(slug: str, author: Member) -> Article:
    """Return the article with that slug, which is by ``author``. Raises ``RefusedError``."""
    article = article_at(slug)
    if article.author != author:
        raise forbidden("article")
    return article


def publish(author: Member, values: dict[str, Any]) -> Article:
    """Return a new article of the ``values``."""
    tags = _tags(values.pop("tag_list"))
    return Article(author=author, slug=_free_slug(values["title"]), tags=tags, **values)


def change(article: Article, values: dict[str, Any]) -> None:
    """Change what ``values`` has; a new title has a new slug."""
    if "tag_list" in values:
        article.tags = _tags(values.pop("tag_list"))
    if values.get("title", article.title) != article.title:
        values["slug"] = _free_slug(values["title"])
    article.set(**values)


def _tags(names: Iterable[str]) -> list[Tag]:
    # In one order everywhere: two requests with the same new tags don't wait for each other.
    return [Tag.get_or_create(name=name)[0] for name in sorted(set(names))]


def _free_slug(title: str) -> str:
    # Of two requests with one title at once, the second one runs again, and finds it taken.
    slug = slugify(title, max_length=TITLE_LENGTH) or "article"
    return f"{slug}-{secrets.token_hex(4)}" if Article.exists(slug=slug) else slug
