"""The shapes of queries that a test sends, worked out once for those that differ in values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from berceau.postgres.pooling.queries import Sent

_SEEN = 10_000
_KEPT = re.compile(r"\b(?:LIMIT|BY)\b[^%()]*%", re.IGNORECASE)


class Shapes:
    """Returns the shapes of statements, as ``pg_stat_statements`` has them."""

    def __init__(self) -> None:
        self._seen: dict[Any, str] = {}

    def of(self, sent: Sent) -> str:
        """Return the shape of what was ``sent``; none where it has no plan.

        It is that of the text with its values, as the server knows it, and is worked out once
        for values that make the same of it.
        """
        from berceau.planner.shapes import is_plannable, shape

        key = sent.source, _kinds(sent.values, kept=_may_keep(sent.source))
        found = self._seen.get(key)
        if found is None:
            text = sent.text.decode("utf-8", "replace")
            found = shape(text, str(sent.source)) if is_plannable(text) else ""
            if len(self._seen) >= _SEEN:  # of statements with their values in the text
                self._seen.clear()
            self._seen[key] = found
        return found


@lru_cache(_SEEN)
def _may_keep(source: Any) -> bool:
    """Return whether a value may be a number that a shape keeps: of a LIMIT, or an ORDER BY."""
    return _KEPT.search(str(source)) is not None


def _kinds(values: Any, *, kept: bool) -> Any:
    """Return what is the same for all values that psycopg2 writes alike, apart from themselves.

    Numbers are ``kept``, or only their signs.
    """
    if isinstance(values, Mapping):
        values = values.values()
    elif not isinstance(values, list | tuple):
        return None
    return tuple([_kind(each, kept=kept) for each in values])


def _kind(value: Any, *, kept: bool) -> Any:
    kind = type(value)
    if kind is bool:
        return value
    if kind is int or kind is float:
        return kind, value if kept else value < 0
    return (kind, bool(value)) if kind is list else kind
