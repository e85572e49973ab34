"""The pages of articles, for people who read."""

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config

from . import service
from .entities import Article
from .favorites import favorites_of
from .models import full, summaries

PAGE = 20
LAST_PAGE = 10_000


@view_config(route_name="articles.home", renderer="templates/list.pt")
def home(request: Request) -> dict[str, Any]:
    """List articles, the newest first, or those with a tag."""
    tag = request.GET.get("tag")
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    found = service.find(tag=tag)
    articles = service.page(found, PAGE, min(max(page, 1), LAST_PAGE) * PAGE - PAGE)
    return {
        "articles": summaries(articles, None, favorites_of(request)),
        "tag": tag,
        "page": page,
        "more": found.count() > page * PAGE,
    }


@view_config(route_name="articles.page", renderer="templates/article.pt")
def article(request: Request) -> dict[str, Any]:
    """Show an article."""
    found = Article.get(slug=request.matchdict["slug"])
    if found is None:
        raise HTTPNotFound
    return {"article": full(found, None, favorites_of(request)).article}
