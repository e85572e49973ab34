"""What Pony can't translate to SQL in a query, seen in its syntax tree: rules L601 to L609."""

import ast
import datetime
import decimal
import re
import sys
import uuid
from collections.abc import Iterator

from berceau.lint.names import Names
from berceau.lint.queries import METHODS, Query

Fault = tuple[ast.AST, str, str]
"""The node at fault, the code of the rule, and what is wrong."""

_FUNCTIONS = {
    *("builtins.abs", "builtins.bool", "builtins.float", "builtins.getattr", "builtins.int"),
    *("builtins.isinstance", "builtins.len", "builtins.max", "builtins.min", "builtins.str"),
    *("builtins.sum", "itertools.count"),
}
_TRANSLATED = {
    *("upper", "lower", "strip", "lstrip", "rstrip", "startswith", "endswith", "date"),
    *("count", "sum", "min", "max", "avg", "group_concat", "distinct", "limit"),
}
_TYPES = (str, bytes, int, float, list, dict, decimal.Decimal, uuid.UUID)
_TIMES = (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)
_METHODS = {
    name
    for kind in (*_TYPES, *_TIMES)
    for name in dir(kind)
    if not name.startswith("_") and callable(getattr(kind, name))
} - _TRANSLATED
_OPERATORS: dict[type[ast.AST], str] = {
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
}


def untranslatable(query: Query, names: Names) -> Iterator[Fault]:
    """Yield what Pony can't translate in ``query``; where nothing is seen, ask how it reads it."""
    found = False
    for fault in _seen(query, names):
        found = True
        yield fault
    if found:
        return
    from berceau.orm.reading import misreading  # with Pony: most files have no query

    read = misreading(query.node)
    if read is not None:
        how = f"reads this query as `{_shortened(read)}`" if read else "can't read this query"
        yield query.node, "L603", f"Pony {how}."


def _seen(query: Query, names: Names) -> Iterator[Fault]:
    bound = query.bound
    allowed: set[ast.AST] = {query.node}
    for node in ast.walk(query.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            allowed |= set(node.args) if node.func.attr in METHODS else set()
        yield from _syntax(node, bound, node in allowed)
        if isinstance(node, ast.Call):
            yield from _call(node, bound, names)


def _syntax(node: ast.AST, bound: frozenset[str], is_query: bool) -> Iterator[Fault]:  # noqa: C901 - a table of patterns
    match node:
        case ast.Compare(ops=[_, _, *_]):
            yield node, "L601", f"A chained comparison in a query: `{_text(node)}`."
        case ast.Compare(left=left, comparators=[right]) if any(
            isinstance(_bare(each), ast.Compare | ast.BoolOp) and _depends(each, bound)
            for each in (left, right)
        ):
            yield node, "L610", f"A comparison with a condition in a query: `{_text(node)}`."
        case ast.NamedExpr(target=target):
            yield node, "L602", f"An assignment to `{_text(target)}` in a query."
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            yield node, "L604", f"A comprehension in a query: `{_text(node)}`."
        case ast.Lambda(args=args) if not (is_query and _is_plain(args)):
            yield node, "L605", f"A lambda that a query can't use: `{_text(node)}`."
        case ast.BinOp(op=op) if type(op) in _OPERATORS and _depends(node, bound):
            yield node, "L608", f"The operator {_OPERATORS[type(op)]} in a query: `{_text(node)}`."
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()) if _depends(node, bound):
            yield node, "L608", f"The operator % on a string in a query: `{_text(node)}`."
        case ast.UnaryOp(op=ast.Invert()):
            yield node, "L608", f"The operator ~ in a query: `{_text(node)}`."
        case ast.UnaryOp(op=ast.UAdd()) if _depends(node, bound):
            yield node, "L608", f"The operator + in front of a value in a query: `{_text(node)}`."
        case ast.FormattedValue(value=value, conversion=how, format_spec=spec) if (
            how != -1 or spec is not None
        ) and _depends(value, bound):
            yield node, "L609", f"A formatted value in a query's f-string: `{_text(value)}`."
        case ast.Starred() | ast.keyword(arg=None):
            yield node, "L609", "A * or ** in a query."
        case ast.Subscript(slice=ast.Slice(step=step)) if step and _depends(node, bound):
            yield node, "L609", f"A slice with a step in a query: `{_text(node)}`."
        case ast.Dict(keys=keys) if None in keys:
            yield node, "L609", "A ** in a query."
        case ast.Dict() | ast.Set() if _depends(node, bound):
            yield node, "L609", f"A dict or set of what a query reads: `{_text(node)}`."


def _call(node: ast.Call, bound: frozenset[str], names: Names) -> Iterator[Fault]:
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    dependent = any(_depends(argument, bound) for argument in arguments)
    origin = names.origin(node.func)
    if origin is not None and origin.partition(".")[0] in sys.stdlib_module_names:
        if dependent and origin not in _FUNCTIONS:
            yield node, "L606", f"The Python function {_text(node.func)}() in a query."
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        receiver = node.func.value
        read = isinstance(receiver, ast.Attribute | ast.Call) and _depends(receiver, bound)
        if read or (dependent and isinstance(receiver, ast.Constant)):
            yield node, "L607", f"The Python method .{node.func.attr}() in a query."


def _bare(node: ast.expr) -> ast.expr:
    """Return what is inside of any number of ``not``."""
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node = node.operand
    return node


def _depends(node: ast.AST, bound: frozenset[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in bound for each in ast.walk(node))


def _is_plain(arguments: ast.arguments) -> bool:
    return not (arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg)


def _text(node: ast.AST) -> str:
    return _shortened(ast.unparse(node))


def _shortened(text: str, length: int = 70) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= length else f"{text[: length - 3]}..."
