"""What the pages of accounts share: the form's page, the site in mails, and where one came from."""

import re
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from berceau_accounts import passwords, throttle
from berceau_accounts.forms import CURRENT_PASSWORD, Form
from berceau_accounts.policy import require_user, user_of
from berceau_accounts.site import Site

TEMPLATE = "berceau_accounts:templates/form.pt"

# A path of this site: //host, and /\host in some browsers, lead to another one.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


@dataclass(frozen=True)
class Link:
    """A link beneath a form."""

    text: str
    path: str


def form_page(
    request: Request, form: Form, title: str, button: str, **more: object
) -> dict[str, Any]:
    """Return what the template shows; a form with errors has the status 422.

    ``more`` may have ``lead``, the sentence above the form, ``hidden`` fields, ``links``, and the
    ``username`` that a browser keeps with the password.
    """
    if form.errors:
        request.response.status = 422
    # The address of the page may hold a secret, and what follows Back shouldn't be kept.
    request.response.cache_control.no_store = True
    user = user_of(request)
    username = user.email if user is not None else ""
    values = {"lead": "", "username": username, "hidden": {}, "links": (), **more}
    return {"form": form, "title": title, "button": button, **values}


def refused(request: Request, form: Form, name: str, message: str) -> None:
    """Say what is wrong with the field ``name``; the status says so, too."""
    form.errors[name] = message
    request.response.status = 422


def check_password(request: Request, form: Form) -> None:
    """Refuse what isn't the user's password: who finds a browser open can't take the account."""
    user = require_user(request)
    if "password" in form.errors:
        return
    if passwords.is_right(form["password"], user.password_hash):
        throttle.forget_tries(user.email)
    else:
        form.errors[CURRENT_PASSWORD.name] = "This isn't your present password."


def site(request: Request) -> Site:
    """Return what mails say of the site that ``request`` came to."""
    return Site(request.host, request.route_url("accounts"))


def next_path(request: Request) -> str:
    """Return the path of this site that the visitor wanted to see; ``""`` where none is named."""
    given = request.params.get("next", "")
    return given if isinstance(given, str) and _PATH.fullmatch(given) else ""
