"""The API of favorites."""

from pony.orm import flush
from pyramid.request import Request

from berceau.web.api import api_view
from components.articles.favorites import favorites_of
from components.articles.models import ArticleOut, full
from components.articles.service import article_at
from components.users.policy import SIGNED_IN

from . import service


@api_view(route_name="favorites", request_method="POST", permission=SIGNED_IN)
def add(request: Request, slug: str) -> ArticleOut:
    """Like an article."""
    article = article_at(slug)
    service.add(article, request.identity)
    flush()
    return full(article, request.identity, favorites_of(request))


@api_view(route_name="favorites", request_method="DELETE", permission=SIGNED_IN)
def remove(request: Request, slug: str) -> ArticleOut:
    """Like an article no longer."""
    article = article_at(slug)
    service.remove(article, request.identity)
    flush()
    return full(article, request.identity, favorites_of(request))
