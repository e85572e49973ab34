"""Attributes that a class body declares in vain, seen in its syntax tree: rule L701."""

import ast
from collections.abc import Iterator

from berceau.lint.names import Names, Nodes

_KINDS = {f"pony.orm.{name}" for name in ("Required", "Optional", "PrimaryKey", "Set")}

Fault = tuple[ast.AST, str, str]
"""The node at fault, the code of the rule, and what is wrong."""


def declared_in_vain(nodes: Nodes, names: Names) -> Iterator[Fault]:
    """Yield the attributes that only annotate a name, and those that another one replaces."""
    if "pony.orm" not in names:
        return
    for declaring in nodes.of(ast.ClassDef):
        later: dict[str, int] = {}
        for statement in reversed(declaring.body):
            match statement:
                case ast.AnnAssign(target=target, annotation=annotation, value=None) if (
                    _is_attribute(annotation, names)
                ):
                    name = f"{declaring.name}.{ast.unparse(target)}"
                    yield (
                        statement,
                        "L701",
                        f"{name} is no attribute: write = instead of the colon.",
                    )
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    if name in later and _is_attribute(value, names):
                        what = f"{declaring.name}.{name} is declared again in line {later[name]}"
                        yield statement, "L701", f"{what}, which replaces this one."
                    later.setdefault(name, statement.lineno)


def _is_attribute(node: ast.expr, names: Names) -> bool:
    return isinstance(node, ast.Call) and names.origin(node.func) in _KINDS
