"""What went wrong, as a page for people or as problem+json for programs (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from webob.acceptparse import create_accept_header

from berceau.web.caching import vary
from berceau.web.json_renderer import serialize
from berceau.web.registry import WITHOUT_COOKIES

CONTENT_TYPE = "application/problem+json"
BLANK = "about:blank"
"""The type of a problem that is no more than its status."""

LONGEST_ACCEPT = 2000
"""How many characters are read of an Accept header: browsers send 300, and reading takes time."""

PAGE = "berceau.web:templates/error.pt"

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

    def encode(self, reason: str) -> bytes:
        """Return the JSON text; ``reason`` is HTTP's phrase of the status."""
        return serialize(self._members(reason), str, indent=2).encode() + b"\n"

    def _members(self, reason: str) -> dict[str, Any]:
        title, detail = self.title, self.detail
        if self.type == BLANK and title != reason:  # RFC 9457, 4.2.1: then the title is HTTP's
            title, detail = reason, f"{title}. {detail}"
        own = {"type": self.type, "title": title, "status": self.status, "detail": detail}
        return {**own, **self.extensions, **own}  # the order is the first's, the word the last's


def answer(
    request: Request,
    problem: Problem,
    page: str = PAGE,
    values: Mapping[str, Any] | None = None,
) -> Response:
    """Return ``problem`` as the client of ``request`` reads it: as problem+json, or as a page.

    The template ``page`` gets ``values``; without them, what ``problem`` says. Headers that
    ``request.response`` has are kept.
    """
    if request.environ.get(WITHOUT_COOKIES):
        return as_json(request, problem)
    vary(request.response, "Accept")
    if not reads_pages(request.headers.get("Accept")):
        return as_json(request, problem)
    request.response.status = problem.status
    if values is None:
        values = {"status": problem.status, "title": problem.title, "message": problem.detail}
    return render_to_response(page, values, request=request, response=request.response)


def as_json(request: Request, problem: Problem) -> Response:
    """Return ``problem`` as problem+json, with the headers that ``request.response`` has."""
    response = request.response
    response.status = problem.status
    response.content_type = CONTENT_TYPE
    response.charset = None
    response.body = problem.encode(response.status.partition(" ")[2])
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
