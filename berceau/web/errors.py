"""The pages for what can't be served: each has what happened and what to do next."""

import logging
from typing import Any

from pony.orm import DataError
from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken, URLDecodeError
from pyramid.httpexceptions import HTTPError
from pyramid.request import Request

from berceau.errors import ConflictError
from berceau.web.forms import MalformedError
from berceau.web.intake import holds_what_no_text_can
from berceau.web.logs import REQUEST_ID
from berceau.web.registry import EXPLAIN

log = logging.getLogger("berceau")

TEMPLATE = "berceau.web:templates/error.pt"
CRASHED = "berceau.web:templates/crashed.pt"

CONFLICTS = {
    "taken": ("This exists already", "Another entry has the same value: {}."),
    "missing": ("This has changed meanwhile", "What you chose doesn't exist any more: {}."),
    "referred to": ("This is still used", "Other entries refer to it: {}."),
}

# The page has a body of its own; everything else that the error sends to the browser is kept.
BODY_HEADERS = {"content-type", "content-length"}


def includeme(config: Configurator) -> None:
    """Serve a friendly page for every error."""
    config.add_notfound_view(not_found, renderer=TEMPLATE)
    config.add_exception_view(expired, context=BadCSRFToken, renderer=TEMPLATE)
    config.add_exception_view(expired, context=BadCSRFOrigin, renderer=TEMPLATE)
    config.add_exception_view(malformed, context=URLDecodeError, renderer=TEMPLATE)
    config.add_exception_view(refused, context=HTTPError, renderer=TEMPLATE)
    config.add_exception_view(contradicted, context=ConflictError, renderer=TEMPLATE)
    for doubt in (ValueError, DataError):
        config.add_exception_view(doubtful, context=doubt, renderer=TEMPLATE)
    config.add_exception_view(crashed, context=Exception, renderer=TEMPLATE)


def not_found(request: Request) -> dict[str, Any]:
    """Answer for an address that nothing has."""
    return _page(
        request,
        404,
        "This page doesn't exist",
        "Its address may be mistyped, or what it showed was deleted.",
    )


def expired(error: BadCSRFToken, request: Request) -> dict[str, Any]:
    """Answer a form that no page of ours sent, or one whose cookie is gone."""
    log.warning("%s %s was refused: %s", request.method, request.path, error.detail)
    return _page(
        request,
        400,
        "This form has expired",
        "Nothing was saved. Go back, reload the page and send the form again; "
        "your browser must accept cookies.",
    )


def malformed(request: Request) -> dict[str, Any]:
    """Answer what breaks the rules of the type that it declares."""
    return _page(request, 400, MalformedError.title, MalformedError.explanation)


def refused(error: HTTPError, request: Request) -> dict[str, Any]:
    """Answer what a view refused for a reason of its own."""
    for name, value in error.headers.items():
        if name.lower() not in BODY_HEADERS:
            request.response.headers.add(name, value)
    return _page(request, error.status_code, error.title, error.detail or error.explanation)


def contradicted(error: ConflictError, request: Request) -> dict[str, Any]:
    """Answer what other rows don't allow, in an attempt that isn't repeated any more."""
    log.warning("%s %s was refused: %s", request.method, request.path, error.message)
    title, explanation = CONFLICTS[error.kind]
    names = ", ".join(error.attributes) or "this"
    return _page(request, 409, title, f"Nothing was saved. {explanation.format(names)}")


def doubtful(error: Exception, request: Request) -> dict[str, Any]:
    """Answer what may be a mistake of the request, which holds no text then, or else of ours."""
    if holds_what_no_text_can(request):
        return malformed(request)
    return crashed(error, request)


def crashed(error: Exception, request: Request) -> dict[str, Any]:
    """Answer when something broke: the log has the traceback, the page only a developer's."""
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    if EXPLAIN in request.registry:
        request.response.status = 500
        request.override_renderer = CRASHED
        explained: dict[str, Any] = request.registry[EXPLAIN](error)
        return explained
    return _page(
        request,
        500,
        "Something went wrong here",
        "Nothing was saved. The error is in the log as "
        f"{REQUEST_ID.get()}; please try again later.",
    )


def _page(request: Request, status: int, title: str, message: str) -> dict[str, Any]:
    request.response.status = status
    return {"status": status, "title": title, "message": message}
