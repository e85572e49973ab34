"""Where a module's queries are: generators and lambdas that Pony turns into SQL."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from berceau.lint.names import Names, Nodes

_ALWAYS = {"select", "get", "exists", "delete", "left_join"}
AGGREGATES = {"count", "sum", "min", "max", "avg", "group_concat", "distinct"}
"""Functions of Pony that are also Python's, or those of an application: queries over entities."""
METHODS = {"select", "get", "exists", "filter", "where", "order_by", "sort_by"}
"""Methods of entities, sets and queries that take a lambda."""


@dataclass(frozen=True)
class Query:
    """A generator or lambda; ``variables`` gives the entity of each variable where that is plain.

    ``bound`` holds all names that it binds: what depends on them is PostgreSQL's to compute.
    """

    node: ast.GeneratorExp | ast.Lambda
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound(self) -> frozenset[str]:
        """The names that the query, or one inside of it, binds."""
        return bound_names(self.node)


def bound_names(node: ast.AST) -> frozenset[str]:
    """Return the names that the comprehensions and lambdas in ``node`` bind."""
    found = set()
    for part in ast.walk(node):
        match part:
            case ast.comprehension(target=target):
                found |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
            case ast.arg(arg=name):
                found.add(name)
    return frozenset(found)


def find(nodes: Nodes, names: Names) -> Iterator[Query]:
    """Yield the queries of a module, the outermost of those inside each other."""
    if not any(package in names for package in ("pony", "berceau.orm", ".entities", "components")):
        return
    inside: set[ast.AST] = set()
    for call in nodes.of(ast.Call):
        query = _query(call, names) if call not in inside else None
        if query is not None:
            inside |= set(ast.walk(query.node))
            yield query


def generator_of(call: ast.Call, names: Names) -> ast.GeneratorExp | None:
    """Return the generator that ``call``, of a function of Pony, sends as a query."""
    match call:
        case ast.Call(args=[ast.GeneratorExp() as generator, *_]):
            package, _, name = (names.origin(call.func) or "").rpartition(".")
            known = package in {"pony.orm", "pony.orm.core"}
            first = generator.generators[0].iter
            if known and (name in _ALWAYS or (name in AGGREGATES and _is_entity(first))):
                return generator
    return None


def _query(call: ast.Call, names: Names) -> Query | None:
    generator = generator_of(call, names)
    if generator is not None:
        return Query(generator, dict(_variables(generator)))
    match call:
        case ast.Call(func=ast.Attribute(attr=method), args=[ast.Lambda() as function, *_]):
            if method in METHODS:
                entity = entity_of(call.func)
                parameters = [each.arg for each in function.args.args]
                lambdas = dict.fromkeys(parameters[:1], entity) if entity else {}
                return Query(function, lambdas | dict(_variables(function)))
    return None


def entity_of(node: ast.AST) -> str | None:
    """Return the entity that ``Post`` or ``Post.select().filter`` begins with, by its name."""
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr not in METHODS:
            return None
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if _is_entity(node) and isinstance(node, ast.Name) else None


def _is_entity(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name[:1].isupper()
        case ast.Call(func=ast.Attribute(value=value, attr="select")):
            return _is_entity(value)
    return False


def _variables(query: ast.AST) -> Iterator[tuple[str, str]]:
    for part in ast.walk(query):
        match part:
            case ast.comprehension(target=ast.Name(id=name), iter=ast.Name(id=entity)):
                yield name, entity
