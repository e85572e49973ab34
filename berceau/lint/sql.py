"""SQL, and queries given as text, that are built from strings: rule L501."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from berceau.lint.names import Names, Nodes

_TAKE_TEXT = {"raw_sql", "select", "get", "exists", "delete", "left_join", "count"}
_OF_DATABASE = {"select", "get", "exists", "execute"}
_OF_ENTITY = {"select_by_sql", "get_by_sql"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Assigned = Mapping[str, list[ast.expr]]


def built_from_strings(tree: ast.Module, nodes: Nodes, names: Names) -> Iterator[ast.Call]:
    """Yield the calls whose statement is put together from strings that aren't constant."""
    calls = {call for call in nodes.of(ast.Call) if _takes_sql(call, names)}
    if not calls:
        return
    waiting: list[tuple[ast.AST, Assigned]] = [(tree, {})]
    while waiting:
        scope, around = waiting.pop()
        own = list(_own_nodes(scope))
        assigned = {**around, **_assignments(own)}
        for node in own:
            if isinstance(node, _FUNCTIONS):
                waiting.append((node, assigned))
            elif isinstance(node, ast.Call) and node in calls:
                statement = _statement(node)
                if statement is not None and _is_built(statement, assigned):
                    yield node


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a module or function, without the bodies of functions inside of it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            waiting += ast.iter_child_nodes(node)


def _takes_sql(call: ast.Call, names: Names) -> bool:
    origin = names.origin(call.func) or ""
    package, _, name = origin.rpartition(".")
    if package in {"pony.orm", "pony.orm.core"}:
        return name in _TAKE_TEXT
    match call.func:
        case ast.Attribute(value=target, attr=attribute):
            on_database = names.origin(target) in {"berceau.orm.db", "berceau.orm.database.db"}
            return attribute in _OF_ENTITY or (on_database and attribute in _OF_DATABASE)
    return False


def _statement(call: ast.Call) -> ast.expr | None:
    named = (keyword.value for keyword in call.keywords if keyword.arg == "sql")
    return call.args[0] if call.args else next(named, None)


def _assignments(nodes: Iterable[ast.AST]) -> Assigned:
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                whole = ast.BinOp(ast.Constant(""), op, value)
                found.setdefault(target.id, []).append(whole)
    return found


def _is_built(node: ast.expr, assigned: Assigned) -> bool:
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(op=ast.Mod(), left=left):
            return _is_text(left)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            either = _is_built(left, assigned) or _is_built(right, assigned)
            texts = _is_text(left) or _is_text(right)
            return either or (texts and not (_is_constant(left) and _is_constant(right)))
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "join")):
            return _is_text(value)
        case ast.Name(id=name):
            rest = {key: values for key, values in assigned.items() if key != name}
            return any(_is_built(value, rest) for value in assigned.get(name, ()))
    return False


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return _is_text(left) or _is_text(right)
    return False


def _is_constant(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.BinOp(left=left, right=right):
            return _is_constant(left) and _is_constant(right)
    return False
