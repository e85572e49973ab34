"""Numbers that JSON doesn't have: NaN and infinity, in what a view returned."""

import math
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FLOATS = {"float", "any"}
"""The kinds of pydantic's core schemas whose values may be such a number."""


@cache
def may_hold_float(adapter: "TypeAdapter[Any]") -> bool:
    """Return whether values of the type may have a float anywhere: most types have none."""
    waiting: list[Any] = [adapter.core_schema]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            if part.get("type") in FLOATS:
                return True
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return False


def not_finite(value: Any) -> str | None:
    """Return where ``value`` has NaN or infinity, and which: ``items.0.price is nan``."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting:
        place, part = waiting.pop()
        if isinstance(part, float) and not math.isfinite(part):
            return f"{'.'.join(map(str, place)) or 'the result'} is {part}"
        if isinstance(part, dict):
            waiting += [((*place, name), item) for name, item in part.items()]
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += [((*place, number), item) for number, item in enumerate(part)]
    return None
