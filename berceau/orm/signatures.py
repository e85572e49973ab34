"""One entity's signatures: what its constructor, ``set()``, ``get()`` and ``[key]`` take."""

import sys
from typing import Any

from pony.orm.core import Discriminator, Entity
from pony.orm.ormtypes import Array, Json, LongStr

HEAD = '''\
# mypy: ignore-errors
"""What differs from entity to entity in this project, as `invoke build` found it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict, Unpack, overload

from pony.orm._entity import Exactly
from pony.orm._values import JsonValue
'''
"""What the signatures below refer to, modules of entities and of their values apart."""


class Signatures:
    """The signatures of ``entity``, a mapped and importable one, as a stub has them."""

    def __init__(self, entity: Any) -> None:
        self.entity = entity
        self.reference = _reference(entity)
        self.attributes = [each for each in entity._attrs_ if not isinstance(each, Discriminator)]

    def modules(self) -> set[str]:
        """Return the modules that the signatures refer to."""
        classes = [self.entity, *(attr.py_type for attr in self.attributes)]
        modules = {each.__module__ for each in classes if is_importable(each)}
        return modules - {"builtins", Json.__module__}

    def construct(self) -> str:
        """Return the signature of the constructor.

        A class with a constructor of its own takes what that takes. One that others derive from
        is told apart from these, since they may require more.
        """
        if self.entity.__init__ is not Entity.__init__:
            return f"__init__(_self_: {self.reference}, *args: Any, **values: Any) -> None"
        receiver = f"Exactly[{self.reference}]" if self.entity._subclasses_ else self.reference
        values = _keywords(_parameter(attr, _is_needed(attr)) for attr in self.attributes)
        return f"__init__(_self_: {receiver}{values}) -> None"

    def change(self) -> str:
        """Return the signature of ``set()``."""
        values = _keywords(_parameter(each, False) for each in self.attributes if not _in_key(each))
        return f"set(_self_: {self.reference}{values}) -> None"

    def key(self) -> str:
        """Return the signature of ``[key]``."""
        types = [_type(attr) for attr in self.entity._pk_attrs_]
        key = types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
        return f"__getitem__(_cls_: type[{self.reference}], key: {key}, /) -> {self.reference}"

    def filters(self) -> str:
        """Return the definition of what ``find`` takes by keyword."""
        name = f"_{self.entity.__name__}"
        # As a call: in a class, an attribute named datetime would hide the module.
        types = (
            f'"{attr.name}": {_type(attr)}' for attr in self.attributes if not attr.is_collection
        )
        return f'{name} = TypedDict("{name}", {{{", ".join(types)}}}, total=False)'

    def find(self, method: str, result: str) -> str:
        """Return the signature of ``method``, which looks for objects; ``{}`` is the entity."""
        locks = ", nowait: bool = ..., skip_locked: bool = ..." if "update" in method else ""
        where = f"where: Callable[[{self.reference}], object] | str = ..., /"
        filters = f"**filters: Unpack[_{self.entity.__name__}]"
        return (
            f"{method}(_cls_: type[{self.reference}], {where}{locks}, {filters}) -> "
            + result.format(self.reference)
        )


def is_importable(value: Any) -> bool:
    """Say whether ``value`` is a class that a stub can name: one at the top of a module."""
    if not isinstance(value, type):
        return False
    return getattr(sys.modules.get(value.__module__), value.__qualname__, None) is value


def _keywords(parameters: Any) -> str:
    found = sorted(parameters, key=lambda text: text.endswith("= ..."))
    return "".join((", *", *(f", {each}" for each in found))) if found else ""


def _parameter(attr: Any, needed: bool) -> str:
    return f"{attr.name}: {_type(attr)}{'' if needed else ' = ...'}"


def _is_needed(attr: Any) -> bool:
    filled = attr.auto or attr.is_volatile or attr.sql_default or attr.default is not None
    return attr.is_required and not filled


def _in_key(attr: Any) -> bool:
    return attr.pk_offset is not None


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
    return "str" if declared is LongStr else _reference(declared)


def _reference(declared: type) -> str:
    module = "" if declared.__module__ == "builtins" else f"{declared.__module__}."
    return f"{module}{declared.__name__}"
