"""Where a declaration stands in its source, and what Pony's complaint about it means."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

from berceau.errors import BerceauError, DuplicateNameError, EntityError, Location

_ATTRIBUTE = re.compile(r"\b([A-Z]\w*)\.(\w+)")
_UNKNOWN_ENTITY = re.compile(r"Entity definition (\w+) was not found")
_CURES = {
    "Reverse attribute": "Give the relation its other side, and name it with reverse= if in doubt.",
    "already in use": "Give one of them another table name.",
}


def place_of(declared: type, attribute: str | None = None) -> Location:
    """Return the file and line that declare a class, or one of its attributes.

    The line is missing where the source can't be read.
    """
    file = Path(inspect.getfile(declared))
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return Location(file=file)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == declared.__name__:
            return Location(file=file, line=_line_of(node, attribute))
    return Location(file=file)


def diagnose(error: Exception, database: Any) -> BerceauError:
    """Return ``error``, raised while ``database`` was mapped, as an error for a person."""
    if isinstance(error, BerceauError):
        return error
    text = str(error)
    if unknown := _UNKNOWN_ENTITY.search(text):
        return _unknown_entity(unknown[1], database)
    cure = next((cure for sign, cure in _CURES.items() if sign in text), None)
    return EntityError(text, where=_culprit(text, database), cure=cure)


def check_tables(database: Any) -> None:
    """Raise ``DuplicateNameError`` where two entities of a bound ``database`` share a table."""
    found: dict[str, Any] = {}
    roots = (entity for entity in database.entities.values() if entity._root_ is entity)
    for entity in sorted(roots, key=lambda entity: int(entity._id_)):
        name = entity._table_ or database.provider.get_default_entity_table_name(entity)
        other = found.setdefault(name, entity)
        if other is not entity:
            raise duplicate("table", name, other, entity)


def duplicate(kind: str, name: str, first: type, second: type) -> DuplicateNameError:
    """Return the error for two classes that claim one ``name`` of a ``kind`` in the database."""
    return DuplicateNameError(
        f"{first.__name__} and {second.__name__} both become the {kind} {name}: "
        f"the first is in {place_of(first)}.",
        where=place_of(second),
        cure="Rename one of the classes; tables and enums share one schema across components.",
    )


def _unknown_entity(name: str, database: Any) -> EntityError:
    attribute = next(
        attribute
        for entity in database.entities.values()
        for attribute in entity._new_attrs_
        if attribute.py_type == name
    )
    return EntityError(
        f"{attribute} refers to the entity {name}, which no component declares.",
        where=place_of(attribute.entity, attribute.name),
        cure=f"Declare {name}, add the component that has it, or take the relation out.",
    )


def _culprit(text: str, database: Any) -> Location | None:
    for entity_name, attribute in _ATTRIBUTE.findall(text):
        if entity_name in database.entities:
            return place_of(database.entities[entity_name], attribute)
    for word in re.findall(r"\w+", text):
        if word in database.entities:
            return place_of(database.entities[word])
    return None


def _line_of(node: ast.ClassDef, attribute: str | None) -> int:
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(t, ast.Name) and t.id == attribute for t in targets):
                return statement.lineno
    return node.lineno
