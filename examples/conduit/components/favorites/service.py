"""Favorites in the database, within the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pony.orm import count, exists, select

from components.articles.entities import Article
from components.articles.favorites import Count
from components.users.entities import Member

from .entities import Favorite

if TYPE_CHECKING:
    from pony.orm.core import Query


class StoredFavorites:
    """The favorites that articles ask for: see ``components.articles.favorites.Favorites``."""

    def count(self, articles: Sequence[Article], viewer: Member | None) -> dict[int, Count]:
        """Return the counts of those ``articles`` that anybody likes, by their ids."""
        ids = [article.id for article in articles]
        totals = select(
            (each.article.id, count(each.member)) for each in Favorite if each.article.id in ids
        )
        mine: set[int] = set()
        if viewer is not None:
            mine = set(
                select(
                    each.article.id
                    for each in Favorite
                    if each.member == viewer and each.article.id in ids
                )
            )
        return {number: Count(total, number in mine) for number, total in totals}

    def of(self, articles: Query[Article], username: str) -> Query[Article]:
        """Return those ``articles`` that the user likes."""
        return articles.filter(
            lambda article: exists(
                each
                for each in Favorite
                if each.article == article and each.member.username == username
            )
        )


def add(article: Article, member: Member) -> None:
    """Let ``member`` like ``article``, if they don't yet."""
    Favorite.get_or_create(article=article, member=member)


def remove(article: Article, member: Member) -> None:
    """Let ``member`` no longer like ``article``."""
    found = Favorite.get(article=article, member=member)
    if found is not None:
        found.delete()
