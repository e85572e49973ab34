"""The API of articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pony.orm import flush
from pyramid.request import Request

from berceau.web.api import api_view
from components.api.models import Slice
from components.users.policy import SIGNED_IN

from . import service
from .entities import Article
from .favorites import favorites_of
from .models import (
    ArticleChangesBody,
    ArticleOut,
    ArticlesOut,
    ArticlesQuery,
    NewArticleBody,
    full,
    summaries,
)

if TYPE_CHECKING:
    from pony.orm.core import Query


@api_view(route_name="articles", request_method="GET")
def list_articles(request: Request, query: ArticlesQuery) -> ArticlesOut:
    """List articles, the newest first."""
    found = service.find(query.tag, query.author)
    if query.favorited is not None:
        found = favorites_of(request).of(found, query.favorited)
    return _page(request, found, query)


@api_view(route_name="articles.feed", request_method="GET", permission=SIGNED_IN)
def feed(request: Request, query: Slice) -> ArticlesOut:
    """List the articles by those whom the user follows, the newest first."""
    return _page(request, service.feed(request.identity), query)


@api_view(route_name="articles", request_method="POST", status=201, permission=SIGNED_IN)
def publish(request: Request, body: NewArticleBody) -> ArticleOut:
    """Publish an article."""
    article = service.publish(request.identity, body.article.model_dump())
    flush()  # it has an id from now on
    return full(article, request.identity, favorites_of(request))


@api_view(route_name="articles.article", request_method="GET")
def show(request: Request, slug: str) -> ArticleOut:
    """Show an article."""
    return full(service.article_at(slug), request.identity, favorites_of(request))


@api_view(route_name="articles.article", request_method="PUT", permission=SIGNED_IN)
def change(request: Request, slug: str, body: ArticleChangesBody) -> ArticleOut:
    """Change an article of one's own."""
    article = service.own_article_at(slug, request.identity)
    service.change(article, body.article.model_dump(exclude_unset=True))
    flush()  # it notes when
    return full(article, request.identity, favorites_of(request))


@api_view(route_name="articles.article", request_method="DELETE", permission=SIGNED_IN)
def delete(request: Request, slug: str) -> None:
    """Delete an article of one's own."""
    service.own_article_at(slug, request.identity).delete()


def _page(request: Request, found: Query[Article], part: Slice) -> ArticlesOut:
    articles = service.page(found, part.limit, part.offset)
    return ArticlesOut(
        articles=summaries(articles, request.identity, favorites_of(request)),
        articles_count=found.count(),
    )
