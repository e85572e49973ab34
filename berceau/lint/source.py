"""One source file, read: what rules find in it, and what others need to know of it."""

import ast
import re
from collections.abc import Iterable, Iterator

from berceau.lint.declarations import declared_in_vain
from berceau.lint.file_facts import FileFacts, Line
from berceau.lint.naive_datetimes import naive
from berceau.lint.names import Names, Nodes, imports
from berceau.lint.queries import METHODS, Query, entity_of, find
from berceau.lint.reads import reads
from berceau.lint.sql import built_from_strings
from berceau.lint.translation import untranslatable

_IGNORE = re.compile(r"#\s*berceau:\s*ignore\[([^\]]*)\]")
_FILTERS = {"get", "exists", "filter", "where"}


def examine(source: bytes) -> FileFacts:
    """Return the notes on a file; one that doesn't parse has none: its import fails."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return FileFacts()
    nodes = Nodes(tree)
    names = Names(nodes)
    queries = list(find(nodes, names))
    faults = [fault for query in queries for fault in untranslatable(query, names)]
    faults += naive(nodes, names, queries)
    faults += declared_in_vain(nodes, names)
    faults += (
        (call, "L501", f"{ast.unparse(call.func)}() gets a text built from strings.")
        for call in built_from_strings(tree, nodes, names)
    )
    read, returned = reads(tree, nodes, names, queries)
    return FileFacts(
        faults=sorted((_line(node), code, message) for node, code, message in faults),
        ignores=list(_ignores(source.decode(errors="replace"))),
        declared=dict(_declared(nodes)),
        filters=sorted({*_filters(queries), *_keyword_filters(nodes)}),
        reads=read,
        returns=returned,
        imports=sorted(imports(nodes)),
    )


def _line(node: ast.AST) -> int:
    line: int = getattr(node, "lineno", 1)
    return line


def _ignores(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        for codes in _IGNORE.findall(line):
            for code in codes.split(","):
                yield number, code.strip()


def _declared(nodes: Nodes) -> Iterator[tuple[str, tuple[int, list[str]]]]:
    for module in nodes.of(ast.Module):
        for statement in module.body:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)]):
                    yield f"{owner}.{name}", (statement.lineno, _options(statement.value))
    for node in nodes.of(ast.ClassDef):
        yield node.name, (node.lineno, [])
        for statement in node.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    yield f"{node.name}.{name}", (statement.lineno, _options(value))


def _options(value: ast.expr) -> list[str]:
    """Return the names of the keywords, where ``value`` is a call."""
    keywords = value.keywords if isinstance(value, ast.Call) else []
    return [each.arg or "**" for each in keywords]


def _filters(queries: Iterable[Query]) -> Iterator[Line]:
    for query in queries:
        for comparison in ast.walk(query.node):
            if not isinstance(comparison, ast.Compare):
                continue
            for side in (comparison.left, *comparison.comparators):
                match side:
                    case ast.Attribute(value=ast.Name(id=variable), attr=attribute) if (
                        variable in query.variables
                    ):
                        yield side.lineno, f"{query.variables[variable]}.{attribute}"


def _keyword_filters(nodes: Nodes) -> Iterator[Line]:
    for node in nodes.of(ast.Call):
        match node.func:
            case ast.Attribute(attr=method) if method in _FILTERS & METHODS and (
                entity := entity_of(node.func)
            ):
                for keyword in node.keywords:
                    if keyword.arg is not None:
                        yield node.lineno, f"{entity}.{keyword.arg}"
