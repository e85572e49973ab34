"""Logs for machines: one JSON object a line, without what a visitor sent in confidence."""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from pyramid.request import Request as PyramidRequest
from pythonjsonlogger.json import JsonFormatter

from berceau.orm.tenants import current_tenant
from berceau.settings.secrets import HIDDEN, SHORTEST, hide
from berceau.tenancy import Tenant
from berceau.web.intake import Request, leaves

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread serves; ``None`` outside of one."""
REQUEST: ContextVar[PyramidRequest | None] = ContextVar("request", default=None)
"""The request that this thread serves; ``None`` outside of one."""

TROUBLE = {"WARNING", "ERROR", "CRITICAL"}
OURS = {"level", "logger"}
FIELDS = ("levelname", "name", "message")
NAMES = {"levelname": "level", "name": "logger", "exc_info": "traceback"}

# The server's detail of an error quotes the values of rows, which visitors typed.
DETAIL = re.compile(r"^DETAIL:.*\n?", re.MULTILINE)


class Formatter(JsonFormatter):
    """The formatter that ``production.ini`` names; a record's ``extra`` become fields."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__(FIELDS, rename_fields=NAMES, timestamp=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of ``record``: one that can't be made has why, and what it was about."""
        try:
            return super().format(record)
        except Exception as error:  # whatever broke: a line that is lost is no help
            about = {
                "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname,
                "logger": record.name,
                # Without its arguments: what is secret in them couldn't be hidden.
                "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
                "not_logged": hide(repr(error)),
                "request_id": REQUEST_ID.get(),
            }
            return json.dumps(about)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Put the time first, add the request's id and whose it is, and hide what is confidential.

        That is what its visitor sent, in troubles.
        """
        request = REQUEST.get()
        if request is not None and log_data["level"] in TROUBLE:
            log_data |= {
                name: _hide(text, request)
                for name, text in log_data.items()
                if name not in OURS and isinstance(text, str)
            }
        log_data |= {name: hide(text) for name, text in log_data.items() if isinstance(text, str)}
        log_data = {"timestamp": log_data.pop("timestamp"), **log_data}
        request_id = REQUEST_ID.get()
        if request_id is not None:
            log_data["request_id"] = request_id
        tenant = current_tenant()
        if isinstance(tenant, Tenant):
            log_data["tenant"] = tenant.name
        return log_data

    def formatException(self, ei: Any) -> Any:  # noqa: N802 - logging's name
        """Return the traceback, without what the server shows of rows."""
        return DETAIL.sub("", str(super().formatException(ei)))


def _hide(text: str, request: PyramidRequest) -> str:
    # What is sent may have a million words, and a line has few: most are told by their begin.
    begins = {text[start : start + SHORTEST] for start in range(len(text) - SHORTEST + 1)}
    forms = {
        form
        for value in set(_confidential(request))
        for form in (value, repr(value)[1:-1])
        if form[:SHORTEST] in begins
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def _confidential(request: PyramidRequest) -> Iterator[str]:
    """Yield what came with ``request`` and may be secret: its form, cookies and credentials."""
    sent = request.headers.get("Authorization", "").split()
    for read in (_query, _cookies, _body):
        # What can't be decoded is in the line as it came.
        try:
            sent += read(request)
        except ValueError:
            sent.append(request.environ.get("QUERY_STRING", ""))
    for text in sent:
        if isinstance(text, str):
            # Messages quote a text whole or by the line, and without the space around it.
            yield from (
                part for line in (text, *text.splitlines()) if len(part := line.strip()) >= SHORTEST
            )


def _query(request: PyramidRequest) -> Iterable[Any]:
    found: Iterable[Any] = request.GET.values()
    return found


def _cookies(request: PyramidRequest) -> Iterable[Any]:
    found: Iterable[Any] = request.cookies.values()
    return found


def _body(request: PyramidRequest) -> Iterable[Any]:
    """Return what is in the body, which is in no line where nothing read it."""
    if isinstance(request, Request) and not request.body_was_read:
        return ()
    with suppress(ValueError, RecursionError, DeprecationWarning):
        if "json" in (request.content_type or ""):
            return leaves(json.loads(request.body))
        if request.POST:
            return [getattr(each, "filename", each) for each in request.POST.values()]
    return [request.body.decode("latin-1")]
