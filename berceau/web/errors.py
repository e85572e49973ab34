"""The answers to what can't be served: each has what happened and what to do next."""

import logging

from pony.orm import DataError
from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken, PredicateMismatch, URLDecodeError
from pyramid.httpexceptions import HTTPError, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from berceau.web.forms import MalformedError
from berceau.web.intake import holds_what_no_text_can
from berceau.web.logs import REQUEST_ID
from berceau.web.methods import methods_of
from berceau.web.problems import Problem, ProblemError, answer
from berceau.web.registry import EXPLAIN, WITHOUT_COOKIES

log = logging.getLogger("berceau")

# The answer has a body of its own; everything else that the error sends to the client is kept.
BODY_HEADERS = {"content-type", "content-length"}


def includeme(config: Configurator) -> None:
    """Answer every error by a friendly page, or by problem+json."""
    config.include("berceau.web.methods")
    config.add_notfound_view(not_found)
    config.add_exception_view(expired, context=BadCSRFToken)
    config.add_exception_view(expired, context=BadCSRFOrigin)
    config.add_exception_view(malformed, context=URLDecodeError)
    config.add_exception_view(refused, context=HTTPError)
    config.add_exception_view(problematic, context=ProblemError)
    for doubt in (ValueError, DataError):
        config.add_exception_view(doubtful, context=doubt)
    config.add_exception_view(crashed, context=Exception)


def not_found(error: HTTPNotFound, request: Request) -> Response:
    """Answer for an address that nothing has, or not for this method."""
    if not isinstance(error, PredicateMismatch) and not _is_pyramids(error, request):
        return refused(error, request)
    allowed = methods_of(request)
    if allowed and request.method not in allowed:
        return not_allowed(request, allowed)
    return answer(
        request,
        Problem(
            404,
            "This page doesn't exist",
            "Its address may be mistyped, or what it showed was deleted.",
        ),
    )


def _is_pyramids(error: HTTPNotFound, request: Request) -> bool:
    """Return whether Pyramid raised ``error``, whose detail is no more than the address."""
    return not error.has_body and error.detail in {None, "", request.path_info, request.url}


def not_allowed(request: Request, allowed: tuple[str, ...]) -> Response:
    """Answer a method that the address doesn't take; it takes ``allowed``."""
    listed = ", ".join(allowed)
    request.response.headers["Allow"] = listed
    return answer(
        request,
        Problem(405, "This can't be done here", f"The address takes only these methods: {listed}."),
    )


def expired(error: BadCSRFToken, request: Request) -> Response:
    """Answer a form that no page of ours sent, or one whose cookie is gone."""
    log.warning("%s %s was refused: %s", request.method, request.path, error.detail)
    return answer(
        request,
        Problem(
            400,
            "This form has expired",
            "Nothing was saved. Go back, reload the page and send the form again; "
            "your browser must accept cookies.",
        ),
    )


def malformed(request: Request) -> Response:
    """Answer what breaks the rules of the type that it declares."""
    return answer(request, Problem(400, MalformedError.title, MalformedError.explanation))


def refused(error: HTTPError, request: Request) -> Response:
    """Answer what a view refused for a reason of its own; what has a body is sent as it is."""
    if error.has_body:
        return error
    for name, value in error.headers.items():
        if name.lower() not in BODY_HEADERS:
            request.response.headers.add(name, value)
    if getattr(error, "result", None) is not None:
        return not_permitted(request)
    detail = " ".join((error.detail or error.explanation or "").split())
    return answer(request, Problem(error.status_code, error.title, detail))


def problematic(error: ProblemError, request: Request) -> Response:
    """Answer what a view refused with members of its own."""
    request.response.headers.update(list(error.headers.items()))
    return answer(request, error.problem)


def not_permitted(request: Request) -> Response:
    """Answer who lacks a view's permission; a program that sent no token is asked for one."""
    if request.environ.get(WITHOUT_COOKIES) and "Authorization" not in request.headers:
        request.response.headers["WWW-Authenticate"] = "Bearer"
        return answer(request, Problem(401, "Unauthorized", "Send a token with this request."))
    return answer(request, Problem(403, "Forbidden", "You may not do this."))


def doubtful(error: Exception, request: Request) -> Response:
    """Answer what may be a mistake of the request, which holds no text then, or else of ours."""
    if holds_what_no_text_can(request):
        return malformed(request)
    return crashed(error, request)


def crashed(error: Exception, request: Request) -> Response:
    """Answer when something broke: the log has the traceback, the answer only a developer's."""
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    if EXPLAIN in request.registry:
        explained: Response = request.registry[EXPLAIN](error, request)
        return explained
    return answer(
        request,
        Problem(
            500,
            "Something went wrong here",
            "Nothing was saved. The error is in the log as "
            f"{REQUEST_ID.get()}; please try again later.",
        ),
    )
