"""Where a column's numbers come from: the sequence behind its default, and that one's options."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from berceau.schema.model import Column, Numbering, Schema
from berceau.schema.names import unquote_name

_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_NEXT = re.compile(
    r"nextval\(\s*\(?'((?:[^']|'')+)'(?:::text)?\)?(?:::regclass)?\s*\)", re.IGNORECASE
)
_NAME = re.compile(r'[a-z_][\w$]*|"(?:[^"]|"")+"')


def serial(default: str | None) -> str | None:
    """Return the sequence, of the same schema, that a ``default`` takes the next number from."""
    match = _NEXT.fullmatch(default or "")
    name = match[1].replace("''", "'") if match else ""
    if not _NAME.fullmatch(name):
        return None
    return unquote_name(name)


def numbers_of(column: Column) -> str | None:
    """Return the sequence that is no identity's: behind the default, or a mere belonging."""
    return None if column.identity else serial(column.default) or column.sequence


def shared_by(columns: Iterable[Column]) -> set[str]:
    """Return the sequences that the defaults of several ``columns`` take numbers from."""
    times = Counter(filter(None, (serial(column.default) for column in columns)))
    return {name for name, number in times.items() if number > 1}


def with_shared(schema: Schema) -> Schema:
    """Return ``schema``, read from the catalog, with the word which sequences are shared."""
    names = shared_by(_columns(schema))
    return _over_columns(
        schema,
        names,
        lambda column: replace(
            column, numbering=replace(column.numbering or Numbering(), shared=True)
        ),
    )


def with_own(schema: Schema) -> Schema:
    """Return ``schema``, as declared, where each column owns the sequence that it alone uses."""
    names = set(filter(None, (serial(column.default) for column in _columns(schema))))
    own = _over_columns(
        schema,
        names - shared_by(_columns(schema)),
        lambda column: replace(column, sequence=serial(column.default)),
    )
    return with_shared(own)


def _columns(schema: Schema) -> Iterator[Column]:
    return (column for table in schema.tables for column in table.columns)


def _over_columns(schema: Schema, names: set[str], change: Callable[[Column], Column]) -> Schema:
    """Return ``schema`` with a ``change`` of the columns that take numbers from ``names``."""
    if not names:
        return schema
    return replace(
        schema,
        tables=tuple(
            replace(
                table,
                columns=tuple(
                    change(column) if serial(column.default) in names else column
                    for column in table.columns
                ),
            )
            for table in schema.tables
        ),
    )


class SequenceOptions(NamedTuple):
    """The options of a sequence, as the catalog ``pg_sequence`` has them."""

    type: str
    increment: int
    minimum: int
    maximum: int
    start: int
    cache: int
    cycle: bool


def numbering(column_type: str, options: SequenceOptions) -> Numbering | None:
    """Return what the ``options`` of a column's sequence have that isn't so by default."""
    limit, rises = _LIMITS[options.type], options.increment > 0
    lowest, highest = (1, limit - 1) if rises else (-limit, -1)
    first = options.minimum if rises else options.maximum
    found = Numbering(
        None if options.type == column_type else options.type,
        None if options.increment == 1 else options.increment,
        None if options.minimum == lowest else options.minimum,
        None if options.maximum == highest else options.maximum,
        None if options.start == first else options.start,
        None if options.cache == 1 else options.cache,
        options.cycle,
    )
    return None if found == Numbering() else found


def options(column: Column, *, typed: bool) -> str:
    """Return the options of a column's sequence as SQL; ``typed`` where its type is one of them."""
    found = column.numbering or Numbering()
    kind = found.type or column.type
    parts = [f"AS {kind}"] if typed and kind in _LIMITS else []
    for word, value in (
        ("INCREMENT BY", found.increment),
        ("MINVALUE", found.minimum),
        ("MAXVALUE", found.maximum),
        ("START WITH", found.start),
        ("CACHE", found.cache),
    ):
        if value is not None:
            parts.append(f"{word} {value}")
    return " ".join([*parts, "CYCLE"] if found.cycle else parts)
