"""The pages of those who aren't signed in: sign up, confirm, sign in, a forgotten password."""

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import forget, remember
from pyramid.view import view_config

from berceau_accounts import service, throttle
from berceau_accounts.entities import AccountsPurpose, User
from berceau_accounts.events import SignedUp
from berceau_accounts.forms import EMAIL, NEW_PASSWORD, PASSWORD, Form
from berceau_accounts.policy import user_of
from berceau_accounts.views.shared import TEMPLATE, Link, form_page, next_path, refused, site


@view_config(route_name="accounts.sign_up", request_method="GET", renderer=TEMPLATE)
def show_sign_up(request: Request) -> Any:
    """Show the form that makes an account."""
    return _sign_up_page(request, Form(EMAIL, NEW_PASSWORD))


@view_config(route_name="accounts.sign_up", request_method="POST", renderer=TEMPLATE)
def sign_up(request: Request) -> Any:
    """Send a mail; what the visitor sees is the same for every address."""
    form = Form(EMAIL, NEW_PASSWORD)
    form.read(request.POST)
    form.check_email()
    form.check_new_password(form["email"])
    if form.errors:
        return _sign_up_page(request, form)
    service.sign_up(form["email"], form["new_password"], site(request))
    return HTTPSeeOther(request.route_path("accounts.sent"))


@view_config(
    route_name="accounts.sent",
    request_method="GET",
    renderer="berceau_accounts:templates/sent.pt",
)
def show_sent(_request: Request) -> dict[str, Any]:
    """Say that a mail was sent."""
    return {}


@view_config(route_name="accounts.confirm", request_method="GET", renderer=TEMPLATE)
def show_confirm(request: Request) -> Any:
    """Ask for the password of the sign-up: a link alone makes no account."""
    if not service.email_of(AccountsPurpose.SIGN_UP, _token(request)):
        return _dead_link(request)
    return _confirm_page(request, Form(PASSWORD))


@view_config(route_name="accounts.confirm", request_method="POST", renderer=TEMPLATE)
def confirm(request: Request) -> Any:
    """Make the account, and sign its user in."""
    form = Form(PASSWORD)
    form.read(request.POST)
    if form.errors:
        return _confirm_page(request, form)
    try:
        user = service.confirm(_token(request), form["password"])
    except LookupError:
        return _dead_link(request)
    if user is None:
        refused(request, form, "password", "This isn't the password that you signed up with.")
        return _confirm_page(request, form)
    request.registry.notify(SignedUp(user, request))
    return _enter(request, user, "Welcome. Your address is confirmed.")


@view_config(route_name="accounts.sign_in", request_method="GET", renderer=TEMPLATE)
def show_sign_in(request: Request) -> Any:
    """Show the form that signs in."""
    if user_of(request) is not None:
        return HTTPSeeOther(next_path(request) or request.route_path("accounts"))
    return _sign_in_page(request, Form(EMAIL, PASSWORD))


@view_config(route_name="accounts.sign_in", request_method="POST", renderer=TEMPLATE)
def sign_in(request: Request) -> Any:
    """Sign in; what is wrong, the address or the password, isn't told."""
    form = Form(EMAIL, PASSWORD)
    form.read(request.POST)
    if form.errors:
        return _sign_in_page(request, form)
    user = service.authenticate(form["email"], form["password"])
    if user is None:
        refused(request, form, "password", "There is no account with this address and password.")
        return _sign_in_page(request, form)
    throttle.forget_tries(form["email"])
    return _enter(request, user, "You are signed in.")


@view_config(route_name="accounts.sign_out", request_method="POST")
def sign_out(request: Request) -> Any:
    """End this session."""
    forget(request)
    request.flash("You are signed out.")
    return HTTPSeeOther(request.route_path("accounts.sign_in"))


@view_config(route_name="accounts.reset", request_method="GET", renderer=TEMPLATE)
def show_reset(request: Request) -> Any:
    """Ask for the address of the account."""
    return _reset_page(request, Form(EMAIL))


@view_config(route_name="accounts.reset", request_method="POST", renderer=TEMPLATE)
def reset(request: Request) -> Any:
    """Send a link; what the visitor sees is the same for every address."""
    form = Form(EMAIL)
    form.read(request.POST)
    form.check_email()
    if form.errors:
        return _reset_page(request, form)
    service.ask_for_reset(form["email"], site(request))
    return HTTPSeeOther(request.route_path("accounts.sent"))


@view_config(route_name="accounts.new_password", request_method="GET", renderer=TEMPLATE)
def show_new_password(request: Request) -> Any:
    """Ask for a new password."""
    if not service.email_of(AccountsPurpose.RESET, _token(request)):
        return _dead_link(request)
    return _new_password_page(request, Form(NEW_PASSWORD))


@view_config(route_name="accounts.new_password", request_method="POST", renderer=TEMPLATE)
def choose_password(request: Request) -> Any:
    """Set the new password; the user signs in with it."""
    form = Form(NEW_PASSWORD)
    form.read(request.POST)
    form.check_new_password(service.email_of(AccountsPurpose.RESET, _token(request)))
    if form.errors:
        return _new_password_page(request, form)
    try:
        user = service.reset_password(_token(request), form["new_password"], site(request))
    except LookupError:
        return _dead_link(request)
    throttle.forget_tries(user.email)
    forget(request)
    request.flash("Your password was changed, and all sessions were ended. Sign in with it now.")
    return HTTPSeeOther(request.route_path("accounts.sign_in"))


def _enter(request: Request, user: User, message: str) -> HTTPSeeOther:
    path = next_path(request) or request.route_path("accounts")
    remember(request, user)
    request.flash(message)
    return HTTPSeeOther(path)


def _token(request: Request) -> str:
    token = request.params.get("token", "")
    return token if isinstance(token, str) else ""


def _dead_link(request: Request) -> dict[str, Any]:
    request.response.status = 410
    request.override_renderer = "berceau_accounts:templates/dead_link.pt"
    return {}


def _sign_up_page(request: Request, form: Form) -> dict[str, Any]:
    links = (Link("I have an account", request.route_path("accounts.sign_in")),)
    return form_page(request, form, "Sign up", "Sign up", links=links)


def _confirm_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "Confirm your address",
        "Confirm",
        lead="Enter the password that you chose when you signed up.",
        username=service.email_of(AccountsPurpose.SIGN_UP, _token(request)),
        hidden={"token": _token(request)},
        links=(Link("I forgot it: sign up again", request.route_path("accounts.sign_up")),),
    )


def _sign_in_page(request: Request, form: Form) -> dict[str, Any]:
    links = (
        Link("Sign up", request.route_path("accounts.sign_up")),
        Link("I forgot my password", request.route_path("accounts.reset")),
    )
    hidden = {"next": next_path(request)}
    return form_page(request, form, "Sign in", "Sign in", hidden=hidden, links=links)


def _reset_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "A new password",
        "Send a link",
        lead="We send a link to the address of your account. There you choose a new password.",
        links=(Link("Sign in", request.route_path("accounts.sign_in")),),
    )


def _new_password_page(request: Request, form: Form) -> dict[str, Any]:
    return form_page(
        request,
        form,
        "Choose a new password",
        "Change the password",
        lead="All sessions and tokens for programs end then.",
        username=service.email_of(AccountsPurpose.RESET, _token(request)),
        hidden={"token": _token(request)},
    )
