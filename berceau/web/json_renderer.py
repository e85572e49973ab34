"""What views with ``renderer="json"`` may return beside the types that JSON has."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Any
from uuid import UUID

from pyramid.config import Configurator
from pyramid.interfaces import IRendererFactory
from pyramid.renderers import JSON

from berceau.orm.results import ROW, ROWS

_NUMBERS = "JSON has neither NaN nor Infinity: return None for a missing number."
_CURES = {
    "Out of range float": _NUMBERS,
    "is no number": _NUMBERS,
    "Circular reference": "Something in it holds itself: return its key instead, as post.id.",
    "keys must be": "A key in JSON is text: return {str(day): value}, or a list of pairs.",
    "is not JSON serializable": "Return what JSON has: a list for a set, text for bytes "
    "(base64.b64encode(data).decode()), a dict for an object, or give its class a method "
    "__json__(self, request).",
}
"""What to do, by what the error of Python or Pyramid says."""


def includeme(config: Configurator) -> None:
    """Let ``renderer="json"`` write dates, decimals, enums, entities and queries."""
    # Without an action, as Pyramid registers its own: a component may configure another one.
    config.registry.registerUtility(JSON(serialize), IRendererFactory, name="json")


def serialize(value: Any, default: Callable[[Any], Any], **options: Any) -> str:
    """Return ``value`` as JSON; ``default`` writes what this module doesn't know.

    Raises ``ValueError`` for numbers that JSON doesn't have and for what holds itself,
    ``TypeError`` for other types.
    """

    def write(item: Any) -> Any:
        return default(item) if hasattr(item, "__json__") else plain(item, default)

    try:
        return json.dumps(value, default=write, **{"allow_nan": False, **options})
    except (TypeError, ValueError) as error:
        cure = next((cure for sign, cure in _CURES.items() if sign in str(error)), None)
        if cure is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"The view's result can't be written as JSON: {error}. {cure}") from error


@singledispatch
def plain(item: Any, default: Callable[[Any], Any]) -> Any:
    """Return ``item`` by the types that JSON has."""
    return default(item)


@plain.register(date)
@plain.register(time)
@plain.register(datetime)
def _moment(item: date | time, _: Any) -> str:
    return item.isoformat()


@plain.register
def _duration(item: timedelta, _: Any) -> str:
    size = abs(item)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{size.microseconds:06}".rstrip("0") if size.microseconds else ""
    sign = "-" if item < timedelta() else ""
    return f"{sign}P{size.days}DT{hours}H{minutes}M{seconds}{fraction}S"


@plain.register
def _uuid(item: UUID, _: Any) -> str:
    return str(item)


@plain.register
def _decimal(item: Decimal, _: Any) -> str:
    if not item.is_finite():
        raise ValueError(f"Decimal {item} is no number")
    return str(item)


@plain.register
def _enum(item: Enum, _: Any) -> Any:
    return item.value


@plain.register(ROW)
def _entity(item: Any, _: Any) -> dict[str, Any]:
    values: dict[str, Any] = item.to_dict()
    return values


def _items(item: Any, _: Any) -> list[Any]:
    return list(item)


for _type in ROWS:
    plain.register(_type, _items)
