"""The stub of what other modules than an entity's add to it: named sides, methods, properties."""

import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, get_type_hints

from pony.orm.core import Attribute

from berceau.orm.extension import is_added
from berceau.orm.made import is_hidden
from berceau.orm.signatures import is_importable, reference

_HEAD = '''\
# mypy: ignore-errors
"""What other modules than an entity's add to it, as `invoke build` found it."""

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeAlias, TypeVar, overload

from pony.orm._attributes import Optional, Set
from pony.orm._collection import SetInstance

MYPY: Literal[False]
_O = TypeVar("_O")
_P = ParamSpec("_P")
_R = TypeVar("_R")

class _Method(Generic[_O, _P, _R]):
    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Callable[Concatenate[_O, _P], _R]: ...
    @overload
    def __get__(self, obj: _O, owner: type[Any]) -> Callable[_P, _R]: ...

class _Static(Generic[_O, _P, _R]):
    def __get__(self, obj: _O | None, owner: type[_O]) -> Callable[_P, _R]: ...

def _method(
    entity: type[_O], function: Callable[Concatenate[Any, _P], _R]
) -> _Method[_O, _P, _R]: ...
def _static(entity: type[_O], function: Callable[_P, _R]) -> _Static[_O, _P, _R]: ...
'''
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)+")


@dataclass
class _Name:
    """What entities have under one name: the methods of a descriptor, or an expression.

    ``values`` tell what each of the ``entities`` gives.
    """

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    values: dict[Any, str] = field(default_factory=dict)
    properties: bool = False


def added_stub(database: Any) -> str | None:
    """Return the stub of what modules add to entities of ``database``; ``None`` if none does."""
    names: defaultdict[str, _Name] = defaultdict(_Name)
    for entity in filter(is_importable, database.entities.values()):
        for attribute in entity._new_attrs_:
            if is_added(attribute) and not is_hidden(attribute):
                _add_side(names[attribute.name], attribute)
    for each in getattr(database, "added", {}).values():
        if is_importable(each.entity) and not isinstance(each.value, Attribute):
            _add_member(names[each.name], each)
    if not names:
        return None
    ordered = sorted(names.items())
    text = "\n".join(
        (
            *(line for name, each in ordered for line in _descriptor(name, each)),
            *_for_mypy(ordered, database),
            "class _ForOthers:",
            *(f"    {name} = {_expression(name, each)}" for name, each in ordered),
            # mypy reads a branch of `if MYPY` without inferring what its expressions give.
            "if MYPY:",
            "    class AddedEntity(_ForMypy): ...",
            "else:",
            "    class AddedEntity(_ForOthers): ...",
            "",
        )
    )
    return "\n".join((_HEAD, *(f"import {each}" for each in sorted(_modules(text))), "", text))


def _for_mypy(names: list[tuple[str, _Name]], database: Any) -> Iterator[str]:
    """Yield the classes that mypy sees.

    It compares attributes with those of the same name in all classes of entities. Where there are
    such, the plugin looks for type aliases.
    """
    added = {name: each.values for name, each in names}
    apart = {
        name
        for entity in database.entities.values()
        for name in vars(entity)
        if name in added and entity not in added[name]
    }
    yield "class _Apart:"
    for name, found in names:
        if name in apart:
            for entity, value in found.values.items():
                yield f"    {entity.__name__}_{name}: TypeAlias = {value}"
    # Not Any: an object of which every attribute is Any is iterable, and whatever else is asked.
    yield "    def __getattr__(self, name: str) -> object: ..." if apart else "    pass"
    yield "class _ForMypy(_Apart):"
    yield "    pass"
    for name, found in names:
        if name not in apart and found.properties:
            ((entity, value),) = found.values.items()
            yield "    @property"
            yield f"    def {name}(self: {reference(entity)}) -> {value}: ..."
        elif name not in apart:
            yield f"    {name} = {_expression(name, found)}"


def _add_side(name: _Name, attribute: Any) -> None:
    entity, related = reference(attribute.entity), reference(attribute.py_type)
    if not is_importable(attribute.py_type):
        related = "Any"
    one = f"{related} | None"
    declared, value = f"Optional[{one}]", one
    taken = one
    if attribute.is_collection:
        declared, value = f"Set[{related}]", f"SetInstance[{related}]"
        taken = f"{related} | Iterable[{related}]"
    _add_reads(name, attribute.entity, declared, value)
    name.writes.append(f"def __set__(self, obj: {entity}, value: {taken}) -> None: ...")


def _add_reads(name: _Name, entity: Any, declared: str, value: str) -> None:
    of = reference(entity)
    name.values[entity] = value
    name.reads += (
        f"def __get__(self, obj: None, owner: type[{of}]) -> {declared}: ...",
        f"def __get__(self, obj: {of}, owner: type[Any] | None = ...) -> {value}: ...",
    )


def _add_member(name: _Name, added: Any) -> None:
    value, entity = added.value, reference(added.entity)
    place = f"{added.module}.{added.by}.{added.name}"
    name.values[added.entity] = "Any"
    if isinstance(value, FunctionType):
        name.calls.append(f"_method({entity}, {place})")
    elif isinstance(value, staticmethod | classmethod):
        name.calls.append(f"_static({entity}, {place})")
    elif isinstance(value, property):
        _add_reads(name, added.entity, "property", _returned(value.fget))
        name.properties = len(name.values) == 1
    else:
        kind = type(value)
        text = reference(kind) if is_importable(kind) else "Any"
        _add_reads(name, added.entity, text, text)


def _returned(function: Any) -> str:
    """Return what a function says that it returns; "Any" where a stub can't."""
    try:
        text = inspect.formatannotation(get_type_hints(function)["return"])
    except (NameError, KeyError, TypeError, AttributeError):
        return "Any"
    names = _DOTTED.findall(text)
    return text if "<" not in text and all(map(_module, names)) else "Any"


def _descriptor(name: str, found: _Name) -> Iterator[str]:
    if found.reads and not found.calls:
        yield f"class _Added_{name}:"
        for methods in (found.reads, found.writes):
            for method in methods:
                if len(methods) > 1:
                    yield "    @overload"
                yield f"    {method}"


def _expression(name: str, found: _Name) -> str:
    if not found.calls:
        return f"_Added_{name}()"
    return (
        found.calls[0] if len(found.calls) == 1 and not found.reads else "_Static[Any, ..., Any]()"
    )


def _modules(text: str) -> Iterable[str]:
    return set(filter(None, map(_module, _DOTTED.findall(text)))) - {"builtins"}


def _module(dotted: str) -> str | None:
    """Return the module that a dotted name begins with."""
    parts = dotted.split(".")
    names = (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
    return next((name for name in names if name in sys.modules), None)
