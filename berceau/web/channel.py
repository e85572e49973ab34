"""A connection to the server: what breaks HTTP's rules is answered, and has its line in the log."""

import re
import socket
from contextlib import suppress
from functools import cache
from html import escape
from time import monotonic, time
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from pyramid.request import Request
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.proxy_headers import PROXY_HEADERS, parse_proxy_headers
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from berceau.web.error_formats import ErrorFormats
from berceau.web.logs import REQUEST_ID
from berceau.web.problems import CONTENT_TYPE, Problem, reads_pages
from berceau.web.registry import ERROR_FORMATS
from berceau.web.requests import HEADER, log_request
from berceau.web.token_apis import APIS

# As Apache's; RFC 9112 asks for 8,000 at least.
LONGEST_LINE = 8190
LONGEST_CHUNK_LINE = 1024
LONGEST_TRAILER = 32 * 1024
LONGEST_NUMBER = 18
LONGEST_PATH = 200
"""How much is kept of a path that is too long: enough to tell an API from pages."""

ACCEPT = re.compile(rb"\r\naccept:[ \t]*([^\r\n]*)", re.IGNORECASE)

# While the server drains, a connection without a request is closed once nothing came for so long,
# in seconds: its client may have sent one already.
QUIET = 0.5

# How long, in seconds, the rest of a refused request is thrown away: a connection that is closed
# over bytes that were not read takes its last answer with it.
LINGER = 5.0

HEADERS = [
    ("Vary", "Accept"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<h1>{title}</h1>
<p>{message}</p>
</html>
"""
WORDS = {
    400: ("This request is malformed", "Check the address, or start from the home page."),
    413: ("This request is too large", "Nothing was saved. Send less at once."),
    414: ("This address is too long", "Start from the home page."),
    431: ("The headers of this request are too large", "Delete this site's cookies and try again."),
    501: ("This way of sending isn't supported", "Send the request without it."),
}


UNKNOWN = ("Something went wrong here", "Try again later.")


class UriTooLong(BadRequest):
    """Refuses a first line that is longer than ``LONGEST_LINE``."""

    code = 414
    reason = "URI Too Long"


class Parser(HTTPRequestParser):
    """Reads a request; waitress's own breaks, or reads on, at some that no browser sends."""

    def received(self, data: bytes) -> int:
        """Take ``data`` in, and return how much of it belonged to this request."""
        if self.body_rcv is None and not self.completed:
            begin = (self.header_plus + data[: LONGEST_LINE + 2]).lstrip()[: LONGEST_LINE + 2]
            if len(begin) > LONGEST_LINE and b"\r\n" not in begin:
                self.parse_header(b"GET / HTTP/1.0\r\n")
                self.path = _path(begin)
                self._refuse(UriTooLong("request line"))
                return len(data)
        read = self.header_plus + data if self.body_rcv is None else b""
        consumed: int = super().received(data)
        if self.error is not None and not self.headers and (found := ACCEPT.search(read)):
            self.path, self.headers["ACCEPT"] = _path(read), found[1].decode("latin-1")
        length = self.headers.get("CONTENT_LENGTH", "")
        if self.error is not None and length.isdecimal() and len(length) > LONGEST_NUMBER:
            self._refuse(RequestEntityTooLarge("content-length"))
        if getattr(self.body_rcv, "chunk_remainder", 0) > self.adj.max_request_body_size:
            self._refuse(RequestEntityTooLarge("chunk"))
        if len(getattr(self.body_rcv, "control_line", b"")) > LONGEST_CHUNK_LINE:
            self._refuse(BadRequest("chunk size"))
        if len(getattr(self.body_rcv, "trailer", b"")) > LONGEST_TRAILER:
            self._refuse(BadRequest("trailer"))
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers. Raises ``ParsingError``."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from None
        wishes = self.headers.get("CONNECTION", "").lower().split(",")
        if "close" in (wish.strip() for wish in wishes):  # waitress knows no lists
            self.headers["CONNECTION"] = "close"
        if self.body_rcv is None:  # waitress would say "continue", and wait for ever
            self.expect_continue = False

    def _refuse(self, error: BadRequest) -> None:
        self.error = error
        self.completed = True


def _path(begin: bytes) -> str:
    """Return the path in the first line of a request that is too large to be read: its begin."""
    words = begin.lstrip()[:LONGEST_LINE].split(b" ", 2)
    found = words[1].partition(b"?")[0][:LONGEST_PATH] if len(words) > 1 else b"/"
    return unquote_to_bytes(found).decode("latin-1")


class Refusal(ErrorTask):
    """Answers what no application sees, by a page or a problem; ends the connection."""

    def execute(self) -> None:
        """Write the answer and its line."""
        request, error = self.request, self.request.error
        content_type, body = self._in_form() or _body(error.code, self._reads_pages())
        request_id = uuid4().hex
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", content_type), *HEADERS, (HEADER, request_id)]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.channel.refused = True
        command = getattr(request, "command", "-")
        # One write instead of two: after each, the loop and this thread wait for each other.
        head = self.build_response_header()
        self.channel.write_soon(head if command == "HEAD" else head + body)
        self.wrote_header = True
        token = REQUEST_ID.set(request_id)
        try:
            log_request(
                command,
                getattr(request, "path", ""),
                self.channel.addr[0],
                error.code,
                seconds=time() - self.start_time,
                queries=0,
            )
        finally:
            REQUEST_ID.reset(token)

    def _in_form(self) -> tuple[str, bytes] | None:
        """Return the answer as the API at this address writes its errors, if it has a form."""
        registry = self.channel.server.registry
        path = getattr(self.request, "path", "")
        form = registry.get(ERROR_FORMATS, ErrorFormats()).of(path)
        if form is None or (self.request.headers and self._reads_pages()):
            return None
        asked = Request.blank("/")
        asked.path_info, asked.registry = path, registry
        code = self.request.error.code
        written: tuple[str, bytes] | None = form.write(
            asked, Problem(code, *WORDS.get(code, UNKNOWN))
        )
        return written

    def _reads_pages(self) -> bool:
        """Return whether a page is the answer; what has no headers that were read gets one."""
        apis = self.channel.server.registry.get(APIS)
        if apis is not None and apis.has_path(getattr(self.request, "path", "")):
            return False
        # A request that the application failed on is answered in the name of another.
        asked = self.channel.requests[0] if self.channel.requests else self.request
        return not asked.headers or reads_pages(asked.headers.get("ACCEPT"))


@cache
def _body(code: int, as_page: bool) -> tuple[str, bytes]:
    """Return the media type and the text of an answer."""
    title, message = WORDS.get(code, UNKNOWN)
    if as_page:
        page = PAGE.format(title=escape(title), message=escape(message))
        return "text/html; charset=utf-8", page.encode()
    return CONTENT_TYPE, Problem(code, title, message).encode()


class Task(WSGITask):
    """Answers a request by the application."""

    def get_environment(self) -> dict[str, Any]:
        """Return the request as WSGI has it."""
        environ: dict[str, Any] = super().get_environment()
        # waitress holds the whole body: WebOb needn't copy it to read it more than once.
        environ["webob.is_body_seekable"] = True
        return environ


class Channel(HTTPChannel):
    """A connection; while the server drains, its next response is its last."""

    parser_class = Parser
    task_class = Task
    error_task_class = Refusal
    refused = False
    lingers_until = 0.0

    def service(self) -> None:
        """Answer one request."""
        request = self.requests[0]
        if not self.server.accepting and len(self.requests) == 1 and self.request is None:
            request.headers["CONNECTION"] = "close"
        if request.error is None and not self._is_well_forwarded(request.headers):
            request.error = BadRequest("forwarded")
        super().service()

    def _is_well_forwarded(self, headers: dict[str, str]) -> bool:
        """Return whether what the proxy says of the visitor can be read."""
        said = {f"HTTP_{name}": headers[name] for name in PROXY_HEADERS & headers.keys()}
        if not said or self.adj.trusted_proxy not in {"*", self.addr[0]}:
            return True
        environ = {"REMOTE_ADDR": self.addr[0], "wsgi.url_scheme": "http", "HTTP_HOST": "", **said}
        with suppress(Exception):
            parse_proxy_headers(
                environ, self.adj.trusted_proxy_count, self.adj.trusted_proxy_headers
            )
            return bool(environ["REMOTE_ADDR"])
        return False

    def received(self, data: bytes) -> bool:
        """Take ``data`` in, unless all that follows is thrown away."""
        return bool(not self.lingers_until and super().received(data))

    def handle_close(self) -> None:
        """Close the connection; where its client may still be sending, only our side at first."""
        if not self.lingers_until and self.connected and (self.refused or self._has_unread()):
            self.lingers_until = monotonic() + LINGER
            self.will_close = self.close_when_flushed = False  # so that waitress goes on reading
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        else:
            super().handle_close()

    def _has_unread(self) -> bool:
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    @property
    def is_over(self) -> bool:
        """Whether its client was given the time to end it."""
        return 0 < self.lingers_until < monotonic()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is asked, answered or expected here."""
        busy = self.requests or self.request is not None or self.total_outbufs_len
        return not busy and time() - self.last_activity > QUIET
