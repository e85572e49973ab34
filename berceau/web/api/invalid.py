"""What is wrong with a request, for each field: the status 422."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPUnprocessableEntity
from pyramid.request import Request
from pyramid.response import Response

from berceau.web.problems import Problem, answer

if TYPE_CHECKING:
    from pydantic import ValidationError

MOST = 100
"""How many mistakes an answer names: a list of a million wrong items makes no longer answer."""


class InvalidError(HTTPUnprocessableEntity, ValueError):
    """A request that can be read, but has mistakes in its fields: the status 422.

    ``errors`` has a mapping for each mistake: its ``detail``, and either the ``pointer`` into the
    JSON body, such as ``#/author/email``, or the ``parameter`` of the query string. A view may
    raise one, too::

        raise InvalidError([{"pointer": "#/email", "detail": "This address is taken."}])
    """

    title = "This request has mistakes"
    explanation = "Nothing was saved. Correct what is named, and send it again."

    def __init__(self, errors: Iterable[Mapping[str, str]], detail: str | None = None) -> None:
        self.errors: Sequence[Mapping[str, str]] = list(islice(errors, MOST))
        super().__init__(detail)


def includeme(config: Configurator) -> None:
    """Answer an ``InvalidError`` with the mistakes of each field."""
    config.add_exception_view(invalid, context=InvalidError)


def invalid(error: InvalidError, request: Request) -> Response:
    """Answer a request that has mistakes in its fields."""
    detail = error.detail or error.explanation
    return answer(request, Problem(422, error.title, detail, {"errors": error.errors}))


def mistakes_of_body(error: "ValidationError", document: Any) -> list[Mapping[str, str]]:
    """Return what is wrong with the JSON ``document``, by pointers into it."""
    return [
        {"pointer": pointer(_place(each, document)), "detail": _detail(each)}
        for each in _each(error)
    ]


def mistakes_of_query(error: "ValidationError") -> list[Mapping[str, str]]:
    """Return what is wrong with the parameters of a query string, by their names."""
    return [
        {"parameter": str(each["loc"][0]), "detail": _detail(each)}
        if each["loc"]
        else {"detail": _detail(each)}
        for each in _each(error)
    ]


def pointer(parts: Iterable[str | int]) -> str:
    """Return the JSON pointer to ``parts`` as a fragment: RFC 6901, as RFC 9457 shows it."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join("/" + quote(part, errors="replace") for part in escaped)


def _each(error: "ValidationError") -> list[Any]:
    # What was sent may be a password: no answer shows it.
    return error.errors(include_url=False, include_input=False)[:MOST]


def _detail(mistake: Any) -> str:
    detail: str = mistake["msg"]
    return detail.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _place(mistake: Any, document: Any) -> list[str | int]:
    """Return where the mistake is, without the names of types that pydantic puts between."""
    parts: list[str | int] = []
    for number, part in enumerate(mistake["loc"], 1):
        try:
            document = document[part]
        except (LookupError, TypeError):
            if mistake["type"] != "missing" or number < len(mistake["loc"]):
                continue
        parts.append(part)
    return parts
