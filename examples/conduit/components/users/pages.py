"""The pages of users: sign up, sign in and out, and change what is known of oneself."""

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import forget, remember
from pyramid.view import exception_view_config, view_config

from components.api.errors import RefusedError
from components.pages.forms import TEMPLATE, Field, Form

from . import service
from .entities import Member
from .models import Credentials, NewUser, UserChanges
from .policy import SIGNED_IN, NobodyError, token_of

BOTH = ("GET", "POST")
OUR_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")

NAME = Field("username", "Name", autocomplete="username", hint="Others see it.")
EMAIL = Field("email", "E-mail address", "email", "email", hint="Nobody else sees it.")
PASSWORD = Field("password", "Password", "password", "current-password")
NEW_PASSWORD = Field(
    "password", "Password", "password", "new-password", hint="8 characters at least."
)
OTHER_PASSWORD = Field(
    *("password", "New password", "password", "new-password"),
    hint="Leave it empty to keep yours. A new one signs you out in other browsers and programs.",
    optional=True,
)
BIO = Field("bio", "About you", rows=4)


@view_config(route_name="users.sign_up", request_method=BOTH, renderer=TEMPLATE)
def sign_up(request: Request) -> Any:
    """Sign up, and be signed in."""
    form = Form(NewUser, NAME, EMAIL, NEW_PASSWORD)
    if form.accepts(request):
        try:
            return _enter(request, service.sign_up(**form.values))
        except RefusedError as error:
            form.refuse(error)
    links = [("I have an account", request.route_path("users.sign_in", _query=request.GET))]
    return form.page(request, "Sign up", "Sign up", links=links)


@view_config(route_name="users.sign_in", request_method=BOTH, renderer=TEMPLATE)
def sign_in(request: Request) -> Any:
    """Sign in."""
    form = Form(Credentials, EMAIL, PASSWORD)
    if form.accepts(request):
        try:
            return _enter(request, service.log_in(**form.values))
        except RefusedError as error:
            form.refuse(error)
    links = [("I am new here", request.route_path("users.sign_up", _query=request.GET))]
    return form.page(request, "Sign in", "Sign in", links=links)


@view_config(route_name="users.sign_out", request_method="POST")
def sign_out(request: Request) -> HTTPSeeOther:
    """Sign out."""
    forget(request)
    request.flash("You are signed out.")
    return HTTPSeeOther(request.route_path("users.sign_in"))


@view_config(
    route_name="users.settings",
    request_method=BOTH,
    renderer="templates/settings.pt",
    permission=SIGNED_IN,
)
def settings(request: Request) -> Any:
    """Change what is known of oneself."""
    member = request.identity
    shown = {"username": member.username, "email": member.email, "bio": member.bio}
    form = Form(UserChanges, NAME, EMAIL, BIO, OTHER_PASSWORD, **shown)
    if form.accepts(request):
        try:
            service.change(member, form.values, token_of(request))
        except RefusedError as error:
            form.refuse(error)
        else:
            request.flash("Your changes were saved.")
            return HTTPSeeOther(request.route_path("users.settings"))
    return form.page(request, "Your account", "Save")


@exception_view_config(context=NobodyError, path_info="^/(?!api/)")
def ask_to_sign_in(_error: NobodyError, request: Request) -> HTTPSeeOther:
    """Let a visitor sign in, and come back to the page that needs it."""
    query = {"next": request.path_qs} if request.method == "GET" else {}
    return HTTPSeeOther(request.route_path("users.sign_in", _query=query))


def _enter(request: Request, member: Member) -> HTTPSeeOther:
    remember(request, member)
    request.flash(f"Welcome, {member.username}.")
    wanted = request.GET.get("next", "/")
    return HTTPSeeOther(wanted if OUR_PATH.fullmatch(wanted) else "/")
