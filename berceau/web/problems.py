"""What went wrong, as a page for people or as problem+json for programs (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from webob.acceptparse import create_accept_header
from webob.util import status_generic_reasons, status_reasons

from berceau.web.caching import vary
from berceau.web.json_renderer import serialize
from berceau.web.registry import ERROR_FORMATS, WITHOUT_COOKIES

CONTENT_TYPE = "application/problem+json"
BLANK = "about:blank"
"""The type of a problem that is no more than its status."""

LONGEST_ACCEPT = 2000
"""How many characters are read of an Accept header: browsers send 300, and reading takes time."""

PAGE = "berceau.web:templates/error.pt"
FRAME = "berceau.error_frame"
"""In the environment: the template to use in the place of ``PAGE``, and more values for it."""

_PAGES = ("text/html", "application/xhtml+xml")
_PROBLEMS = (CONTENT_TYPE, "application/json")
# A page is for who says so: what takes anything, as curl and scripts do, is a program.
_NAMED = {*_PAGES, "text/*"}


@dataclass(frozen=True)
class Problem:
    """What went wrong, in a person's words: a ``title``, and a sentence or two of ``detail``.

    ``extensions`` are members for programs, such as ``errors``; ``type`` is the URL of a page that
    describes problems of this kind.
    """

    status: int
    title: str
    detail: str
    extensions: Mapping[str, Any] = field(default_factory=dict)
    type: str = BLANK

    def encode(self) -> bytes:
        """Return the JSON text."""
        return serialize(self._members(), str, indent=2).encode() + b"\n"

    def _members(self) -> dict[str, Any]:
        title, detail, reason = self.title, self.detail, phrase(self.status)
        if self.type == BLANK and title != reason:  # RFC 9457, 4.2.1: then the title is HTTP's
            title, detail = reason, f"{title}. {detail}"
        own = {"type": self.type, "title": title, "status": self.status, "detail": detail}
        return {**own, **self.extensions, **own}  # the order is the first's, the word the last's


class ProblemError(Exception):
    """What a view refuses: it is answered by a ``status`` of 400 or more, and undone.

    ``extensions`` are members of the problem for programs. ``title`` is HTTP's phrase unless it is
    given, ``type`` the URL of a page that describes problems of this kind. The answer has the
    ``headers``.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        extensions: Mapping[str, Any] | None = None,
        *,
        title: str | None = None,
        type: str = BLANK,  # noqa: A002 - as RFC 9457 calls it
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if not 400 <= status < 600:
            raise ValueError(f"{status} is no status of an error.")
        super().__init__(detail)
        title = title or phrase(status)
        self.problem = Problem(status, title, detail, extensions or {}, type)
        self.headers = headers or {}


def phrase(status: int) -> str:
    """Return HTTP's phrase of ``status``, which is the same in answers and in documents."""
    known = status_reasons.get(status) or next((e.phrase for e in HTTPStatus if e == status), None)
    return known or str(status_generic_reasons[status // 100])


def answer(
    request: Request,
    problem: Problem,
    page: str = PAGE,
    values: Mapping[str, Any] | None = None,
) -> Response:
    """Return ``problem`` as the client of ``request`` reads it: as problem+json, or as a page.

    The template ``page`` gets ``values``; without them, what ``problem`` says, and the default
    page may be another one: see ``FRAME``. Headers that
    ``request.response`` has are kept.
    """
    if request.environ.get(WITHOUT_COOKIES):
        return as_json(request, problem)
    vary(request.response, "Accept")
    if not reads_pages(request.headers.get("Accept")):
        return as_json(request, problem)
    request.response.status = problem.status
    if values is None:
        page, more = request.environ.get(FRAME, (PAGE, {})) if page == PAGE else (page, {})
        said = {"status": problem.status, "title": problem.title, "message": problem.detail}
        values = {**said, **more}
    return render_to_response(page, values, request=request, response=request.response)


def as_json(request: Request, problem: Problem) -> Response:
    """Return ``problem`` in the form of the request's API, which is problem+json by default.

    The response has the headers that ``request.response`` has.
    """
    formats = request.registry.get(ERROR_FORMATS)
    form = formats.of(request.environ.get("PATH_INFO", "")) if formats else None
    written = form.write(request, problem) if form else None
    response = request.response
    response.status = f"{problem.status} {phrase(problem.status)}"
    response.content_type, body = written or (CONTENT_TYPE, problem.encode())
    response.charset = None
    response.body = body
    return response


def reads_pages(accept: str | None) -> bool:
    """Return whether a client with this Accept header is to get a page rather than problem+json.

    Such a client names HTML, and likes JSON no better. ``*/*``, which takes both, names nothing.
    """
    if accept is None or len(accept) > LONGEST_ACCEPT:
        return False
    parsed = create_accept_header(accept)
    named = {range_.lower() for range_, quality, *_ in parsed.parsed or () if quality}
    if not named & _NAMED:
        return False
    liked = dict(parsed.acceptable_offers([*_PAGES, *_PROBLEMS]))
    page, problem = (max(liked.get(each, 0) for each in kind) for kind in (_PAGES, _PROBLEMS))
    return page >= problem
