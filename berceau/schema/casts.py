"""How the values of one type become those of another: the expression, and what it may cost."""

import re
from dataclasses import dataclass
from decimal import Decimal

from berceau.schema.names import literal_text

_LIMITS = re.compile(r"\(([\d,]+)\)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LITERAL = re.compile(r"-?[\d.]+|true|false|E?'([^']|'')*'(::[\w \"]+(\([\d,]+\))?)?")

_INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_FRACTIONS = {"real", "double precision", "numeric"}
_STRINGS = {"text", "character varying", "character"}
_VARYING = {"text", "character varying"}
_JSON = {"json", "jsonb"}
_ZONED = "timestamp with time zone"
_NAIVE = "timestamp without time zone"
_EXACT_IN = {"real": 2, "double precision": 4}
"""The widest integers, in bytes, that a floating-point type holds exactly."""

_TEMPORAL = {
    "date": {_NAIVE, _ZONED},
    "time without time zone": {"time with time zone", "interval"},
    "time with time zone": {"time without time zone"},
    _NAIVE: {"date", "time without time zone", _ZONED},
    _ZONED: {"date", "time without time zone", "time with time zone", _NAIVE},
    "interval": {"time without time zone"},
}
"""What PostgreSQL casts a temporal type to (pg_cast)."""

_OF_NUMBERS = {"money", "oid", "bit", "bit varying", '"char"', "regclass"}
"""Other built-in types that PostgreSQL casts numbers to, or to numbers (pg_cast)."""

_KNOWN = {"boolean", "uuid", "bytea", *_INTEGERS, *_FRACTIONS, *_STRINGS, *_JSON, *_TEMPORAL}


@dataclass(frozen=True)
class Cast:
    """``using`` computes the new value, as SQL.

    ``rewrites`` the table; ``may_fail`` for some values; ``may_lose`` a part of some values
    without failing.
    """

    using: str
    rewrites: bool = True
    may_fail: bool = True
    may_lose: bool = False


@dataclass(frozen=True)
class _Type:
    """``numeric(10,2)[]`` is the base ``numeric`` with the limits 10 and 2, an array."""

    base: str
    limits: tuple[int, ...]
    array: bool


def cast(value: str, before: str, after: str) -> Cast | None:
    """Return how ``value``, an SQL expression of the type ``before``, becomes one of ``after``.

    Types are given as ``format_type`` prints them. ``None`` where no value of the one has a
    counterpart in the other. Of types that aren't built in PostgreSQL itself has to judge.
    """
    old, new = _parse(before), _parse(after)
    using = _using(value, old, new)
    if using is None:
        return None
    free = _is_free(old, new)
    return Cast(
        using, not free, may_fail=not free and _may_fail(old, new), may_lose=_may_lose(old, new)
    )


def nothing(value: str, after: str) -> str:
    """Return SQL of the type ``after`` that takes only NULL: no other ``value`` has a counterpart.

    PostgreSQL then shows the value that it met.
    """
    said = f"{value}::text || ' is no {after}'"
    if _parse(after).base == "bytea":  # which any text would be
        return f"decode({said}, 'hex')"
    return f"({said})::{after}"


def is_free(before: str, after: str) -> bool:
    """Return whether PostgreSQL takes values of the type ``before`` as ``after`` as they are."""
    return before == after or _is_free(_parse(before), _parse(after))


def is_literal(default: str) -> bool:
    """Return whether a ``default``, as PostgreSQL prints it, is no expression."""
    return _LITERAL.fullmatch(default) is not None


def keeps_default(default: str, before: str, after: str) -> bool:
    """Return whether a ``default``, as PostgreSQL prints it, is one of the type ``after``, too.

    ``before`` is the type that it had. Of what is no literal, only ``is_free`` is known.
    """
    if is_free(before, after):
        return True
    old, new = _parse(before), _parse(after)
    if old.array or new.array or not is_literal(default):
        return False
    text = literal_text(default)
    if new.base in _VARYING and old.base in {"boolean", *_INTEGERS, *_FRACTIONS, *_VARYING}:
        return not new.limits or len(text) <= new.limits[0]
    numbers = {*_INTEGERS, *_FRACTIONS}
    return {old.base, new.base} <= numbers and bool(_NUMBER.fullmatch(text)) and _holds(new, text)


def _holds(number: _Type, text: str) -> bool:
    """Return whether a column of the type ``number`` has the number ``text`` exactly."""
    value = Decimal(text)
    if number.base in _INTEGERS:
        half = 2 ** (8 * _INTEGERS[number.base] - 1)
        return value == int(value) and -half <= value < half
    if number.base in _EXACT_IN:
        return value == int(value) and abs(value) < 2 ** (24 if number.base == "real" else 53)
    fits = abs(value) < 10 ** _whole(number) if number.limits else True
    return fits and (not number.limits or value == round(value, _scale(number)))


def serves(declared: str, actual: str) -> bool:
    """Return whether code that was written for a ``declared`` type works with an ``actual`` one.

    It writes all values of the first, reads all values of the second, and finds a row again by what
    it read, as Pony does before an update. Of types that aren't known here, it is taken to.
    """
    if is_free(declared, actual):
        return True
    old, new = _parse(declared), _parse(actual)
    if old.base == new.base == "numeric" and old.limits and old.array == new.array:
        return _whole(new) >= _whole(old) and _scale(new) >= _scale(old)
    if old.base in _INTEGERS and not (old.array or new.array):
        if new.base == "numeric" and new.limits:
            return not _scale(new) and _whole(new) >= _DIGITS[old.base]
        return _INTEGERS.get(new.base, 0) >= _INTEGERS[old.base]
    if (old.base, new.base) == ("double precision", "numeric"):
        return not new.limits and old.array == new.array
    return {old.base, new.base}.isdisjoint(_KNOWN)


def unlimited(sql_type: str) -> str:
    """Return ``sql_type`` for a cast: one with a length would cut values that are too long."""
    return _LIMITS.sub("", sql_type)


def _parse(text: str) -> _Type:
    limits = _LIMITS.search(text)
    base = _LIMITS.sub("", text).removesuffix("[]")
    return _Type(
        "interval" if base.startswith("interval") else base,
        tuple(map(int, limits[1].split(","))) if limits else (),
        text.endswith("[]"),
    )


def _using(value: str, old: _Type, new: _Type) -> str | None:
    # Without limits: an explicit cast to varchar(3) would cut values silently, the assignment
    # that follows refuses.
    plain = f"{value}::{new.base}{'[]' if new.array else ''}"
    if old.array or new.array:
        return _array_using(value, plain, old, new)
    if new.base in _STRINGS or old.base in _STRINGS or old.base == new.base:
        return plain
    if new.base in _JSON:
        return plain if old.base in _JSON else f"to_{new.base}({value})"
    if old.base in _JSON:
        return _from_json(value, plain, old, new)
    if {old.base, new.base} <= _TEMPORAL.keys():
        return _temporal(value, plain, old.base, new.base)
    return _scalar(value, plain, old.base, new.base)


def _array_using(value: str, plain: str, old: _Type, new: _Type) -> str | None:
    if old.array and new.array:
        element = _using("", _Type(old.base, (), False), _Type(new.base, (), False))
        return plain if element == f"::{new.base}" else None
    if new.array and _is_element(old, new):
        return f"CASE WHEN {value} IS NOT NULL THEN ARRAY[{value}] END"
    if new.array:
        return plain if old.base in _STRINGS else None
    if new.base in _JSON:
        return f"to_{new.base}({value})"
    return plain if new.base in _STRINGS else None


def _is_element(old: _Type, new: _Type) -> bool:
    return old.base == new.base or {old.base, new.base} <= _STRINGS


def _from_json(value: str, plain: str, old: _Type, new: _Type) -> str:
    numeric = {"boolean", *_INTEGERS, *_FRACTIONS}
    if old.base == "jsonb" and new.base in numeric:
        return plain
    return f"({value} #>> '{{}}')::{new.base}"


def _temporal(value: str, plain: str, old: str, new: str) -> str | None:
    if new not in _TEMPORAL[old]:
        return None
    if old == _ZONED:  # never the session's time zone
        naive = f"{value} AT TIME ZONE 'UTC'"
        return naive if new == _NAIVE else f"({naive})::{new}"
    if new == _ZONED:
        return f"{value}::{_NAIVE} AT TIME ZONE 'UTC'"
    return plain


def _scalar(value: str, plain: str, old: str, new: str) -> str | None:
    numbers = {*_INTEGERS, *_FRACTIONS}
    if {old, new} <= numbers:
        return plain
    if old == "boolean" and new in numbers:
        return f"{value}::integer" + ("" if new == "integer" else f"::{new}")
    if new == "boolean" and old in numbers:
        return f"{value} <> 0"
    if old in _KNOWN and new in _KNOWN:
        return None
    if (old in numbers and new in _OF_NUMBERS) or (new in numbers and old in _OF_NUMBERS):
        return plain
    # Without a cast of their own, most types read what others print. What they can't read fails.
    return f"{value}::text::{new}"


def _is_free(old: _Type, new: _Type) -> bool:
    """Return whether PostgreSQL takes the values as they are."""
    if old.array or new.array:
        return old == new
    if {old.base, new.base} <= _VARYING:
        return not new.limits or (bool(old.limits) and old.limits <= new.limits)
    if old.base != new.base:
        return False
    if old.base == "numeric" and new.limits:
        return bool(old.limits) and old.limits[0] <= new.limits[0] and _scale(old) == _scale(new)
    if old.base == "numeric" or old.base in _TEMPORAL:
        return not new.limits or (bool(old.limits) and old.limits <= new.limits)
    return old == new


def _may_fail(old: _Type, new: _Type) -> bool:
    if new.base in _VARYING and not new.limits and not new.array:
        return False
    if new.base in _JSON:
        return old.base in _STRINGS and not old.array
    if new.array and not old.array and _is_element(old, new):
        return False
    if old.base in _TEMPORAL and new.base in _TEMPORAL:
        return False
    if old.base in _INTEGERS and new.base in _INTEGERS:
        return _INTEGERS[old.base] > _INTEGERS[new.base]
    if old.base in _INTEGERS or old.base == "boolean":
        return bool(new.limits) or new.base not in (*_INTEGERS, *_FRACTIONS, "boolean")
    return True


def _may_lose(old: _Type, new: _Type) -> bool:
    if old.base in _INTEGERS:
        exact = _EXACT_IN.get(new.base, 8)
        return new.base == "boolean" or _INTEGERS[old.base] > exact
    if old.base in _FRACTIONS:
        return _loses_digits(old, new)
    if old.base in _JSON:
        return new.base in _INTEGERS or new.base in _EXACT_IN
    if old.base in _TEMPORAL:
        coarser = new.base in ("date", "time without time zone") and old.base != "date"
        return (coarser and old.base != new.base) or (
            new.base in _TEMPORAL and new.base != "date" and _precision(new) < _precision(old)
        )
    return False


def _loses_digits(old: _Type, new: _Type) -> bool:
    if new.base == "numeric":
        if old.base != "numeric":
            return bool(new.limits)
        return bool(new.limits) and (not old.limits or _scale(new) < _scale(old))
    if new.base in _FRACTIONS:
        return old.base == "numeric" or (old.base, new.base) == ("double precision", "real")
    return new.base in _INTEGERS or new.base == "boolean"


def _scale(number: _Type) -> int:
    return number.limits[1] if len(number.limits) > 1 else 0


def _whole(number: _Type) -> int:
    return number.limits[0] - _scale(number)


def _precision(moment: _Type) -> int:
    return moment.limits[0] if moment.limits else 6
