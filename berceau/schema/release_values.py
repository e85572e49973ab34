"""Values that a release may give to a column, as the literals that psycopg2 writes for them."""

import re
from collections.abc import Callable, Iterator

from berceau.schema.names import quote_literal
from berceau.schema.type_names import spelled

LONG = 12_000
"""The length of a text without a limit, in characters."""

_LIMITS = re.compile(r"\(([\d,]+)\)")
_LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_PLAIN = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?|true|false")
_FINDABLE = re.compile(r"double precision|real|json(?!b)")

_Make = Callable[[int], str]

_BY_TYPE: dict[str, _Make] = {
    "boolean": lambda n: "true" if n % 2 else "false",
    "double precision": lambda n: f"{n}.5",
    "real": lambda n: f"{n}.5",
    "bytea": lambda n: rf"'\x{n:04x}'::bytea",
    "date": lambda n: f"'2000-01-{n % 28 + 1:02}'::date",
    "time": lambda n: f"'01:02:{n % 60:02}'::time",
    "interval": lambda n: f"'1 days {n}.000000 seconds'::interval",
    "timestamp": lambda n: f"'2000-01-01T01:02:{n % 60:02}+00:00'::timestamptz",
    "uuid": lambda n: f"'00000000-0000-4000-8000-{n:012}'::uuid",
    "json": lambda n: f"'{{\"n\": {n}}}'",
    "jsonb": lambda n: f"'{{\"n\": {n}}}'",
    "integer[]": lambda n: f"ARRAY[{n}]",
    "text[]": lambda n: f"ARRAY['{n}']",
    "double precision[]": lambda n: f"'{{{n}.5}}'",
}


def usual_value(sql_type: str, n: int, labels: tuple[str, ...] = ()) -> str | None:
    """Return a value of ``sql_type``, another for each small ``n``; ``None`` of unknown types.

    ``labels`` are those of an enum.
    """
    if labels:
        return quote_literal(labels[n % len(labels)])
    base, limits = _parts(sql_type)
    if base in _LARGEST:
        return str(20_000 + n)
    if base == "numeric":
        whole = limits[0] - limits[-1] if limits else 9
        return f"{n % 10 if whole > 0 else 0}.{'0' * (limits[-1] if limits else 2)}".rstrip(".")
    if base in ("text", "character varying", "character"):
        length = limits[0] if limits else LONG
        return quote_literal(f"{n:x}".rjust(length if base == "character" else 1, "0")[-length:])
    make = _BY_TYPE.get(base)
    return make(n) if make else None


def unusual_values(sql_type: str, labels: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield values at the limits of what ``sql_type`` can have, and each of the ``labels``."""
    yield from map(quote_literal, labels)
    base, limits = _parts(sql_type)
    if base in _LARGEST:
        yield str(_LARGEST[base])
    elif base == "double precision":
        yield "1e+300"
    elif base == "numeric" and limits:
        whole, scale = limits[0] - limits[-1], limits[-1]
        yield f"{'9' * whole or '0'}.{'9' * scale}".rstrip(".")
    elif base in ("text", "character varying"):
        yield quote_literal("x" * min(limits[0] if limits else LONG, LONG))
    elif base == "time" and not limits:
        yield "'23:59:59.999999'::time"
    elif base == "timestamp" and not limits:
        yield "'2000-01-01T01:02:03.999999+00:00'::timestamptz"


def as_literal(sql_type: str, text: str) -> str:
    """Return the value of ``sql_type`` that PostgreSQL prints as ``text`` as a literal."""
    base, _ = _parts(sql_type)
    if base in _LARGEST or base in ("numeric", "boolean", "double precision", "real"):
        # Not so where it is NaN, or of another type by now.
        return text if _PLAIN.fullmatch(text) else f"{quote_literal(text)}::{base}"
    cast = {"timestamp": "timestamptz"}.get(base, base)
    typed = base in ("bytea", "date", "time", "interval", "timestamp", "uuid")
    return f"{quote_literal(text)}::{cast}" if typed else quote_literal(text)


def is_found_again(sql_type: str) -> bool:
    """Return whether Pony looks whether a row still has its value of ``sql_type``."""
    return _FINDABLE.match(spelled(sql_type)) is None


def _parts(sql_type: str) -> tuple[str, tuple[int, ...]]:
    """Return the name of a type without the words behind it, and its limits."""
    name = spelled(sql_type)
    limits = _LIMITS.search(name)
    base = _LIMITS.sub("", name)
    for each in ("timestamp", "time", "interval"):
        if re.match(rf"{each}\b", base) and not base.endswith("[]"):
            base = each
    return base, tuple(map(int, limits[1].split(","))) if limits else ()
