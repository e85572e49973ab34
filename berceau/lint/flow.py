"""How a module's variables get their values, followed from top to bottom through each function."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from berceau.lint.names import Names
from berceau.lint.values import Entity, Objects, Row, Value, after_loop, each, once

_LEAVING = (ast.Return, ast.Raise, ast.Break)


@dataclass
class Follower:
    """Visits the nodes of one scope; a visit returns what the node holds.

    ``returned`` is what the functions of the module return. ``scope`` is the line of the function
    around the nodes, ``function`` its name if it is one of the module, and ``owner`` the class.
    ``in_query`` means that Pony reads the code, not Python.
    """

    names: Names
    returned: dict[str, Value] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    scope: int = 0
    owner: str | None = None
    function: str = ""
    in_query: bool = False

    def visit(self, node: ast.AST) -> Value:
        """Visit ``node`` and what is inside of it."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            value: Value = method(node)
            return value
        for _, part in ast.iter_fields(node):
            if isinstance(part, list) and part and isinstance(part[0], ast.stmt):
                self._block(part)
            else:
                self.all(_nodes(part))
        return None

    def iterated(self, node: ast.expr, whole: ast.AST) -> Value:  # noqa: ARG002 - for those below
        """Return what ``node`` holds, which ``whole`` iterates."""
        return self.visit(node)

    def read(self, node: ast.AST, objects: Objects, *, held: bool = False) -> None:
        """Take note that ``node`` reads ``objects``, an attribute of others.

        ``held`` says that a variable takes it, which reads no objects of a set yet.
        """

    def all(self, nodes: Iterable[ast.AST]) -> None:
        """Visit ``nodes``."""
        for node in nodes:
            self.visit(node)

    # Scopes

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.all(node.decorator_list)
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        values = {each.arg: self._annotated(each.annotation) for each in arguments}
        if self.owner is not None and arguments:
            decorators = {self.names.origin(each) for each in node.decorator_list}
            if "builtins.classmethod" in decorators:
                values[arguments[0].arg] = Entity(self.owner)
            elif "builtins.staticmethod" not in decorators:
                values[arguments[0].arg] = Objects(self.owner)
        inner = replace(self, variables={**self.variables, **values}, scope=node.lineno, owner=None)
        inner.function = node.name if self.scope == 0 and self.owner is None else ""
        inner.all(node.body)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef) -> None:
        replace(self, variables=dict(self.variables), owner=node.name).all(node.body)

    def _lambda(self, node: ast.Lambda) -> None:
        self.inside({each.arg: None for each in node.args.args}).visit(node.body)

    def inside(self, variables: dict[str, Value], *, in_query: bool = False) -> Self:
        """Return a reader of what is inside of this scope, with ``variables`` of its own."""
        inside = self.in_query or in_query
        return replace(self, variables={**self.variables, **variables}, in_query=inside)

    # Statements

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        if isinstance(node.value, ast.Attribute) and isinstance(value, Objects):
            self.read(node.value, value, held=True)
        for target in node.targets:
            self.bind(target, value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        value = self.visit(node.value) if node.value else None
        self.bind(node.target, value or self._annotated(node.annotation))

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.visit(node.value)
        self.bind(node.target, value)
        return value

    def _return(self, node: ast.Return) -> None:
        value = once(self.visit(node.value)) if node.value else None
        if self.function and value is not None:
            known = self.returned.setdefault(self.function, value)
            self.returned[self.function] = value if known == value else None

    def _for(self, node: ast.For) -> None:
        value = self.iterated(node.iter, node)
        before = dict(self.variables)
        self.bind(node.target, each(value, looped=True))
        self._block(node.body)
        self.variables = after_loop(self.variables, before)
        self._block(node.orelse)

    def _block(self, statements: list[ast.stmt]) -> None:
        """Visit statements; those that leave the loop at their end run once."""
        if not (statements and isinstance(statements[-1], _LEAVING)):
            self.all(statements)
            return
        here = {name: once(value) for name, value in self.variables.items()}
        replace(self, variables=here).all(statements)

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign ``value`` to ``target``, a name or several."""
        match target:
            case ast.Name(id=name):
                self.variables[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                values = value.values if isinstance(value, Row) and not value.many else ()
                values = values if len(values) == len(targets) else (None,) * len(targets)
                for part, one in zip(targets, values, strict=True):
                    self.bind(part, one)
            case ast.Starred(value=part):
                self.bind(part, None)
            case _:
                self.visit(target)

    def _annotated(self, annotation: ast.expr | None) -> Value:
        match annotation:
            case ast.Constant(value=str(text)) if text.isidentifier():
                return self._annotated(ast.Name(text, ast.Load()))
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                return self._annotated(left)
            case ast.expr():
                name = self.names.entity(annotation)
                return Objects(name) if name else None
        return None

    # Expressions

    def _name(self, node: ast.Name) -> Value:
        return self.variables[node.id] if node.id in self.variables else self._entity(node)

    def _entity(self, node: ast.expr) -> Entity | None:
        name = self.names.entity(node)
        return Entity(name) if name else None

    def _attribute(self, node: ast.Attribute) -> Value:
        value = self.value(node)
        if isinstance(value, Objects) and isinstance(node.ctx, ast.Load):
            self.read(node, value)
        return value

    def value(self, node: ast.expr) -> Value:
        """Return what ``node`` holds, without noting that it is read: more of it may follow."""
        if not isinstance(node, ast.Attribute):
            return self.visit(node)
        entity = self._entity(node)
        if entity is not None:
            return entity
        owner = self.value(node.value)
        return owner.step(node.attr) if isinstance(owner, Objects) else None

    def _subscript(self, node: ast.Subscript) -> Value:
        value = self.visit(node.value)
        self.visit(node.slice)
        match value:
            case Entity(name):
                return Objects(name)
            case Objects() | Row() if not isinstance(node.slice, ast.Slice):
                return replace(value, many=False)
        return value

    def _tuple(self, node: ast.Tuple) -> Value:
        return Row(tuple(self.visit(part) for part in node.elts))

    def _starred(self, node: ast.Starred) -> None:
        self.iterated(node.value, node)


def _nodes(part: object) -> Iterator[ast.AST]:
    parts = part if isinstance(part, list) else [part]
    return (each for each in parts if isinstance(each, ast.AST))
