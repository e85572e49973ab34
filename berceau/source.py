"""What an entity file may not do, read from its syntax tree before it is imported."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from berceau.components import Component
from berceau.errors import EntityError, Location

_SUSPECT = re.compile(rb"\bDatabase\b|\bbind\b|generate_mapping|_table_|\btable\b|_tables\b")
_MANAGED = frozenset({"bind", "generate_mapping", "create_tables", "drop_all_tables"})
_USE_GLOBAL = "Use the global one: from berceau.orm import db, then class Post(db.Entity)."


def check_entities(components: Iterable[Component]) -> None:
    """Raise ``EntityError`` for the first entity file that does what only Berceau may do.

    That is: create a ``Database``, bind or map one, or name a schema. A file that doesn't parse
    is left for its import to report.
    """
    for component in components:
        for file in _entity_files(component):
            source = file.read_bytes()
            if _SUSPECT.search(source):
                for line, message, cure in _violations(source):
                    raise EntityError(
                        message, where=Location(component.name, file, line), cure=cure
                    )


def _entity_files(component: Component) -> Iterator[Path]:
    entities = component.entities
    if entities is None:
        return
    if entities.name == "__init__.py":
        yield from sorted(entities.parent.rglob("*.py"))
    else:
        yield entities


def _violations(source: bytes) -> Iterator[tuple[int, str, str]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Database") | ast.Attribute(attr="Database")):
                yield node.lineno, "An entity file creates its own Database.", _USE_GLOBAL
            case ast.Call(func=ast.Attribute(value=ast.Name(id="db"), attr=called)) if (
                called in _MANAGED
            ):
                yield (
                    node.lineno,
                    f"An entity file calls db.{called}().",
                    "Remove the call: Berceau binds and maps the global Database by itself.",
                )
            case ast.Assign(targets=[ast.Name(id="_table_")], value=value) if _has_schema(value):
                yield _schema_named(node.lineno)
            case ast.keyword(arg="table", value=value) if _has_schema(value):
                yield _schema_named(value.lineno)


def _has_schema(value: ast.expr) -> bool:
    match value:
        case ast.Tuple() | ast.List():
            return True
        case ast.Constant(value=str(name)):
            return "." in name
    return False


def _schema_named(line: int) -> tuple[int, str, str]:
    return (
        line,
        "An entity file names a schema for its table.",
        "Give the table's name alone: the schema is that of the database URL (?schema=).",
    )
