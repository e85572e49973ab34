"""The pages of articles: lists, an article, its editor, and its author."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pony.orm import flush
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from components.pages.forms import TEMPLATE, Field, Form
from components.profiles.models import profile_of
from components.profiles.service import follow, followed_among, member_called, unfollow
from components.users.policy import SIGNED_IN

from . import service
from .entities import Article
from .favorites import favorites_of
from .models import NewArticle, full, summaries
from .pieces import pieces_of

if TYPE_CHECKING:
    from pony.orm.core import Query

BOTH = ("GET", "POST")
PAGE = 20
LAST_PAGE = 10_000
POPULAR = 20

FIELDS = (
    Field("title", "Title"),
    Field("description", "What it is about", hint="One or two sentences, for lists."),
    Field("body", "Text", rows=14),
    Field("tag_list", "Tags", hint="Separate them by commas.", is_list=True, optional=True),
)


@view_config(route_name="articles.home", renderer="templates/list.pt")
def home(request: Request) -> dict[str, Any]:
    """List all articles, or those with a tag."""
    tag = request.GET.get("tag")
    title = f"Articles about {tag}" if tag else "Articles"
    return _list(request, service.find(tag=tag)) | {"title": title, "lead": ""}


@view_config(route_name="articles.followed", renderer="templates/list.pt", permission=SIGNED_IN)
def followed(request: Request) -> dict[str, Any]:
    """List the articles by those whom the visitor follows."""
    lead = "What those whom you follow have written."
    return _list(request, service.feed(request.identity)) | {"title": "Feed", "lead": lead}


@view_config(route_name="articles.author", request_method="GET", renderer="templates/author.pt")
def author(request: Request) -> dict[str, Any]:
    """Show a member, and what they wrote or like."""
    member = member_called(request.matchdict["username"])
    liked = "liked" in request.GET
    found = service.find(author=None if liked else member.username)
    if liked:
        found = favorites_of(request).of(found, member.username)
    profile = profile_of(member, bool(followed_among([member], request.identity)))
    own = member == request.identity
    return _list(request, found) | {"profile": profile, "liked": liked, "own": own}


@view_config(route_name="articles.author", request_method="POST", permission=SIGNED_IN)
def follow_author(request: Request) -> HTTPSeeOther:
    """Follow a member, or no longer."""
    member = member_called(request.matchdict["username"])
    (follow if request.POST.get("follow") == "yes" else unfollow)(request.identity, member)
    return HTTPSeeOther(request.path)


@view_config(route_name="articles.page", renderer="templates/article.pt")
def article(request: Request) -> dict[str, Any]:
    """Show an article."""
    found = service.article_at(request.matchdict["slug"])
    return {
        "article": full(found, request.identity, favorites_of(request)).article,
        "own": found.author == request.identity,
        "pieces": pieces_of(request, found),
    }


@view_config(
    route_name="articles.write", request_method=BOTH, renderer=TEMPLATE, permission=SIGNED_IN
)
def write(request: Request) -> Any:
    """Publish an article."""
    form = Form(NewArticle, *FIELDS)
    if form.accepts(request):
        return _show(request, service.publish(request.identity, {"tag_list": [], **form.values}))
    return form.page(request, "Write an article", "Publish")


@view_config(
    route_name="articles.edit", request_method=BOTH, renderer=TEMPLATE, permission=SIGNED_IN
)
def edit(request: Request) -> Any:
    """Change an article of one's own."""
    found = service.own_article_at(request.matchdict["slug"], request.identity)
    tags = ", ".join(sorted(tag.name for tag in found.tags))
    shown = {"title": found.title, "description": found.description, "body": found.body}
    form = Form(NewArticle, *FIELDS, **shown, tag_list=tags)
    if form.accepts(request):
        service.change(found, {"tag_list": [], **form.values})
        request.flash("Your changes were saved.")
        return _show(request, found)
    return form.page(request, "Edit the article", "Save")


@view_config(route_name="articles.delete", request_method="POST", permission=SIGNED_IN)
def delete(request: Request) -> HTTPSeeOther:
    """Delete an article of one's own."""
    service.own_article_at(request.matchdict["slug"], request.identity).delete()
    request.flash("The article was deleted.")
    return HTTPSeeOther(request.route_path("articles.home"))


def _show(request: Request, found: Article) -> HTTPSeeOther:
    flush()  # a race for its address is lost here, and not when the visitor is there
    return HTTPSeeOther(request.route_path("articles.page", slug=found.slug))


def _list(request: Request, found: Query[Article]) -> dict[str, Any]:
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    page = min(max(page, 1), LAST_PAGE)
    articles = service.page(found, PAGE, page * PAGE - PAGE)
    return {
        "articles": summaries(articles, request.identity, favorites_of(request)),
        "tags": service.popular_tags(POPULAR),
        "page": page,
        "more": found.count() > page * PAGE,
        "kept": {name: value for name, value in request.GET.items() if name != "page"},
    }
