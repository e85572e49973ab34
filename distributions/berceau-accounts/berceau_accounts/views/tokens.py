"""The pages of a user's tokens for programs."""

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from berceau_accounts.api_tokens import (
    LONGEST_DAYS,
    create_token,
    revoke_token,
    tokens_of,
)
from berceau_accounts.entities import NAME_LENGTH
from berceau_accounts.forms import CURRENT_PASSWORD, Field, Form
from berceau_accounts.policy import IN_BROWSER, require_user
from berceau_accounts.views.shared import TEMPLATE, Link, check_password, form_page

NAME = Field("name", "Name", hint="What the token is for, such as the name of a program.")
DAYS = Field("days", "Days", "number", hint=f"After how many days it ends: {LONGEST_DAYS} at most.")


@view_config(
    route_name="accounts.tokens",
    request_method="GET",
    permission=IN_BROWSER,
    renderer="berceau_accounts:templates/tokens.pt",
)
def show_tokens(request: Request) -> dict[str, Any]:
    """List the user's tokens, without their texts."""
    return {"tokens": tokens_of(require_user(request))}


@view_config(
    route_name="accounts.tokens.new",
    request_method="GET",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def show_new_token(request: Request) -> dict[str, Any]:
    """Show the form that makes a token."""
    form = _form()
    form.values["days"] = "90"
    return _new_page(request, form)


@view_config(
    route_name="accounts.tokens.new",
    request_method="POST",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def make_token(request: Request) -> dict[str, Any]:
    """Make a token, and show its text this once."""
    form = _form()
    form.read(request.POST)
    form.check_text("name", NAME_LENGTH)
    form.check_number("days", LONGEST_DAYS)
    check_password(request, form)
    if form.errors:
        return _new_page(request, form)
    token, text = create_token(require_user(request), form["name"], int(form["days"]))
    request.override_renderer = "berceau_accounts:templates/token.pt"
    request.response.cache_control.no_store = True
    return {"token": token, "text": text}


@view_config(route_name="accounts.token.revoke", request_method="POST", permission=IN_BROWSER)
def revoke(request: Request) -> HTTPSeeOther:
    """End one of the user's tokens."""
    try:
        token_id = UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound from None
    if not revoke_token(require_user(request), token_id):
        raise HTTPNotFound
    request.flash("The token was revoked.")
    return HTTPSeeOther(request.route_path("accounts.tokens"))


def _form() -> Form:
    return Form(NAME, DAYS, CURRENT_PASSWORD)


def _new_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "A new token",
        "Make the token",
        lead="A program signs in with a token instead of your password.",
        links=(Link("Back to the tokens", request.route_path("accounts.tokens")),),
    )
