"""The button that likes an article, on its page."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.view import view_config

from components.articles.entities import Article
from components.articles.favorites import Count, favorites_of
from components.articles.service import article_at
from components.users.policy import SIGNED_IN

from . import service


def button(request: Request, article: Article) -> str:
    """Return the button, with how many like ``article``."""
    count = favorites_of(request).count([article], request.identity).get(article.id, Count())
    html: str = render("templates/like.pt", {"article": article, "count": count}, request)
    return html


@view_config(route_name="favorites.page", request_method="POST", permission=SIGNED_IN)
def like(request: Request) -> HTTPSeeOther:
    """Like an article, or no longer."""
    article = article_at(request.matchdict["slug"])
    (service.add if request.POST.get("like") == "yes" else service.remove)(
        article, request.identity
    )
    return HTTPSeeOther(request.route_path("articles.page", slug=article.slug))
