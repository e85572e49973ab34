"""What a component's files may not do, read from their syntax trees before any is imported."""

import ast
import re
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
    """What to look for in a syntax tree, and the ``signs`` without which parsing it is spared."""

    signs: re.Pattern[bytes]
    find: Callable[[ast.Module], Violations]

    def violations(self, source: bytes) -> Violations:
        if not self.signs.search(source):
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
        entities = component.entities
        for file in component.sources():
            inside = file == entities or component.path / "entities" in file.parents
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


_MANAGING = _Rule(re.compile(rb"\bDatabase\b|\bbind\b|generate_mapping|_tables\b"), _managed)
_DECLARING = _Rule(re.compile(rb"\bdb\.Entity\b"), _declared)
