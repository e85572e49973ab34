"""JSON bodies, read under limits: what isn't JSON that all readers understand alike is refused."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pyramid.httpexceptions import HTTPUnsupportedMediaType
from pyramid.request import Request

from berceau.text import is_storable
from berceau.web.api.invalid import pointer
from berceau.web.forms import MalformedError, TooLargeError
from berceau.web.registry import settings_of

JSON_TYPE = re.compile(r"application/(?:[\w.!#$&^+-]+\+)?json", re.IGNORECASE)

# Only where a body has one of these, its text is searched for NUL and halves of characters.
SUSPICIOUS = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)

UNSTORABLE = "Remove the NUL character or the half of a character, which can't be stored."


def read_json(request: Request) -> Any:
    """Return the JSON in the body of ``request``, read as an API view reads it: for a tween, say.

    Raises what answers 400, 413 or 415.
    """
    return parse(read_body(request))


def read_body(request: Request) -> bytes:
    """Return the body of ``request``, which says that it is JSON.

    Raises ``HTTPUnsupportedMediaType`` where it says otherwise, or is compressed, and
    ``TooLargeError``.
    """
    if not JSON_TYPE.fullmatch(request.content_type):
        raise HTTPUnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise HTTPUnsupportedMediaType("Send JSON that isn't compressed.")
    most = settings_of(request.registry.settings).form_limits.max_form_size
    too_large = f"The body has more than {most:,} bytes. Nothing was saved."
    if (request.content_length or 0) > most:
        raise TooLargeError(too_large)
    body: bytes = request.body
    if len(body) > most:
        raise TooLargeError(too_large)
    return body


def parse(body: bytes) -> Any:
    """Return the document in ``body``: JSON in UTF-8, in which each name of an object is unique.

    Raises ``MalformedError``.
    """
    try:
        return json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_int=_short,
            parse_float=_finite,
            parse_constant=_refused,
        )
    except RecursionError:
        raise MalformedError("The body is nested too deep.") from None
    except UnicodeDecodeError:
        raise MalformedError("Send JSON as UTF-8.") from None
    except ValueError as error:
        raise MalformedError(f"The body isn't JSON: {error}.") from None


def unstorable(body: bytes, document: Any) -> Iterator[Mapping[str, str]]:
    """Yield where ``document``, which ``body`` has, contains text that PostgreSQL can't store."""
    if not SUSPICIOUS.search(body):
        return
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*place, name), item) for name, item in value.items()]
            waiting += [((*place, name), name) for name in value if not is_storable(name)]
        elif isinstance(value, list):
            waiting += [((*place, number), item) for number, item in enumerate(value)]
        elif isinstance(value, str) and not is_storable(value):
            yield {"pointer": pointer(place), "detail": UNSTORABLE}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has two members of one name")
    return found


def _short(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python limits the digits, and its words are for programmers
        raise ValueError("a number is too large") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number")
