"""One entity's signatures: what its constructor, ``set()``, ``get()`` and ``[key]`` take."""

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pony.orm.core import Discriminator, Entity
from pony.orm.ormtypes import Array, Json, LongStr

from berceau.orm.made import is_hidden

HEAD = '''\
# mypy: ignore-errors
"""What differs from entity to entity in this project, as `invoke build` found it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Literal, Never, NotRequired, Self, TypeAlias, TypedDict, TypeVar
from typing import Unpack, overload

import pony.orm._rows as _rows
from pony.orm._attributes import AttributeOf
from pony.orm._modes import Item, Items, Row
from pony.orm._queried import Inner, InQuery, Lifted
from pony.orm._query import Query
from pony.orm._values import JsonValue
'''
"""What the signatures below refer to, modules of entities and of their values apart."""
PROJECT_TYPES = """\
_Mode = TypeVar("_Mode")
_Member_co = TypeVar("_Member_co", covariant=True)

class UnknownGroup(Generic[_Member_co]):
    def __getattr__(self, name: str) -> Any: ...
"""
"""What the definitions of groups refer to."""

IMPLICIT_KEY = """\
    class ImplicitKey:
        @overload
        def __get__(self, obj: None, owner: type[_Keyed]) -> AttributeOf[_Keyed, int]: ...
        @overload
        def __get__(self, obj: InQuery[_Keyed, Item], owner: object = ...) -> int | Inner: ...
        @overload
        def __get__(self, obj: InQuery[_Keyed, Items], owner: object = ...) -> Lifted[int]: ...
        @overload
        def __get__(self, obj: _Keyed, owner: object = ...) -> int: ...
        def __set__(self, obj: object, value: Never) -> None: ..."""
"""The ``id`` of entities that declare no key, which are those that ``_Keyed`` stands for."""


class Signatures:
    """The signatures of ``entity``, a mapped and importable one, as a stub has them."""

    def __init__(self, entity: Any) -> None:
        self.entity = entity
        self.reference = reference(entity)
        self.attributes = [
            each
            for each in entity._attrs_
            if not (isinstance(each, Discriminator) or is_hidden(each))
        ]

    def modules(self) -> set[str]:
        """Return the modules that the signatures refer to."""
        classes = [self.entity, *(attr.py_type for attr in self.attributes)]
        modules = {each.__module__ for each in classes if is_importable(each)}
        return modules - {"builtins", Json.__module__}

    def values(self) -> Iterator[str]:
        """Yield definitions of what the methods take: the plugin for mypy knows their names."""
        if not self._has_constructor:
            yield self._new("New", [attr for attr in self.attributes if _is_needed(attr)])
        # One of the relations is the collection's own: create() fills it.
        yield self._new(
            "Item", [attr for attr in self.attributes if _is_needed(attr) and not attr.is_relation]
        )
        changeable = [attr for attr in self.attributes if attr.pk_offset is None]
        yield self._dictionary(
            "Set", [(attr.name, f"NotRequired[{_type(attr)}]") for attr in changeable]
        )
        single = [attr for attr in self.attributes if not attr.is_collection]
        yield self._dictionary(
            "Find", [(attr.name, f"NotRequired[{_type(attr)}]") for attr in single]
        )
        yield self._dictionary(
            "Defaults", [(attr.name, f"NotRequired[{_type(attr)}]") for attr in self.attributes]
        )
        yield self._dictionary(
            "Row",
            [
                (attr.name, _type(attr) if _is_needed(attr) else f"NotRequired[{_type(attr)}]")
                for attr in single
                if attr.columns
            ],
        )
        types = [_type(attr) for attr in self.entity._pk_attrs_]
        key = types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
        yield f"{self._name('Key')}: TypeAlias = {key}"

    def methods(self) -> Mapping[str, str]:
        """Return what types the methods of the entity, by their names: the rest of a signature."""
        entity, row, key = self.reference, self._row("Row"), self._name("Key")
        find = f"**filters: Unpack[{self._name('Find')}]"
        where = f"where: Callable[[{row}], object] | str = ..., /"
        locks = "nowait: bool = ..., skip_locked: bool = ..."
        defaults = f"defaults: {self._name('Defaults')} = ..."
        changes = f"defaults: {self._name('Set')} = ..., create_{defaults}"
        rows = f"rows: Iterable[{self._name('Row')}], *, ignore_conflicts: bool = ..."
        return {
            "queried": f"mode: _Mode, /) -> {self._row('_Mode')}",
            "key": f"key: {key}, /) -> {entity}",
            "new": f"{self._new_values()}) -> None",
            "item": f"**values: Unpack[{self._name('Item')}]) -> None",
            "set": f"**values: Unpack[{self._name('Set')}]) -> None",
            "find": f"{find}) -> None",
            "get": f"{where}, {find}) -> {entity} | None",
            "get_for_update": f"{where}, {locks}, {find}) -> {entity} | None",
            "exists": f"{where}, {find}) -> bool",
            "select": f"{where}, {find}) -> Query[{entity}]",
            "get_or_create": f"{defaults}, {find}) -> tuple[{entity}, bool]",
            "upsert": f"{changes}, {find}) -> tuple[{entity}, bool]",
            "bulk_create": f"{rows}) -> list[{key}]",
        }

    @property
    def _has_constructor(self) -> bool:
        return self.entity.__init__ is not Entity.__init__

    @property
    def has_implicit_key(self) -> bool:
        """Whether Pony gives the entity its ``id``, and not an entity that it derives from."""
        return any(
            attr.is_implicit and attr.entity is self.entity for attr in self.entity._pk_attrs_
        )

    def _new_values(self) -> str:
        """Return what the constructor takes; one of its own is in no definition."""
        if self._has_constructor:
            return "*args: Any, **values: Any"
        return f"**values: Unpack[{self._name('New')}]"

    def _row(self, mode: str) -> str:
        return f"_rows.{self.entity.__name__}[{mode}]"

    def _name(self, kind: str) -> str:
        return f"_{self.entity.__name__}{kind}"

    def _new(self, kind: str, needed: list[Any]) -> str:
        others = [attr for attr in self.attributes if attr not in needed]
        return self._dictionary(
            kind,
            [(attr.name, _type(attr)) for attr in needed]
            + [(attr.name, f"NotRequired[{_type(attr)}]") for attr in others],
        )

    def _dictionary(self, kind: str, types: list[tuple[str, str]]) -> str:
        # As a call: in a class, an attribute named datetime would hide the module.
        fields = ", ".join(f'"{name}": {declared}' for name, declared in types)
        return f'{self._name(kind)} = TypedDict("{self._name(kind)}", {{{fields}}})'


def is_importable(value: Any) -> bool:
    """Return whether ``value`` is a class that a stub can name: one at the top of a module."""
    if not isinstance(value, type):
        return False
    return getattr(sys.modules.get(value.__module__), value.__qualname__, None) is value


def _is_needed(attr: Any) -> bool:
    filled = attr.auto or attr.is_volatile or attr.sql_default or attr.default is not None
    return attr.is_required and not filled


def _type(attr: Any) -> str:
    value = _value_type(attr.py_type)
    if attr.is_collection:
        return f"{value} | Iterable[{value}]"
    return value if attr.is_required or not attr.nullable else f"{value} | None"


def _value_type(declared: Any) -> str:
    if not is_importable(declared):
        return "Any"
    if issubclass(declared, Json):
        return "JsonValue"
    if issubclass(declared, Array):
        return f"Sequence[{declared.item_type.__name__}]"
    if declared is LongStr:
        return "str"
    return f"{reference(declared)} | int" if declared is Decimal else reference(declared)


def reference(declared: type) -> str:
    """Return how a stub that imports the module of a class names it."""
    module = "" if declared.__module__ == "builtins" else f"{declared.__module__}."
    return f"{module}{declared.__name__}"
