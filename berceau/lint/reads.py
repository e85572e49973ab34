"""What a module reads of entities, and of objects in loops: facts for L303, L304, L611 and L612.

Each function is followed from top to bottom, with what its variables hold. Where the code doesn't
show what a variable holds, nothing is noted.
"""

import ast
from collections.abc import Sized
from dataclasses import dataclass, field, replace

from berceau.lint.file_facts import Read
from berceau.lint.flow import Follower
from berceau.lint.names import Names, Nodes
from berceau.lint.queries import AGGREGATES, bound_names, generator_of
from berceau.lint.values import Entity, Objects, Row, Value, each, once

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_LOOPS = (
    *(ast.For, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.Starred, ast.YieldFrom, ast.In, ast.NotIn),
)
_SAME = {f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed")}
"""Functions that return the objects that they are given."""
_WITH_FUNCTION = {"builtins.map", "builtins.filter", "functools.reduce", "itertools.starmap"}
"""Functions whose first argument is a function."""
_CONSUMERS = (
    _SAME
    | _WITH_FUNCTION
    | {f"builtins.{name}" for name in ("sum", "any", "all", "min", "max", "len", "dict", "zip")}
    | {f"builtins.{name}" for name in ("enumerate", "next", "iter")}
    | {f"itertools.{name}" for name in ("chain", "islice", "groupby", "zip_longest", "product")}
    | {"collections.Counter", "collections.deque", "math.fsum", "math.prod"}
    | {f"statistics.{name}" for name in ("mean", "fmean", "median", "mode")}
)
"""Functions of Python that iterate what they are given."""
_MANY = {"select", "select_by_sql", "select_random"}
_ONE = {"get", "get_for_update", "get_by_sql"}
_CHAINED = {
    *("select", "filter", "where", "order_by", "sort_by", "limit", "page", "fetch", "prefetch"),
    *("for_update", "without_distinct", "distinct", "random", "to_list", "copy"),
}
"""Methods of queries and sets that lead to objects of the same entity."""
_LIMITING = {"limit", "page", "random", "fetch"}


def reads(
    tree: ast.Module, nodes: Nodes, names: Names, queries: Sized
) -> tuple[tuple[Read, ...], dict[str, tuple[str, list[str]]]]:
    """Return what the module reads of entities and of objects in loops, in order of the lines.

    Also returns the objects that its functions return: their path, and what is prefetched.
    """
    calls = nodes.of(ast.Call)
    returns = nodes.of(ast.Return)
    loops = queries or any(nodes.of(kind) for kind in _LOOPS)
    asks = returns and any(getattr(call.func, "attr", None) in _MANY | _ONE for call in calls)
    if not (loops or asks) and not any(names.origin(call.func) in _CONSUMERS for call in calls):
        return (), {}
    found: set[Read] = set()
    returned: dict[str, Value] = {}
    if returns:
        _Reader(names, returned).visit(tree)  # a function may be called above its definition
    _Reader(names, returned, found=found).visit(tree)
    objects = {name: value for name, value in returned.items() if isinstance(value, Objects)}
    return (
        tuple(sorted(found, key=lambda read: (read.line, read.kind, read.path, read.text))),
        {name: (value.name, list(value.prefetched)) for name, value in objects.items()},
    )


@dataclass
class _Reader(Follower):
    """Takes note of what the rules look at, in ``found``."""

    found: set[Read] = field(default_factory=set)

    # Calls

    def _call(self, node: ast.Call) -> Value:
        generator = generator_of(node, self.names)
        if generator is not None:
            return self._query(node, generator)
        origin = self.names.origin(node.func) or ""
        if origin in _CONSUMERS or _joins(node.func):
            return self._consumed(node, origin)
        if not isinstance(node.func, ast.Attribute):
            self._arguments(node)
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in self.returned and name not in self.variables:
                return self.returned[name]
            return self.visit(node.func) or self._of_neighbour(node)
        method = node.func.attr
        match self.value(node.func.value):
            case Entity(name):
                return self._of_entity(node, method, name)
            case Objects() as objects:
                return self._of_objects(node, method, objects)
        self._arguments(node)
        return self._of_neighbour(node)

    def _of_neighbour(self, node: ast.Call) -> Value:
        """Return what a function of another module gives, which is known once all are read."""
        function = self.names.neighbour(node.func)
        return Objects(function) if function else None

    def _query(self, node: ast.Call, generator: ast.GeneratorExp) -> Value:
        """Return what Pony's function gives of a query."""
        inner = self.inside({}, in_query=True)
        first = inner._parts(generator, node)
        element = inner.visit(generator.elt)
        self.all(node.args[1:])
        if isinstance(first, Entity):
            self._ask(node, first.name)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = (self.names.origin(node.func) or name).rpartition(".")[2]
        if name in {"select", "left_join", "get"} and isinstance(element, Objects | Row):
            return replace(element, many=name != "get")
        return None

    def _of_entity(self, node: ast.Call, method: str, entity: str) -> Value:
        objects = Objects(entity)
        self._arguments(node, objects)
        if method in {*_MANY, *_ONE, "exists"}:
            self._ask(node, entity)
        if method in _MANY:
            return replace(objects, many=True)
        return objects if method in _ONE else None

    def _of_objects(self, node: ast.Call, method: str, objects: Objects) -> Value:
        self._arguments(node, replace(objects, looped=False))
        if self.in_query:
            arguments = node.args or node.keywords
            if method in AGGREGATES and objects.path and not arguments:
                self._note("aggregate", node, objects.step(method))
            return objects if method == "select" and not arguments else None
        if not objects.many:
            self.read(node, objects.step(method))
        if method == "prefetch":
            names = tuple(ast.unparse(each) for each in node.args)
            return replace(objects, prefetched=(*objects.prefetched, *names))
        if method in {"first", "get"} and objects.many:
            return replace(objects, many=False)
        return replace(objects, many=True) if method in _CHAINED else None

    def _arguments(self, node: ast.Call, objects: Objects | None = None) -> None:
        """Visit the arguments; a lambda is a query over ``objects``, where they are given."""
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(part, ast.Lambda) and objects is not None:
                parameters = {each.arg: None for each in part.args.args}
                first = dict.fromkeys(list(parameters)[:1], objects)
                self.inside({**parameters, **first}, in_query=True).visit(part.body)
            else:
                self.visit(part)

    def _consumed(self, node: ast.Call, origin: str) -> Value:
        """Return what a function of Python gives that iterates its arguments."""
        name = origin.rpartition(".")[2]
        given = node.args[1:] if origin in _WITH_FUNCTION else node.args
        values = [self.iterated(part, node) for part in given]
        first = values[0] if values else None
        functions = [*node.args[: len(node.args) - len(given)], *(k.value for k in node.keywords)]
        for part in functions:
            self._applied(part, each(first, looped=True))
        if isinstance(first, Objects) and first.many and _throws_away(name, node.args[0]):
            self._note("inline", node, first)
        if name == "enumerate":
            return Row((None, once(each(first, looped=True))), many=True)
        return first if origin in _SAME and isinstance(first, Objects | Row) else None

    def _applied(self, function: ast.expr, value: Value) -> None:
        """Visit what may be a ``function`` that Python calls with each ``value``."""
        if isinstance(function, ast.Lambda):
            parameters = [each.arg for each in function.args.args]
            self.inside(dict.fromkeys(parameters, value)).visit(function.body)
        else:
            self.visit(function)

    # Loops

    def iterated(self, node: ast.expr, whole: ast.AST) -> Value:
        """Return what ``node`` holds, which Python iterates in ``whole``."""
        if isinstance(node, ast.GeneratorExp):
            return self._comprehension(node, whole)
        value = self.visit(node)
        if isinstance(value, Entity) and not self.in_query:
            self._note("iterated", whole, Objects(value.name))
        return value

    def _yieldfrom(self, node: ast.YieldFrom) -> None:
        self.iterated(node.value, node)

    def _compare(self, node: ast.Compare) -> None:
        self.visit(node.left)
        for operator, part in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                self.iterated(part, node)
            else:
                self.visit(part)

    def _listcomp(self, node: Comprehension) -> Value:
        return self._comprehension(node, node)

    _setcomp = _dictcomp = _listcomp

    def _generatorexp(self, node: ast.GeneratorExp) -> Value:
        # Outside of a query it is read later, by Python or by Pony: it isn't known which.
        return self._comprehension(node, node) if self.in_query else None

    def _comprehension(self, node: Comprehension, whole: ast.AST) -> Value:
        """Return what a comprehension gives."""
        inner = self.inside({})
        inner._parts(node, whole)
        if isinstance(node, ast.DictComp):
            inner.all((node.key, node.value))
            return None
        element = once(inner.visit(node.elt))
        return replace(element, many=True) if isinstance(element, Objects | Row) else None

    def _parts(self, node: Comprehension, whole: ast.AST) -> Value:
        """Bind the variables of a comprehension; return what its first part iterates."""
        values = []
        for part in node.generators:
            values.append(self.iterated(part.iter, whole))
            self.bind(part.target, each(values[-1], looped=not self.in_query))
            self.all(part.ifs)
        return values[0]

    # Notes

    def read(self, node: ast.AST, objects: Objects, *, held: bool = False) -> None:
        if objects.looped and not self.in_query:
            self._note("held" if held else "loop", node, objects)

    def _ask(self, node: ast.Call, entity: str) -> None:
        """Note a query that depends on a loop's variable."""
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        values = map(self.variables.get, used - bound_names(node))
        if not self.in_query and any(isinstance(one, Objects) and one.looped for one in values):
            self._note("query", node, Objects(entity))

    def _note(self, kind: str, node: ast.AST, objects: Objects) -> None:
        shown = node.iter if isinstance(node, ast.For) else node
        text = ast.unparse(shown)
        if isinstance(node, ast.For):
            text = f"for {ast.unparse(node.target)} in {text}"
        line = getattr(shown, "lineno", 1)
        self.found.add(Read(line, kind, objects.name, text, self.scope, objects.prefetched))


def _joins(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
            return True
    return False


def _throws_away(function: str, argument: ast.expr) -> bool:
    """Return whether ``function`` reads all objects of a query for what PostgreSQL can compute."""
    if any(
        isinstance(part, ast.Attribute) and part.attr in _LIMITING for part in ast.walk(argument)
    ):
        return False
    match argument:
        case ast.GeneratorExp(
            elt=ast.Attribute(value=ast.Name(id=name)),
            generators=[ast.comprehension(target=ast.Name(id=target), iter=ast.Call(), ifs=[])],
        ):
            return function in {"sum", "min", "max"} and name == target
        case ast.Call():
            return function == "len"
    return False
