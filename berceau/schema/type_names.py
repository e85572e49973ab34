"""The names of types: as entities may declare them, and as PostgreSQL's ``format_type`` prints."""

import re

_LIMITS = re.compile(r"\(([\d\s,]+)\)")
_ARRAY = re.compile(r"\[\d*\]")

_NAMES = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "smallserial": "smallint",
    "serial": "integer",
    "bigserial": "bigint",
    "bool": "boolean",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "decimal": "numeric",
    "dec": "numeric",
    "varchar": "character varying",
    "char varying": "character varying",
    "char": "character",
    "varbit": "bit varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
}
_SHORT = {
    "character varying": "varchar",
    "double precision": "float8",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time with time zone": "timetz",
    "time without time zone": "time",
    "boolean": "bool",
}
_WITHOUT_HASH = (
    {"json", "jsonpath", "xml", "money", "bit", "bit varying", "tsvector", "gtsvector", "tsquery"}
    | {"point", "line", "lseg", "box", "path", "polygon", "circle"}
    | {"refcursor", "txid_snapshot", "pg_snapshot"}
)
_ONE = {"character": "1", "char": "1", "bit": "1"}
"""What has this length where none is given."""


def spelled(sql_type: str) -> str:
    """Return ``sql_type`` as PostgreSQL prints it, as far as that follows from the name alone.

    Types that aren't built in stay as they are.
    """
    if '"' in sql_type:
        return sql_type
    limits = _LIMITS.search(sql_type)
    words = _ARRAY.sub(" ", _LIMITS.sub(" ", sql_type)).lower().split()
    name = " ".join(words)
    name = _NAMES.get(name, name)
    given = "".join(limits[1].split()) if limits else _ONE.get(" ".join(words), "")
    return _with_limits(name, given) + ("[]" if _ARRAY.search(sql_type) else "")


def shortened(sql_type: str) -> str:
    """Return ``sql_type``, as PostgreSQL prints it, in the shorter words that it takes, too."""
    limits = _LIMITS.search(sql_type)
    name = " ".join(_ARRAY.sub(" ", _LIMITS.sub(" ", sql_type)).split())
    if name not in _SHORT:
        return sql_type
    given = f"({limits[1]})" if limits else ""
    return f"{_SHORT[name]}{given}{'[]' if _ARRAY.search(sql_type) else ''}"


def has_hash(sql_type: str) -> bool:
    """Return whether PostgreSQL has a hash of values of ``sql_type``, as far as the name tells.

    It tells that of built-in types.
    """
    return _LIMITS.sub("", spelled(sql_type)).removesuffix("[]") not in _WITHOUT_HASH


def _with_limits(name: str, limits: str) -> str:
    if not limits:
        return name
    if name == "numeric" and "," not in limits:
        limits += ",0"
    if name.startswith(("time ", "timestamp ")):
        first, _, rest = name.partition(" ")
        return f"{first}({limits}) {rest}"
    return f"{name}({limits})"
