"""Where a declaration stands in its source, and what Pony's complaint about it means."""

import ast
import re
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pony import options
from pony.orm.core import Attribute, EntityMeta, OrmError

from berceau.errors import BerceauError, DuplicateNameError, EntityError, Location
from berceau.orm.extension import written_as
from berceau.schema.meaning import as_written

options.CUT_TRACEBACK = False  # where Python has no main file, Pony would cut what we read

_UNKNOWN_ENTITY = re.compile(r"Entity definition (\w+) was not found")
_CURES = {
    "everse attribute": "Declare the relation's other side, and name it with reverse= if in doubt.",
    "name is already in use": "Give the attribute a name for its index: index='another_name'.",
    "already in use": "Give one of them another table name.",
    "No database converter": "Use a type that PostgreSQL knows, or store it as str, bytes or Json.",
}
_NAMED = {
    "Cannot specify table name": "_table_",
    "Cannot redefine": "_table_options_",
}
"""What a message means that doesn't name it."""


def file_of(declared: type) -> Path:
    """Return the file that declares a class, also while its module fails to import."""
    return file_of_module(declared.__module__)


def file_of_module(name: str) -> Path:
    """Return the file of a module, also while it fails to import."""
    spec = find_spec(name)
    return Path(str(spec and spec.origin))


def place_of(declared: type, attribute: str | None = None) -> Location:
    """Return the file and line that declare a class, or one of its attributes.

    The line is missing where the source can't be read.
    """
    return place_in(declared.__module__, declared.__name__, attribute)


def place_in(module: str, name: str, attribute: str | None = None) -> Location:
    """Return the file and line where a ``module`` declares the class ``name``, or an attribute."""
    found = class_in(module, name)
    line = _line_of(found, attribute) if found else None
    return Location(file=file_of_module(module), line=line)


def place_of_attribute(attribute: Any) -> Location:
    """Return the file and line that declare an ``attribute``, or the relation it was made for."""
    module, name = written_as(attribute)
    return place_in(module, *name.split("."))


def class_in(module: str, name: str) -> ast.ClassDef | None:
    """Return the source of the class ``name`` in a ``module``, if it can be read."""
    try:
        tree = ast.parse(file_of_module(module).read_bytes())
    except (OSError, SyntaxError):
        return None
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return next((node for node in classes if node.name == name), None)


def diagnose(error: Exception, database: Any) -> BerceauError:
    """Return ``error``, raised while ``database`` was mapped, as an error for a person."""
    if isinstance(error, BerceauError):
        return error
    text = as_written(str(error))
    attribute, entity = _culprit(error)
    if unknown := _UNKNOWN_ENTITY.search(text):
        return _unknown_entity(unknown[1], attribute)
    table = database.schema and database.schema.tables.get(entity and entity._table_)
    if isinstance(error, AssertionError) and table is not None and table.m2m:
        return _link_table_taken(table, entity)
    if not isinstance(error, OrmError | TypeError | ValueError):
        text = f"{attribute or entity} can't be mapped: {type(error).__name__}: {text}"
    cure = next((cure for sign, cure in _CURES.items() if sign in text), None)
    named = next((name for sign, name in _NAMED.items() if sign in text), None)
    where = place_of(entity, named) if named else _place(attribute, entity)
    return EntityError(text, where=where, cure=cure)


def check_tables(database: Any) -> None:
    """Check the names of the tables of a bound ``database``, before it is mapped.

    Raises ``DuplicateNameError`` where two entities share a table, and ``EntityError`` where a
    table's name has a schema.
    """
    found: dict[str, Any] = {}
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        for attribute in entity._new_attrs_:
            _refuse_schema(getattr(attribute, "table", None), *written_as(attribute))
        if entity._root_ is not entity:
            continue
        _refuse_schema(entity._table_, entity.__module__, f"{entity.__name__}._table_")
        name = entity._table_ or database.provider.get_default_entity_table_name(entity)
        other = found.setdefault(name, entity)
        if other is not entity:
            raise duplicate("table", name, other, entity)


def _refuse_schema(table: Any, module: str, declared: str) -> None:
    if isinstance(table, tuple | list) or "." in (table or ""):
        raise EntityError(
            f"The table {table if isinstance(table, str) else '.'.join(table)} names a schema.",
            where=place_in(module, *declared.split(".")),
            cure="Give the table's name alone: the schema is that of the database URL (?schema=).",
        )


def duplicate(kind: str, name: str, first: type, second: type) -> DuplicateNameError:
    """Return the error for two classes that claim one ``name`` of a ``kind`` in the database."""
    return DuplicateNameError(
        f"{first.__name__} and {second.__name__} both become the {kind} {name}: "
        f"the first is in {place_of(first)}.",
        where=place_of(second),
        cure="Rename one of the classes; tables and enums share one schema across components.",
    )


def _unknown_entity(name: str, attribute: Any) -> EntityError:
    return EntityError(
        f"{attribute} refers to the entity {name}, which no component declares.",
        where=_place(attribute, None),
        cure=f"Declare {name}, add the component that has it, or remove the relation.",
    )


def _link_table_taken(table: Any, entity: Any) -> DuplicateNameError:
    relation = min(table.m2m, key=written_as)
    _, name = written_as(relation)
    return DuplicateNameError(
        f"The relation {name} and the entity {entity.__name__} both become the table "
        f"{table.name}: the relation is in {place_of_attribute(relation)}.",
        where=place_of(entity),
        cure="Rename the entity, or give the relation another table: Set(..., table='...').",
    )


def _culprit(error: Exception) -> tuple[Any, Any]:
    """Return the attribute and the entity, if any, that Pony had in hand when it failed."""
    attribute = entity = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for name in ("self", "cls", "entity", "attr"):
            value = frame.f_locals.get(name)
            attribute = value if isinstance(value, Attribute) else attribute
            entity = value if isinstance(value, EntityMeta) else entity
        if isinstance(own := frame.f_locals.get("self"), Attribute):
            entity = own.entity  # its own method: it isn't one of a loop that went on
    # What is wrong with an index shows after the loop over the attributes.
    if str(error).startswith("Index") or (attribute and attribute.entity is not entity):
        attribute = None
    return attribute, entity


def _place(attribute: Any, entity: Any) -> Location | None:
    if attribute is not None:
        return place_of_attribute(attribute)
    return None if entity is None else place_of(entity)


def _line_of(node: ast.ClassDef, attribute: str | None) -> int:
    """Return the line that assigns ``attribute`` in the body of a class, or that of the class."""
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        each = waiting.pop()  # the last one first: it is the one that counts
        targets = getattr(each, "targets", None) or [getattr(each, "target", None)]
        names = (part for target in targets if target for part in ast.walk(target))
        if any(isinstance(part, ast.Name) and part.id == attribute for part in names):
            return int(getattr(each, "lineno", node.lineno))
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting += ast.iter_child_nodes(each)
    return node.lineno
