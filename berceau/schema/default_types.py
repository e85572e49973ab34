"""The default of a column that gets another type: the same literal, as PostgreSQL prints it."""

from collections.abc import Collection, Mapping

from berceau.schema.casts import is_literal, keeps_default, unlimited
from berceau.schema.names import literal_text, quote_literal

_STRINGS = ("text", "character varying")


def default_as(
    default: str, before: str, after: str, labels: Mapping[str, Collection[str]]
) -> str | None:
    """Return the ``default`` of a column of the type ``before`` as one of the type ``after``.

    ``labels`` are those of each enum, by its type. ``None`` where that isn't known to be the same.
    """
    if before == after or keeps_default(default, before, after):
        return default
    if not is_literal(default):
        return None
    text = literal_text(default)
    if after in labels:
        known = text in labels[after] and (before in labels or unlimited(before) in _STRINGS)
        return f"{quote_literal(text)}::{after}" if known else None
    if before in labels:
        found = f"{quote_literal(text)}::{unlimited(after)}"
        return found if keeps_default(found, "text", after) else None
    if unlimited(before) in _STRINGS and keeps_default(text, "numeric", after):
        return _number(text)
    return None


def _number(text: str) -> str:
    if "." in text:
        return f"'{text}'::numeric" if text.startswith("-") else text
    if 0 <= int(text) < 2**31:
        return str(int(text))
    return f"'{int(text)}'::{'integer' if -(2**31) <= int(text) < 2**31 else 'bigint'}"
