"""Names in PostgreSQL: quoting, reserved words, and the names of constraints and indexes."""

import hashlib
import re
from collections.abc import Iterable

MAX_BYTES = 63
"""The longest identifier, in bytes of UTF-8 (PostgreSQL manual, 4.1.1)."""

RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable
    desc distinct do else end except false fetch for foreign freeze from full grant group having
    ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric
    system_user table tablesample then to trailing true union unique user using variadic verbose
    when where window with
    """.split()
)
"""Words that need quotes as a table's or column's name (PostgreSQL 18 manual, appendix C)."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def quote_name(name: str) -> str:
    """Return ``name`` as an SQL identifier, quoted only where it must be."""
    if _PLAIN.fullmatch(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_names(names: Iterable[str]) -> str:
    """Return ``names`` as a comma-separated list of SQL identifiers."""
    return ", ".join(map(quote_name, names))


def quote_literal(text: str) -> str:
    """Return ``text`` as an SQL string literal, whatever ``standard_conforming_strings`` is."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def object_name(table: str, columns: Iterable[str], suffix: str) -> str:
    """Return the name of a table's constraint or index, as PostgreSQL would choose it.

    A name past 63 bytes is cut and gets a hash of the whole, so that two long names stay two.
    """
    name = "_".join((table, *columns, suffix))
    if len(name.encode()) <= MAX_BYTES:
        return name
    tail = f"_{hashlib.sha256(name.encode()).hexdigest()[:8]}_{suffix}"
    head = name.encode()[: MAX_BYTES - len(tail)].decode(errors="ignore")
    return head + tail
