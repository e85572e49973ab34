"""How Pony reads a query: it decompiles the bytecode of a generator or lambda.

It rests on private names of pony==0.7.20 and on the bytecode of the running Python.
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import product
from types import CodeType
from typing import Any

from pony.orm.decompiling import Decompiler

_MAX_ATOMS = 10


def misreading(query: ast.GeneratorExp | ast.Lambda) -> str | None:
    """Return what Pony takes ``query`` for, as text, where that isn't what it says.

    An empty text means that Pony can't read it; ``None``, that it reads it right.
    """
    try:
        found = _Source().visit(Decompiler(_code(query)).ast)
        read = found if isinstance(query, ast.GeneratorExp) else ast.Lambda(query.args, found)
        text = ast.unparse(ast.fix_missing_locations(read))
        if isinstance(query, ast.GeneratorExp):
            text = text.replace(".0", ast.unparse(query.generators[0].iter))
        as_pony_reads = _parse(text)
    except Exception:  # Pony raises whatever it stumbles over
        return ""
    as_written = _parse(ast.unparse(query))
    if _essence(_code(as_pony_reads)) == _essence(_code(as_written)):
        return None
    if _mean_the_same(as_pony_reads, as_written):
        return None
    return text


class _Source(ast.NodeTransformer):
    """Makes source code again of what only compiled code has."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Leave a whole f-string as it is."""
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        """Make an f-string of one that is a single value."""
        return ast.JoinedStr([node])

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Make a display of a constant set."""
        if isinstance(node.value, frozenset):
            return ast.Set([ast.Constant(each) for each in sorted(node.value, key=repr)])
        return node


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _code(query: ast.expr) -> CodeType:
    module = compile(ast.Expression(query), "<query>", "eval")
    return next(each for each in module.co_consts if isinstance(each, CodeType))


def _essence(code: CodeType) -> tuple[Any, ...]:
    """Return what makes two pieces of code the same, wherever they stand."""
    constants = tuple(
        _essence(each) if isinstance(each, CodeType) else (type(each), each)
        for each in code.co_consts
        if not (isinstance(each, str) and each.endswith(("<lambda>", "<genexpr>")))
    )
    return code.co_code, code.co_names, code.co_varnames, constants


def _mean_the_same(first: ast.expr, second: ast.expr) -> bool:
    """Return whether two conditions are true together, whatever their parts are.

    Compilers differ in how they arrange one and the same condition.
    """
    conditions = _condition(first), _condition(second)
    atoms = sorted({atom for each in conditions for atom in _atoms(each)})
    if len(atoms) > _MAX_ATOMS or _rest(first) != _rest(second):
        return False
    return all(
        _truth(conditions[0], dict(zip(atoms, values, strict=True)))
        == _truth(conditions[1], dict(zip(atoms, values, strict=True)))
        for values in product((False, True), repeat=len(atoms))
    )


def _condition(query: ast.expr) -> ast.expr:
    match query:
        case ast.GeneratorExp(generators=[ast.comprehension(ifs=[_, *_] as ifs)]):
            return ast.BoolOp(ast.And(), ifs)
        case ast.Lambda(body=body):
            return body
    return query


def _rest(query: ast.expr) -> str:
    """Return what a query says besides its condition."""
    match query:
        case ast.GeneratorExp(elt=elt, generators=[ast.comprehension(target=target, iter=source)]):
            return ast.unparse(ast.Tuple([elt, target, source], ast.Load()))
        case ast.Lambda(args=arguments):
            return ast.unparse(arguments)
    return ""


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    match node:
        case ast.BoolOp(values=values):
            return values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [operand]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [test, body, orelse]
    return []


def _atoms(node: ast.expr) -> Iterator[str]:
    parts = _parts(node)
    for part in parts:
        yield from _atoms(part)
    if not parts:
        yield ast.unparse(node)


def _truth(node: ast.expr, atoms: dict[str, bool]) -> bool:
    values = [_truth(part, atoms) for part in _parts(node)]
    match node:
        case ast.BoolOp(op=ast.And()):
            return all(values)
        case ast.BoolOp():
            return any(values)
        case ast.UnaryOp(op=ast.Not()):
            return not values[0]
        case ast.IfExp():
            return values[1] if values[0] else values[2]
    return atoms[ast.unparse(node)]
