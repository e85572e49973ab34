"""What PostgreSQL's own parser says of SQL, where pglast is installed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Any

from berceau.postgres.clone.references import Use

Node = dict[str, Any]
Step = tuple[str, Node, str]
"""On the way to a node: the kind of one around it, that one, and the field that leads on."""

TAKES_A_NAME = frozenset(
    "nextval currval setval to_regclass to_regtype to_regproc to_regprocedure to_regoper"
    " to_regoperator to_regnamespace to_regcollation pg_get_serial_sequence".split()
)
HARMLESS = frozenset(
    "lower upper trim btrim ltrim rtrim coalesce nullif concat concat_ws format quote_ident"
    " quote_literal quote_nullable replace substr substring left right array_append array_prepend"
    " array_remove array_position jsonb_build_object json_build_object jsonb_build_array to_jsonb"
    " to_json string_to_array array_to_string string_agg array_agg greatest least length"
    " char_length strpos position starts_with split_part regexp_replace regexp_match md5".split()
)
"""Functions that make a value of values, and do nothing else."""

_TEXT = ("text", "varchar", "bpchar", "name", "unknown", "cstring")
_CATALOG = ("schema", "nsp")
_COMPARING = (
    "=",
    "<>",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "~",
    "~*",
    "!~",
    "!~*",
    "~~",
    "!~~",
    "^@",
    "@>",
)


@dataclass(frozen=True)
class Parsed:
    """Offsets in a text: of pairs of names that are columns, and of literals, with their use."""

    columns: frozenset[int]
    literals: dict[int, Use]


@cache
def version() -> str:
    """Return the parser's version, or "" where there is none."""
    try:
        return metadata.version("pglast")
    except metadata.PackageNotFoundError:
        return ""


@cache
def _parser() -> ModuleType:
    from pglast import parser

    module: ModuleType = parser  # without types where it isn't installed
    return module


def parse(sql: str, root: Use) -> Parsed | None:
    """Return what the parser says of ``sql``; None where it can't read it, or isn't installed.

    ``root`` is what becomes of values that the statements give back.
    """
    if not version():
        return None
    ascii_only = "".join(each if each.isascii() else "x" for each in sql)  # its offsets are bytes
    try:
        found = json.loads(_parser().parse_sql_json(ascii_only))
    except (_parser().ParseError, ValueError, RecursionError):
        return None
    columns, literals = set(), {}
    for kind, node, path in _walk(found, ()):
        if (kind == "ColumnRef" and len(node["fields"]) == 2) or (
            kind == "ResTarget" and "name" in node and "indirection" in node
        ):
            columns.add(int(node.get("location", 0)))
        elif kind == "A_Const" and "sval" in node:
            literals[int(node.get("location", 0))] = _use(path, node, root)
    return Parsed(frozenset(columns), literals)


def _walk(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[str, Node, tuple[Step, ...]]]:
    if isinstance(value, list):
        for each in value:
            yield from _walk(each, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name[0].isupper() and isinstance(inner, dict):  # {"kind": node}
                yield name, inner, path
                for field, more in inner.items():
                    yield from _walk(more, (*path, (name, inner, field)))
            elif isinstance(inner, dict | list):
                last = (*path[:-1], (path[-1][0], path[-1][1], name)) if path else path
                yield from _walk(inner, last)


def _use(path: tuple[Step, ...], literal: Node, root: Use) -> Use:
    """Follow the value of ``literal`` outwards until it is known what becomes of it."""
    for kind, node, field in reversed(path):
        found = _step(kind, node, field, literal)
        if found is not None:
            return found
    return root


def _step(kind: str, node: Node, field: str, literal: Node) -> Use | None:
    match kind:
        case "TypeCast":
            return _cast(_names(node.get("typeName", {}).get("names", [])))
        case "FuncCall":
            return _call(node, field, literal)
        case "CallStmt":
            return _call(node["funccall"], "args", literal)
        case "A_Expr":
            return _compared(node)
        case "CaseWhen" if field == "expr":
            return Use.DATA
        case "VariableSetStmt":
            return Use.PATH if node.get("name") == "search_path" else Use.DATA
        case "InsertStmt" | "UpdateStmt" | "OnConflictClause" if field != "returningList":
            return Use.DATA
        case "ColumnDef" | "Constraint" | "NullTest" | "BoolExpr" | "BooleanTest":
            return Use.DATA
    return Use.DATA if field in ("whereClause", "havingClause", "quals") else None


def _names(nodes: list[Node]) -> str:
    return str(nodes[-1].get("String", {}).get("sval", "")) if nodes else ""


def _cast(kind: str) -> Use | None:
    if kind.startswith("reg"):
        return Use.NAME
    return None if kind in _TEXT else Use.DATA


def _call(node: Node, field: str, literal: Node) -> Use | None:
    name = _names(node.get("funcname", []))
    if field != "args":
        return None
    if name == "set_config":
        texts = [each.get("A_Const", {}) for each in node["args"]]
        path = texts[0].get("sval", {}).get("sval") == "search_path"
        return (
            Use.PATH
            if path and literal in texts[1:]
            else Use.DATA
            if literal == texts[0]
            else Use.OPEN
        )
    if name in TAKES_A_NAME:
        return Use.NAME
    return None if name in HARMLESS else Use.OPEN


def _compared(node: Node) -> Use | None:
    operator = _names(node.get("name", []))
    if node.get("kind") not in ("AEXPR_IN", "AEXPR_LIKE", "AEXPR_ILIKE") and (
        operator not in _COMPARING
    ):
        return Use.DATA if str(node.get("kind", "")).startswith("AEXPR_BETWEEN") else None
    columns = [_names(inner["fields"]) for kind, inner, _ in _walk(node, ()) if kind == "ColumnRef"]
    is_catalog = any(part in name for name in columns for part in _CATALOG)
    return Use.OPEN if is_catalog else Use.DATA
