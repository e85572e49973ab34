"""Values as people write them into a form, and as texts again: one way for each kind of field."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain, count
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from berceau.orm.fields import Field
from berceau.text import is_storable

DEEPEST = 100
"""How many levels of JSON a form takes: Pony calls itself for each, which Python limits."""
_TOO_DEEP = f"This has more than {DEEPEST} levels, one in the other: write fewer."
_SHOWN = 40
_INTERVAL = re.compile(
    r"(?:(?P<days>[+-]?\d+) days?)? ?"
    r"(?:(?P<sign>-?)(?P<h>\d+):(?P<m>\d\d)(?::(?P<s>\d\d(?:\.\d+)?))?)?"
)


class UnreadableError(ValueError):
    """A text that is no value of a field: the message is for the person who wrote it."""


def read_value(field: Field, text: str, zone: str = "UTC") -> Any:
    """Return the value that ``text`` stands for in ``field``, which isn't a relation.

    A datetime without an offset is one of the time ``zone``. Raises ``UnreadableError``.
    """
    if field.kind == "datetime":
        return _datetime(text.strip(), zone.strip())
    if field.kind in {"text", "long text"}:
        return text
    read = _READERS.get(field.kind, str)
    try:
        return read(text.strip())
    except UnreadableError:
        raise
    except (ValueError, ArithmeticError):
        raise UnreadableError(f"Write {_EXAMPLES.get(field.kind, 'another value')}.") from None


def _datetime(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError("Write a time such as 2026-01-31 15:04:05.") from None
    try:
        return _in_utc(moment, zone)
    except OverflowError:
        raise UnreadableError("Write a time between the years 1 and 9999 in UTC.") from None


def _in_utc(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    try:
        local = moment.replace(tzinfo=UTC if zone in {"", "UTC"} else ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnreadableError("Write a time zone such as Europe/Paris, or UTC.") from None
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != moment:
        raise UnreadableError(f"This time is skipped in {zone}: the clocks go forward there.")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise UnreadableError(
            f"This time comes twice in {zone}: add its offset, as in {local.isoformat(' ')}."
        )
    return local.astimezone(UTC)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError
    return text.lower() == "true"


def _interval(text: str) -> timedelta:
    found = _INTERVAL.fullmatch(text)
    if not text or found is None:
        raise ValueError
    clock = timedelta(
        hours=int(found["h"] or 0), minutes=int(found["m"] or 0), seconds=float(found["s"] or 0)
    )
    return timedelta(days=int(found["days"] or 0)) + (-clock if found["sign"] else clock)


def _json(text: str) -> Any:
    return _loaded(text, _exact)


def _loaded(text: str, parse_float: Callable[[str], float]) -> Any:
    try:
        found = json.loads(
            text, parse_constant=_refuse_constant, parse_float=parse_float, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"This is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None
    _require_storable(found)
    return found


def _require_storable(found: Any) -> None:
    """Refuse texts that PostgreSQL can't store, and more levels than ``DEEPEST``."""
    level = [found]
    for depth in count():
        if not all(is_storable(each) for each in level if isinstance(each, str)):
            raise UnreadableError("A character of this can't be stored.")
        nested = [each for each in level if isinstance(each, dict | list)]
        if not nested:
            return
        if depth == DEEPEST:
            raise UnreadableError(_TOO_DEEP)
        names = (name for each in nested if isinstance(each, dict) for name in each)
        inner = (each.values() if isinstance(each, dict) else each for each in nested)
        level = [*names, *chain.from_iterable(inner)]


def _refuse_constant(name: str) -> None:
    raise UnreadableError(f"JSON has no {name}.")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python reads no more than some thousand digits
        raise _changed(text) from None


def _exact(text: str) -> float:
    """Return a number of JSON: PostgreSQL keeps all digits of it, and a float may not."""
    number = float(text)
    try:
        if isfinite(number) and Decimal(text) == Decimal(repr(number)):
            return number
    except InvalidOperation:  # an exponent that even a Decimal can't have
        pass
    raise _changed(text)


def _changed(text: str) -> UnreadableError:
    return UnreadableError(
        f"The number {_shown(text)} can't be kept as it is written: write fewer digits, or a text."
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise UnreadableError(f"The number {_shown(text)} is too large.")
    return number


def _array(text: str) -> list[Any]:
    found = _loaded(text, _finite)
    if not isinstance(found, list):
        raise ValueError
    return found


_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "decimal": Decimal,
    "float": float,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "interval": _interval,
    "bytes": bytes.fromhex,
    "json": _json,
    "array": _array,
}
"""Of other kinds, the attribute itself reads a text."""

_EXAMPLES: Mapping[str, str] = {
    "integer": "a whole number",
    "decimal": "a number such as 12.50",
    "float": "a number such as 0.5",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "time": "a time such as 15:04",
    "interval": "a duration such as 1 day 02:30:00",
    "bytes": "bytes as hexadecimal digits, such as 00ff",
    "array": 'a list such as ["one", "two"] or [1, 2]',
}
"""What to write, for people."""


def write_value(field: Field, value: Any) -> str:
    """Return the text for ``value``, the default of ``field``."""
    if value is None:
        return ""
    if field.labels:
        return next((each for each in field.labels if each in {str(value), value.name}), "")
    if field.kind in {"json", "array"}:
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if field.kind == "boolean":
        return str(value).lower()
    return value.hex() if isinstance(value, bytes) else str(value)
