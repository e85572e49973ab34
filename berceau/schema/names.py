"""Names in PostgreSQL: quoting, reserved words, and the names of constraints and indexes."""

import hashlib
import re
from collections.abc import Container, Iterable
from itertools import count

MAX_BYTES = 63
"""The longest identifier, in bytes of UTF-8 (PostgreSQL manual, 4.1.1)."""

RESERVED_IN_COLUMNS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast
    check collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user default
    deferrable desc distinct do else end except false fetch for foreign freeze from full grant
    group having ilike in initially inner intersect into is isnull join lateral leading left
    like limit localtime localtimestamp natural not notnull null offset on only or order outer
    overlaps placing primary references returning right select session_user similar some
    symmetric system_user table tablesample then to trailing true union unique user using
    variadic verbose when where window with
    """.split()
)
"""Words that SQL has to quote also as a column's or table's name (PostgreSQL 18, appendix C)."""

RESERVED = RESERVED_IN_COLUMNS | frozenset(
    """
    between bigint bit boolean char character coalesce dec decimal exists extract float greatest
    grouping inout int integer interval json json_array json_arrayagg json_exists json_object
    json_objectagg json_query json_scalar json_serialize json_table json_value least
    merge_action national nchar none normalize nullif numeric out overlay position precision
    real row setof smallint substring time timestamp treat trim values varchar xmlattributes
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
    xmltable
    """.split()
)
"""Words to quote as a table's, column's or type's name (PostgreSQL 18 manual, appendix C)."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_LITERAL = re.compile(r"(E?)'((?:[^']|'')*)'(?:::.*)?", re.DOTALL)
_WORD_START = re.compile(
    r"(?<=[^\W_A-Z])(?=[A-Z])"  # DemoPost: before the P
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # HTTPRequest: before the R
)


def snake_case(name: str) -> str:
    """Return ``name`` in lower case with its words parted: ``HTTPRequest`` is ``http_request``."""
    return _WORD_START.sub("_", name).lower()


def quote_name(name: str) -> str:
    """Return ``name`` as an SQL identifier, quoted only where it must be."""
    if _PLAIN.fullmatch(name) and name not in RESERVED:
        return name
    return in_quotes(name)


def in_quotes(name: str) -> str:
    """Return ``name`` in double quotes, as SQL and the options of commands have them."""
    return '"' + name.replace('"', '""') + '"'


def unquote_name(text: str) -> str:
    """Return the name that ``text`` stands for, with double quotes or without; case is kept."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def quote_names(names: Iterable[str]) -> str:
    """Return ``names`` as a comma-separated list of SQL identifiers."""
    return ", ".join(map(quote_name, names))


def words(sql: str) -> set[str]:
    """Return whatever may be a name in ``sql``; more than that, as inside of strings."""
    return {
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _WORD.findall(sql)
    }


def quote_literal(text: str) -> str:
    """Return ``text`` as an SQL string literal, whatever ``standard_conforming_strings`` is."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def literal_text(sql: str) -> str:
    """Return the text of a literal as PostgreSQL prints it, with its cast or without."""
    match = _LITERAL.fullmatch(sql)
    if match is None:
        return sql
    text = match[2].replace("''", "'")
    return text.replace("\\\\", "\\") if match[1] else text


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


def sequence_name(table: str, column: str) -> str:
    """Return the name that PostgreSQL gives to the sequence of an identity column.

    Of a name past 63 bytes it cuts the longer part, byte by byte (makeObjectName, indexcmds.c).
    """
    parts = [table.encode(), column.encode()]
    while len(b"_".join(parts)) + len("_seq") > MAX_BYTES:
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    return "_".join((*(part.decode(errors="ignore") for part in parts), "seq"))


def free_name(name: str, taken: Container[str]) -> str:
    """Return ``name``, or, where it is ``taken``, the first that ends in a number and isn't."""
    found = name
    for number in count(2):
        if found not in taken:
            break
        tail = f"_{number}"
        head = name.encode()[: MAX_BYTES - len(tail)].decode(errors="ignore")
        found = head + tail
    return found
