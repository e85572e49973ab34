"""What a component's files may not do, read from their syntax trees before any is imported."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from berceau.components import Component
from berceau.errors import EntityError, Location

_MANAGED = frozenset({"bind", "generate_mapping", "create_tables", "drop_all_tables"})
_USE_GLOBAL = "Use the global one: from berceau.orm import db, then class Post(db.Entity)."

Violations = Iterator[tuple[int, str, str]]
"""A line, what is wrong with it, and the cure."""


@dataclass(frozen=True)
class _Rule:
    """What to look for in a syntax tree, and the ``signs``: without one, parsing it is spared."""

    signs: tuple[bytes, ...]
    find: Callable[[ast.Module], Violations]

    def violations(self, source: bytes) -> Violations:
        if not any(sign in source for sign in self.signs):
            return
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return
        yield from self.find(tree)


def check_entities(components: Iterable[Component]) -> None:
    """Raise ``EntityError`` for the first file that breaks a rule about entities.

    They are declared in the entity files, which neither create a ``Database`` nor bind or map
    one: only Berceau may. A file that doesn't parse is left for its import to report.
    """
    for component in components:
        places = (component.entities, component.path / "entities")
        for file in component.sources():
            inside = file in places or places[1] in file.parents
            rule = _MANAGING if inside else _DECLARING
            for line, message, cure in rule.violations(file.read_bytes()):
                raise EntityError(message, where=Location(component.name, file, line), cure=cure)


def _managed(tree: ast.Module) -> Violations:
    aliases = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Database"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == "Database" or name in aliases:
                yield node.lineno, "An entity file creates its own Database.", _USE_GLOBAL
            case ast.Call(func=ast.Attribute(attr="Database")):
                yield node.lineno, "An entity file creates its own Database.", _USE_GLOBAL
            case ast.Call(func=ast.Attribute(value=ast.Name(id="db"), attr=called)) if (
                called in _MANAGED
            ):
                yield (
                    node.lineno,
                    f"An entity file calls db.{called}().",
                    "Remove the call: Berceau binds and maps the global Database by itself.",
                )


def _declared(tree: ast.Module) -> Violations:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(bases=[ast.Attribute(value=ast.Name(id="db"), attr="Entity"), *_]):
                yield (
                    node.lineno,
                    f"The entity {node.name} is declared outside of its component's entities.",
                    "Move it to entities.py, or to a module of the package entities/.",
                )


_MANAGING = _Rule((b"Database", b"bind", b"generate_mapping", b"_tables"), _managed)
_DECLARING = _Rule((b"db.Entity",), _declared)
