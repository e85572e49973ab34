"""The demo's pages."""

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from . import service
from .entities import DemoPostStatus
from .forms import PostForm
from .paging import Place


@view_config(route_name="demo", request_method="GET", renderer="templates/overview.pt")
def overview(_request: Request) -> dict[str, Any]:
    """Show the counts and the latest posts."""
    return {"overview": service.overview()}


@view_config(route_name="demo.posts", request_method="GET", renderer="templates/posts.pt")
def list_posts(request: Request) -> dict[str, Any]:
    """Show a page of the posts, and the form that writes one."""
    return _posts_page(request, PostForm())


@view_config(route_name="demo.posts", request_method="POST", renderer="templates/posts.pt")
def create_post(request: Request) -> Any:
    """Write a post and return to the list; show the form again where something is wrong."""
    form = PostForm.read(request.POST)
    if not form.errors:
        try:
            service.create_post(**form.values())
        except service.NameTakenError:
            form.errors["name"] = "Another author has this name. Choose a different one."
        else:
            request.flash("The post was saved.")
            return HTTPSeeOther(request.route_path("demo.posts"))
    request.response.status = 422
    return _posts_page(request, form)


@view_config(route_name="demo.post.delete", request_method="POST")
def delete_post(request: Request) -> HTTPSeeOther:
    """Delete a post and return to the page of the list that it was on."""
    try:
        post_id = UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound from None
    if not service.delete_post(post_id):
        raise HTTPNotFound
    request.flash("The post was deleted.")
    return HTTPSeeOther(request.route_path("demo.posts", _query=_where(request)))


def _posts_page(request: Request, form: PostForm) -> dict[str, Any]:
    where = _where(request)
    page = service.list_page(**where)
    return {"page": page, "where": where, "form": form, "statuses": list(DemoPostStatus)}


def _where(request: Request) -> dict[str, Place]:
    """Return which page the address names: the one before, or after, a place; or the first."""
    named = {name: Place.read(request.GET.get(name, "")) for name in ("before", "after")}
    return {name: place for name, place in named.items() if place is not None}
