"""The pages of a user's own account: its password, address and sessions."""

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.security import forget, remember
from pyramid.view import view_config

from berceau_accounts import service, sessions
from berceau_accounts.browsers import browser_name
from berceau_accounts.events import Deleting
from berceau_accounts.forms import CURRENT_PASSWORD, NEW_EMAIL, NEW_PASSWORD, Form
from berceau_accounts.policy import IN_BROWSER, require_user
from berceau_accounts.views.shared import TEMPLATE, Link, check_password, form_page, site


@view_config(
    route_name="accounts",
    request_method="GET",
    permission=IN_BROWSER,
    renderer="berceau_accounts:templates/account.pt",
)
def show_account(request: Request) -> dict[str, Any]:
    """Show who is signed in, and what they can change."""
    return {"user": require_user(request)}


@view_config(
    route_name="accounts.password",
    request_method="GET",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def show_password(request: Request) -> dict[str, Any]:
    """Show the form that changes the password."""
    return _password_page(request, Form(CURRENT_PASSWORD, NEW_PASSWORD))


@view_config(
    route_name="accounts.password",
    request_method="POST",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def change_password(request: Request) -> Any:
    """Change the password; all other sessions end, and this one gets a new secret."""
    user = require_user(request)
    form = Form(CURRENT_PASSWORD, NEW_PASSWORD)
    form.read(request.POST)
    form.check_new_password(user.email)
    check_password(request, form)
    if form.errors:
        return _password_page(request, form)
    service.set_password(user, form["new_password"], site(request))
    sessions.end_sessions(user, but=sessions.current_session(request))
    remember(request, user)
    request.flash("Your password was changed, and your other sessions were ended.")
    return HTTPSeeOther(request.route_path("accounts"))


@view_config(
    route_name="accounts.email",
    request_method="GET",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def show_email(request: Request) -> dict[str, Any]:
    """Show the form that changes the address."""
    return _email_page(request, Form(NEW_EMAIL, CURRENT_PASSWORD))


@view_config(
    route_name="accounts.email",
    request_method="POST",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def ask_for_new_email(request: Request) -> Any:
    """Send a mail to the new address; it isn't told whether somebody has it."""
    form = Form(NEW_EMAIL, CURRENT_PASSWORD)
    form.read(request.POST)
    form.check_email()
    check_password(request, form)
    if form.errors:
        return _email_page(request, form)
    service.ask_for_new_email(require_user(request), form["email"], site(request))
    return HTTPSeeOther(request.route_path("accounts.sent"))


@view_config(
    route_name="accounts.new_email",
    request_method="GET",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def show_new_email(request: Request) -> dict[str, Any]:
    """Ask for the confirmation of a new address: a program that follows links gives none."""
    return form_page(
        request,
        Form(),
        "Confirm your new address",
        "Confirm",
        hidden={"token": request.params.get("token", "")},
    )


@view_config(
    route_name="accounts.new_email",
    request_method="POST",
    permission=IN_BROWSER,
    renderer="berceau_accounts:templates/dead_link.pt",
)
def change_email(request: Request) -> Any:
    """Give the user their new address."""
    token = request.params.get("token", "")
    try:
        service.change_email(require_user(request), str(token), site(request))
    except LookupError:
        request.response.status = 410
        return {}
    request.flash("Your address was changed.")
    return HTTPSeeOther(request.route_path("accounts"))


@view_config(
    route_name="accounts.delete",
    request_method="GET",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def show_delete(request: Request) -> dict[str, Any]:
    """Show the form that deletes the account."""
    return _delete_page(request, Form(CURRENT_PASSWORD))


@view_config(
    route_name="accounts.delete",
    request_method="POST",
    permission=IN_BROWSER,
    renderer=TEMPLATE,
)
def delete(request: Request) -> Any:
    """Delete the account, and sign out."""
    form = Form(CURRENT_PASSWORD)
    form.read(request.POST)
    check_password(request, form)
    if form.errors:
        return _delete_page(request, form)
    user = require_user(request)
    request.registry.notify(Deleting(user, request))
    forget(request)
    service.delete_user(user, site(request))
    request.flash("Your account was deleted.")
    return HTTPSeeOther(request.route_path("accounts.sign_in"))


@view_config(
    route_name="accounts.sessions",
    request_method="GET",
    permission=IN_BROWSER,
    renderer="berceau_accounts:templates/sessions.pt",
)
def show_sessions(request: Request) -> dict[str, Any]:
    """List the browsers in which the user is signed in."""
    return {
        "sessions": sessions.sessions_of(require_user(request)),
        "current": sessions.current_session(request),
        "browser_name": browser_name,
    }


@view_config(route_name="accounts.session.end", request_method="POST", permission=IN_BROWSER)
def end_session(request: Request) -> HTTPSeeOther:
    """End one of the user's sessions."""
    try:
        session_id = UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound from None
    if not sessions.end_session(require_user(request), session_id):
        raise HTTPNotFound
    request.flash("The session was ended.")
    return HTTPSeeOther(request.route_path("accounts.sessions"))


@view_config(route_name="accounts.sessions.end", request_method="POST", permission=IN_BROWSER)
def end_other_sessions(request: Request) -> HTTPSeeOther:
    """End all of the user's sessions but this one."""
    sessions.end_sessions(require_user(request), but=sessions.current_session(request))
    request.flash("Your other sessions were ended.")
    return HTTPSeeOther(request.route_path("accounts.sessions"))


def _back(request: Request) -> tuple[Link, ...]:
    return (Link("Back to the account", request.route_path("accounts")),)


def _password_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "Change your password",
        "Change the password",
        lead="Your other sessions end then.",
        links=_back(request),
    )


def _delete_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "Delete your account",
        "Delete the account",
        lead="It is deleted with all that belongs to it, and can't be brought back.",
        links=_back(request),
    )


def _email_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "Change your address",
        "Send a link",
        lead="We send a link to the new address. Until you follow it, nothing changes.",
        links=_back(request),
    )
