"""Datetimes without a time zone: rules L401 and L402."""

import ast
from collections.abc import Iterable, Iterator

from berceau.lint.names import Names, Nodes
from berceau.lint.queries import Query

_CLASS = "datetime.datetime"
_NAIVE = {f"{_CLASS}.{name}" for name in ("utcnow", "today", "utcfromtimestamp")}
_BY_ARGUMENT = {f"{_CLASS}.now": 0, f"{_CLASS}.fromtimestamp": 1, _CLASS: 7}
"""What makes an aware datetime given a time zone, as the argument of that position."""

_ATTRIBUTES = {f"pony.orm.{name}" for name in ("Required", "Optional", "PrimaryKey")}
_MADE_AWARE = {"replace", "astimezone"}


def naive(
    nodes: Nodes, names: Names, queries: Iterable[Query]
) -> Iterator[tuple[ast.AST, str, str]]:
    """Yield the nodes that make a naive datetime, with the rule's code and what is wrong."""
    if "datetime" not in names:
        return
    stored = {node for query in queries for node in ast.walk(query.node)}
    saved = set()
    for node in nodes.of(ast.Call):
        match node:
            case ast.Call(func=function, keywords=keywords) if (
                names.origin(function) in _ATTRIBUTES
            ):
                defaults = [each.value for each in keywords if each.arg == "default"]
                for default in defaults:
                    stored |= set(ast.walk(default))
                    if names.origin(default) in _NAIVE | {f"{_CLASS}.now"}:
                        yield default, "L401", f"`{ast.unparse(default)}` gives no time zone."
            case ast.Call(func=ast.Attribute(value=made, attr=method)) if method in _MADE_AWARE:
                saved.add(made)
    for node in nodes.of(ast.Call):
        if node not in saved and _is_naive(node, names):
            code = "L401" if node in stored else "L402"
            yield node, code, f"`{ast.unparse(node)}` has no time zone."


def _is_naive(call: ast.Call, names: Names) -> bool:
    origin = names.origin(call.func)
    if origin in _NAIVE:
        return True
    if origin not in _BY_ARGUMENT:
        return False
    position = _BY_ARGUMENT[origin]
    given = [each.value for each in call.keywords if each.arg in {"tz", "tzinfo"}]
    given += call.args[position : position + 1]
    unknown = any(each.arg is None for each in call.keywords) or any(
        isinstance(each, ast.Starred) for each in call.args
    )
    return not unknown and all(
        isinstance(each, ast.Constant) and each.value is None for each in given
    )
