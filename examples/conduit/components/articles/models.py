"""Articles in JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from components.api.models import FILLED, Model, Slice
from components.profiles.models import Profile, profile_of
from components.profiles.service import followed_among
from components.tags.entities import TAG_LENGTH
from components.users.entities import Member

from .entities import DESCRIPTION_LENGTH, TITLE_LENGTH, Article
from .favorites import Count, Favorites

Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH), FILLED]
Description = Annotated[str, Field(min_length=1, max_length=DESCRIPTION_LENGTH), FILLED]
Body = Annotated[str, Field(min_length=1, max_length=1_000_000), FILLED]
Tags = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=TAG_LENGTH), FILLED]], Field(max_length=50)
]


class NewArticle(Model):
    """What somebody sends to publish an article."""

    title: Title
    description: Description
    body: Body
    tag_list: Tags = Field(default_factory=list)


class ArticleChanges(Model):
    """What is to change of an article; what is left out stays."""

    title: Title = ""
    description: Description = ""
    body: Body = ""
    tag_list: Tags = Field(default_factory=list)


class NewArticleBody(Model):
    """A new article, wrapped."""

    article: NewArticle


class ArticleChangesBody(Model):
    """Changes, wrapped."""

    article: ArticleChanges


class ArticlesQuery(Slice):
    """Which articles to list."""

    tag: str | None = None
    author: str | None = None
    favorited: str | None = Field(None, description="only what this user likes")


class ArticleSummary(Model):
    """An article in a list: without its body."""

    slug: str
    title: str
    description: str
    tag_list: list[str]
    created_at: datetime
    updated_at: datetime
    favorited: bool
    favorites_count: int
    author: Profile


class ArticleFull(ArticleSummary):
    """An article."""

    body: str


class ArticleOut(Model):
    """An article, wrapped."""

    article: ArticleFull


class ArticlesOut(Model):
    """A part of a list, and how long the whole list is."""

    articles: list[ArticleSummary]
    articles_count: int


def summaries(
    articles: Sequence[Article], viewer: Member | None, favorites: Favorites
) -> list[ArticleSummary]:
    """Return ``articles`` as ``viewer`` sees them; the number of queries is the same for any."""
    counts = favorites.count(articles, viewer)
    followed = followed_among({article.author for article in articles}, viewer)
    return [
        ArticleSummary(
            slug=article.slug,
            title=article.title,
            description=article.description,
            tag_list=sorted(tag.name for tag in article.tags),
            created_at=article.created_at,
            updated_at=article.updated_at,
            favorited=counts.get(article.id, Count()).mine,
            favorites_count=counts.get(article.id, Count()).total,
            author=profile_of(article.author, article.author.id in followed),
        )
        for article in articles
    ]


def full(article: Article, viewer: Member | None, favorites: Favorites) -> ArticleOut:
    """Return ``article`` with its body, as ``viewer`` sees it."""
    (summary,) = summaries([article], viewer, favorites)
    return ArticleOut(article=ArticleFull(**dict(summary), body=article.body))
