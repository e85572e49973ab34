"""What mypy's plugin reads in a file before mypy does: the names of entities, and keys of them."""

from collections.abc import Iterator, Mapping

from mypy.nodes import (
    ARG_POS,
    AssignmentStmt,
    CallExpr,
    ClassDef,
    Expression,
    Import,
    ImportFrom,
    IndexExpr,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
)
from mypy.util import correct_relative_import

ATTRIBUTES = {"Required", "Optional", "PrimaryKey"}
BODIES = "body else_body finally_body handlers bodies defs func items impl".split()


def make_calls(file: MypyFile, entities: Mapping[str, str]) -> bool:
    """Make ``DemoPost[key]`` a call wherever ``file`` assigns it, and drop attributes' annotations.

    Returns whether ``file`` has names for ``entities``, or for their modules.
    """
    known = _known(file, entities)
    for each in _assignments(file.defs) if known else ():
        value = each.rvalue
        if isinstance(value, IndexExpr) and is_entity(_full_name(value.base, known), entities):
            each.rvalue = _call(value)
        elif each.type and isinstance(value, CallExpr) and _is_attribute(value.callee):
            each.type = each.unanalyzed_type = None
    return bool(known)


def _is_attribute(called: Expression) -> bool:
    """Return whether ``title: str = Required(str)`` calls one of Pony's attributes.

    mypy takes an annotation for the type of what is assigned, where it is that of the value read.
    """
    return isinstance(called, NameExpr) and called.name in ATTRIBUTES


def _known(file: MypyFile, entities: Mapping[str, str]) -> dict[str, str]:
    """Return the full names of the entities, and of their modules, that ``file`` has names for."""
    names = {
        each.name: f"{file.fullname}.{each.name}"
        for each in file.defs
        if isinstance(each, ClassDef)
    }
    for each in file.imports:
        if isinstance(each, ImportFrom):
            module, _ = correct_relative_import(
                file.fullname, each.relative, each.id, file.is_package_init_file()
            )
            names |= {alias or name: _origin(module, name, entities) for name, alias in each.names}
        elif isinstance(each, Import):
            names |= {alias or name: name for name, alias in each.ids}
    modules = {name.rpartition(".")[0] for name in entities.values()}
    return {
        local: name for local, name in names.items() if name in modules or is_entity(name, entities)
    }


def _origin(module: str, name: str, entities: Mapping[str, str]) -> str:
    """Return the full name of what is imported: a package may hand on the entities in it."""
    entity = entities.get(name, "")
    package = module.partition(".")[0]
    return entity if entity.startswith(f"{package}.") else f"{module}.{name}"


def is_entity(full_name: str, entities: Mapping[str, str]) -> bool:
    """Return whether ``full_name`` is that of one of ``entities``."""
    return entities.get(full_name.rpartition(".")[2]) == full_name


def _assignments(node: object) -> Iterator[AssignmentStmt]:
    """Yield the assignments in ``node``; mypy's own visitors can't be derived from."""
    if isinstance(node, AssignmentStmt):
        yield node
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from _assignments(each)
    elif isinstance(node, Node) and not isinstance(node, Expression):
        for name in BODIES:
            yield from _assignments(getattr(node, name, None))


def _full_name(expression: Expression, known: Mapping[str, str]) -> str:
    if isinstance(expression, NameExpr):
        return known.get(expression.name, "")
    if isinstance(expression, MemberExpr):
        return f"{_full_name(expression.expr, known)}.{expression.name}"
    return ""


def _call(value: IndexExpr) -> CallExpr:
    """Return ``DemoPost.__getitem__(key)`` for ``DemoPost[key]``."""
    method = MemberExpr(value.base, "__getitem__")
    call = CallExpr(method, [value.index], [ARG_POS], [None])
    method.set_line(value)
    call.set_line(value)
    return call
