"""Logs for machines: one JSON object a line, each with the id of the request that it belongs to."""

import re
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread serves; ``None`` outside of one."""

FIELDS = ("levelname", "name", "message")
NAMES = {"levelname": "level", "name": "logger", "exc_info": "traceback"}

# The server's detail of an error quotes the values of rows, which visitors typed.
DETAIL = re.compile(r"^DETAIL:.*\n?", re.MULTILINE)

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Formatter(JsonFormatter):
    """The formatter that ``production.ini`` names; a record's ``extra`` become fields."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__(FIELDS, rename_fields=NAMES, timestamp=True)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Put the time first, and add the request's id."""
        log_data = {"timestamp": log_data.pop("timestamp"), **log_data}
        request_id = REQUEST_ID.get()
        if request_id is not None:
            log_data["request_id"] = request_id
        return log_data

    def formatException(self, ei: Any) -> Any:  # noqa: N802 - logging's name
        """Return the traceback, without what the server tells of rows."""
        return DETAIL.sub("", str(super().formatException(ei)))
