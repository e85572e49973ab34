"""The comments on the page of an article."""

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.view import view_config

from components.articles.entities import Article
from components.pages.forms import Field, Form
from components.users.policy import SIGNED_IN

from . import service
from .models import NewComment

BODY = Field("body", "Your comment", rows=4)


def section(request: Request, article: Article) -> str:
    """Return the part of the page that has the comments on ``article``."""
    values: dict[str, Any] = {
        "article": article,
        "comments": service.comments_on(article),
        "viewer": request.identity,
    }
    html: str = render("templates/comments.pt", values, request)
    return html


@view_config(route_name="comments.page", request_method="POST", permission=SIGNED_IN)
def add(request: Request) -> HTTPSeeOther:
    """Comment on an article."""
    form = Form(NewComment, BODY)
    if form.accepts(request):
        service.add(request.matchdict["slug"], request.identity, form.values["body"])
    else:
        request.flash(f"Your comment wasn't saved. {form.errors['body']}")
    return _article(request)


@view_config(route_name="comments.delete", request_method="POST", permission=SIGNED_IN)
def delete(request: Request) -> HTTPSeeOther:
    """Delete a comment of one's own."""
    service.delete(request.matchdict["slug"], int(request.matchdict["id"]), request.identity)
    request.flash("Your comment was deleted.")
    return _article(request)


def _article(request: Request) -> HTTPSeeOther:
    path = request.route_path("articles.page", slug=request.matchdict["slug"], _anchor="comments")
    return HTTPSeeOther(path)
