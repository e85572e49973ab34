"""APIs: views whose signatures say what they take and return; pydantic checks and describes it."""

from typing import TYPE_CHECKING

from berceau import lazy

__all__ = [
    "CursorQuery",
    "Int32",
    "Int64",
    "InvalidError",
    "NaiveTime",
    "NonBlankStr",
    "NumberedPage",
    "NumberedQuery",
    "Page",
    "UtcDatetime",
    "api_view",
    "cursor_page",
    "numbered_page",
    "read_json",
]

if TYPE_CHECKING:
    from berceau.web.api.bodies import read_json
    from berceau.web.api.invalid import InvalidError
    from berceau.web.api.pages import (
        CursorQuery,
        NumberedPage,
        NumberedQuery,
        Page,
        cursor_page,
        numbered_page,
    )
    from berceau.web.api.values import Int32, Int64, NaiveTime, NonBlankStr, UtcDatetime
    from berceau.web.api.view import api_view
else:
    __getattr__, __dir__ = lazy.offer(
        __name__,
        {
            "CursorQuery": "berceau.web.api.pages",
            "InvalidError": "berceau.web.api.invalid",
            "Int32": "berceau.web.api.values",
            "Int64": "berceau.web.api.values",
            "NaiveTime": "berceau.web.api.values",
            "NonBlankStr": "berceau.web.api.values",
            "UtcDatetime": "berceau.web.api.values",
            "NumberedPage": "berceau.web.api.pages",
            "NumberedQuery": "berceau.web.api.pages",
            "Page": "berceau.web.api.pages",
            "api_view": "berceau.web.api.view",
            "cursor_page": "berceau.web.api.pages",
            "numbered_page": "berceau.web.api.pages",
            "read_json": "berceau.web.api.bodies",
        },
    )
