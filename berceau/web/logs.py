"""Logs for machines: one JSON object a line, without what a visitor sent in confidence."""

import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from pyramid.request import Request
from pythonjsonlogger.json import JsonFormatter

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread serves; ``None`` outside of one."""
REQUEST: ContextVar[Request | None] = ContextVar("request", default=None)
"""The request that this thread serves; ``None`` outside of one."""

TROUBLE = {"WARNING", "ERROR", "CRITICAL"}
OURS = {"level", "logger"}
FIELDS = ("levelname", "name", "message")
NAMES = {"levelname": "level", "name": "logger", "exc_info": "traceback"}

# The server's detail of an error quotes the values of rows, which visitors typed.
DETAIL = re.compile(r"^DETAIL:.*\n?", re.MULTILINE)

# Shorter ones say nothing, and would be found in every other word.
SHORTEST = 4
HIDDEN = "[hidden]"


class Formatter(JsonFormatter):
    """The formatter that ``production.ini`` names; a record's ``extra`` become fields."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__(FIELDS, rename_fields=NAMES, timestamp=True)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Put the time first, add the request's id, and hide what its visitor sent in troubles."""
        request = REQUEST.get()
        if request is not None and log_data["level"] in TROUBLE:
            log_data |= {
                name: _hide(text, request)
                for name, text in log_data.items()
                if name not in OURS and isinstance(text, str)
            }
        log_data = {"timestamp": log_data.pop("timestamp"), **log_data}
        request_id = REQUEST_ID.get()
        if request_id is not None:
            log_data["request_id"] = request_id
        return log_data

    def formatException(self, ei: Any) -> Any:  # noqa: N802 - logging's name
        """Return the traceback, without what the server tells of rows."""
        return DETAIL.sub("", str(super().formatException(ei)))


def _hide(text: str, request: Request) -> str:
    for value in sorted(set(_confidential(request)), key=len, reverse=True):
        for form in (value, repr(value)[1:-1]):
            text = text.replace(form, HIDDEN)
    return text


def _confidential(request: Request) -> Iterator[str]:
    """Yield what came with ``request`` and may be secret: its form, cookies and credentials."""
    try:
        sent = [*request.cookies.values(), *request.params.values()]
        if "json" in (request.content_type or ""):
            sent += _leaves(request.json_body)
    except (ValueError, DeprecationWarning):
        sent = [request.body.decode("latin-1")]
    sent += request.headers.get("Authorization", "").split()
    for text in sent:
        if isinstance(text, str):
            # Messages quote a text whole or by the line, and without the space around it.
            yield from (
                part for line in (text, *text.splitlines()) if len(part := line.strip()) >= SHORTEST
            )


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
