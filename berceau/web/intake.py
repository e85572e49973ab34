"""What a client sends, read under limits: what is malformed is refused before it costs much."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import IO, Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.request import Request as PyramidRequest
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from pyramid_retry import BeforeRetry
from webob.multidict import GetDict, MultiDict, NoVars

from berceau.settings import FormLimits
from berceau.text import is_storable
from berceau.web.forms import CHARSETS, MalformedError, Upload, pairs, parts, whole
from berceau.web.registry import settings_of
from berceau.web.temporary import open_file, open_spool

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# Where WebOb keeps what it parsed, for as long as the body stays the same.
PARSED_FORM = "webob._parsed_post_vars"
PARSED_QUERY = "webob._parsed_query_vars"
WAS_READ = "berceau.body_was_read"

# Headers that mean nothing where they can't be read (RFC 9110), and what reads them.
OPTIONAL_HEADERS = {
    "HTTP_AUTHORIZATION": "authorization",
    "HTTP_CACHE_CONTROL": "cache_control",
    "HTTP_COOKIE": "cookies",
    "HTTP_DATE": "date",
    "HTTP_IF_MATCH": "if_match",
    "HTTP_IF_MODIFIED_SINCE": "if_modified_since",
    "HTTP_IF_NONE_MATCH": "if_none_match",
    "HTTP_IF_RANGE": "if_range",
    "HTTP_IF_UNMODIFIED_SINCE": "if_unmodified_since",
    "HTTP_MAX_FORWARDS": "max_forwards",
    "HTTP_RANGE": "range",
    "HTTP_REFERER": "referer",
}

# WebOb's types don't know that its properties may be overridden.
BASE: Any = PyramidRequest


def includeme(config: Configurator) -> None:
    """Read every request by ``Request``, and refuse at once what no page can answer."""
    config.set_request_factory(Request)
    config.include("berceau.web.temporary")
    config.add_subscriber(read_again, BeforeRetry)
    config.add_tween(
        "berceau.web.intake.address_tween_factory",
        under=EXCVIEW,
        over=(
            "berceau.web.hosts.host_tween_factory",
            "berceau.web.unavailable.fitness_tween_factory",
        ),
    )


def address_tween_factory(handler: Callable[[PyramidRequest], Response], _registry: Any) -> Any:
    """Return a tween that refuses an address, or an origin, that can't be read."""

    def address_tween(request: PyramidRequest) -> Response:
        check_address(request)
        return handler(request)

    return address_tween


def read_again(event: BeforeRetry) -> None:
    """Let the next attempt read from the begin what the failed one read, or changed."""
    event.environ.pop(PARSED_FORM, None)
    event.request.make_body_seekable()


def check_address(request: PyramidRequest) -> None:
    """Raise ``MalformedError`` where the path isn't UTF-8, or the origin no address."""
    environ = request.environ
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    try:
        path.encode("latin-1").decode()
        urlsplit(environ.get("HTTP_ORIGIN", ""))
    except ValueError:
        raise MalformedError from None


def drop_unreadable_headers(request: PyramidRequest) -> None:
    """Ignore each header that can't be read, as if it hadn't been sent."""
    environ = request.environ
    for name in OPTIONAL_HEADERS.keys() & environ.keys():
        try:
            _read_header(request, OPTIONAL_HEADERS[name])
        except Exception:  # whatever WebOb's parsers and Python's raise
            del environ[name]
            if name == "HTTP_IF_RANGE":  # the rest of an unknown thing is no use
                environ.pop("HTTP_RANGE", None)


def holds_what_no_text_can(request: PyramidRequest) -> bool:
    """Return whether ``request`` sent NUL or half a character, which PostgreSQL can't store."""
    try:
        sent = [request.path_info, *request.cookies.values(), *request.headers.values()]
        sent += [*_credentials(request), *request.params.keys(), *request.params.values()]
    except ValueError:
        return True
    if getattr(request, "body_was_read", True):
        with suppress(ValueError):  # a body of another kind
            sent += leaves(request.json_body)
    sent += [
        text for each in sent if isinstance(each, Upload) for text in (each.filename, each.type)
    ]
    return not all(is_storable(text) for text in sent if isinstance(text, str))


def _credentials(request: PyramidRequest) -> Iterator[str]:
    """Yield the name and the password of Basic authentication, which are sent encoded."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        with suppress(ValueError):
            yield b64decode(encoded).decode("utf-8", "replace")


def leaves(document: Any) -> Iterator[Any]:
    """Yield the names and values in a JSON document, however deep it is nested."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        else:
            yield value


def _read_header(request: PyramidRequest, attribute: str) -> None:
    found = getattr(request, attribute)
    if attribute == "cookies":
        found.get("")
    elif attribute == "referer":
        urlsplit(found)


class Request(BASE):
    """Pyramid's request, which raises ``MalformedError`` and ``TooLargeError`` where it must.

    Both are ``ValueError``, as WebOb's own are, and have a page. A form is UTF-8; of JSON, the
    encoding is found out.
    """

    @property
    def GET(self) -> Any:  # noqa: N802 - WebOb's name
        """The variables of the query string; WebOb's own split at semicolons, too."""
        source = self.environ.get("QUERY_STRING", "")
        found, of = self.environ.get(PARSED_QUERY, (None, None))
        if found is None or of != source:
            found = GetDict(pairs(source.encode("latin-1"), self._limits), self.environ)
            self.environ[PARSED_QUERY] = (found, source)
        return found

    @property
    def POST(self) -> Any:  # noqa: N802 - WebOb's name
        """The fields of the form as text, and its files as ``Upload``; empty for other bodies."""
        found, of = self.environ.get(PARSED_FORM, (None, None))
        if found is not None and of is self.body_file_raw:
            return found
        kind = self.content_type
        if kind not in {"", URLENCODED, MULTIPART} or (not kind and self.method != "POST"):
            return NoVars(f"Not an HTML form submission (Content-Type: {kind})")
        self._check_charset()
        self.make_body_seekable()
        self.body_file_raw.seek(0)
        found = MultiDict(
            parts(self.body_file, self.headers["Content-Type"], self._limits, self._open_spool)
            if kind == MULTIPART
            else pairs(whole(self.body_file, self.content_length, self._limits), self._limits)
        )
        self.environ[PARSED_FORM] = (found, self.body_file_raw)
        return found

    @property
    def json_body(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise MalformedError("This isn't JSON, or JSON that is nested too deep.") from None

    json = json_body

    @property
    def body_was_read(self) -> bool:
        """Whether anybody asked for a byte of the body, or for what is in it."""
        return WAS_READ in self.environ

    @property
    def body_file(self) -> IO[bytes]:
        """The body as a file."""
        self.environ[WAS_READ] = True
        found: IO[bytes] = BASE.body_file.fget(self)
        return found

    @body_file.setter
    def body_file(self, value: IO[bytes]) -> None:
        BASE.body_file.fset(self, value)

    def copy_body(self) -> None:
        """Make the body one that can be read again, and whose content no error shows."""
        was_read = self.body_was_read
        super().copy_body()
        if not was_read:
            self.environ.pop(WAS_READ, None)

    @property
    def body(self) -> bytes:
        """The whole body."""
        self.environ[WAS_READ] = True
        found: bytes = BASE.body.fget(self)
        return found

    @body.setter
    def body(self, value: bytes) -> None:
        BASE.body.fset(self, value)

    @property
    def text(self) -> str:
        """The whole body as text."""
        self._check_charset()
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            raise MalformedError from None

    @text.setter
    def text(self, value: str) -> None:
        BASE.text.fset(self, value)

    def make_tempfile(self) -> IO[bytes]:
        """Return the file for a large body that WebOb copies."""
        return open_file(self.environ)

    def _open_spool(self) -> IO[bytes]:
        return open_spool(self.environ)

    @cached_property
    def _limits(self) -> FormLimits:
        # A copy of a request has no registry.
        registry = getattr(self, "registry", None)
        return settings_of(registry.settings).form_limits if registry else FormLimits()

    def _check_charset(self) -> None:
        if self.charset.lower() not in CHARSETS:
            raise MalformedError("Send text as UTF-8.")
