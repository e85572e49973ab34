"""What articles need to know of favorites: another component may provide it, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pyramid.request import Request

from components.users.entities import Member

from .entities import Article

if TYPE_CHECKING:
    from pony.orm.core import Query

FAVORITES = "articles.favorites"
"""Which setting of the application has the ``Favorites``."""


@dataclass(frozen=True)
class Count:
    """How many like an article, and whether the one who asks does."""

    total: int = 0
    mine: bool = False


class Favorites(Protocol):
    """Who likes which article."""

    def count(self, articles: Sequence[Article], viewer: Member | None) -> dict[int, Count]:
        """Return the counts of those ``articles`` that anybody likes, by their ids."""
        ...

    def of(self, articles: Query[Article], username: str) -> Query[Article]:
        """Return those ``articles`` that the user likes."""
        ...


class NoFavorites:
    """Nobody likes anything: the component of favorites isn't there."""

    def count(self, articles: Sequence[Article], viewer: Member | None) -> dict[int, Count]:
        """Return nothing."""
        return {}

    def of(self, articles: Query[Article], username: str) -> Query[Article]:
        """Return no articles."""
        return articles.filter(lambda article: article.id < 0)


def favorites_of(request: Request) -> Favorites:
    """Return the favorites of the application."""
    found: Favorites = request.registry.settings.get(FAVORITES) or NoFavorites()
    return found
