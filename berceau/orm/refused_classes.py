"""Where the attribute or index stands for which the class of an entity is refused."""

import ast
import re
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any

from pony.orm.core import Attribute, EntityMeta, Index, PrimaryKey

from berceau.errors import Location
from berceau.orm.diagnosis import class_in, place_in, place_of
from berceau.orm.extension import Added

_INDEXES = {"composite_key", "composite_index", "index", "PrimaryKey"}


def place_of_refusal(error: BaseException) -> Location | None:
    """Return the file and line of what was refused when a class was made or an entity extended.

    Python's traceback shows the line of the class only. Returns ``None`` for other errors, and
    where that line is the right one.
    """
    entity = attribute = index = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        entity = entity or _being_made(frame)
        owner = frame.f_locals.get("self")
        if isinstance(owner, Attribute):
            attribute = frame.f_locals.get("name", getattr(owner, "name", None))
        if isinstance(added := frame.f_locals.get("each"), Added):
            return place_in(added.module, added.by, added.name)
        if isinstance(owner, Index) and len(owner.attrs) > 1:
            index = owner
    if entity is None:
        return None
    if attribute is not None:
        return place_of(entity, attribute)
    if index is not None:
        return _place_of_index(entity, index)
    of_class = place_of(entity)
    named = (place_of(entity, name) for name in _names(str(error), entity))
    return next((place for place in named if place != of_class), None)


def _being_made(frame: FrameType) -> Any:
    made = frame.f_locals.get("cls")
    is_made = frame.f_code.co_name == "__init__" and isinstance(made, EntityMeta)
    return made if is_made else None


def _place_of_index(entity: Any, index: Any) -> Location:
    """Return the place of the call that declares an ``index`` of several attributes."""
    place = place_of(entity)
    wanted = [getattr(each, "name", each) for each in index.attrs]
    for node in ast.walk(class_in(entity.__module__, entity.__name__) or ast.Pass()):
        if isinstance(node, ast.Call) and _called(node) in _INDEXES:
            given = [_name(argument) for argument in node.args]
            if len(given) == len(wanted) and set(given).issuperset(filter(_is_name, wanted)):
                return Location(file=place.file, line=node.lineno)
    return place


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def _called(node: ast.Call) -> str | None:
    return getattr(node.func, "attr", getattr(node.func, "id", None))


def _name(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else getattr(node, "id", None)


def _names(text: str, entity: Any) -> Iterator[str]:
    """Yield the attributes of ``entity`` that a message of Pony may mean."""
    for owner, name in re.findall(r"(\w+)\.(\w+)", text):
        if owner == entity.__name__:
            yield name
    yield from re.findall(r"'(\w+)'", text)
    yield from re.findall(r"Got: (\w+)", text)
    if "primary key" in text.lower():
        keys = [name for name, value in vars(entity).items() if isinstance(value, PrimaryKey)]
        yield from reversed(keys)
