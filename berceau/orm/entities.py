"""The mapped entities as plain values: what their author wrote, as a person reads it."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from reprlib import Repr
from typing import Any

from pony.orm.core import Database, Discriminator

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60


@dataclass(frozen=True)
class AttributeFacts:
    """The ``kind`` of an attribute, such as ``Required``, its type in Python, and its default.

    A ``default`` that a function gives is its call: ``now()``.
    """

    kind: str
    type: str
    default: str | None


@dataclass(frozen=True)
class EntityFacts:
    """An entity: its ``text`` is the docstring, and its class is in ``home``.

    ``bases`` are the entities that it inherits from, and ``kind`` is what the discriminator says
    in its rows, where several share a ``table``. ``attributes`` are by name.
    """

    name: str
    table: str
    home: Path
    text: str
    bases: tuple[str, ...]
    kind: str | None
    attributes: Mapping[str, AttributeFacts]


def read_entities(database: Database) -> Iterator[EntityFacts]:
    """Yield the entities of a mapped ``database``, in order of declaration."""
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        shares = entity._root_._discriminator_attr_ is not None
        yield EntityFacts(
            name=entity.__name__,
            table=entity._table_,
            home=Path(str(sys.modules[entity.__module__].__file__)),
            text=own_text(entity),
            bases=tuple(base.__name__ for base in entity._direct_bases_),
            kind=str(entity._discriminator_) if shares else None,
            attributes={each.name: _facts(each) for each in entity._attrs_},
        )


def own_text(declared: type) -> str:
    """Return the docstring of a class, or an empty string; not that of its base."""
    text = declared.__dict__.get("__doc__")
    return cleandoc(text) if isinstance(text, str) else ""


def _facts(attribute: Any) -> AttributeFacts:
    kind = type(attribute).__name__.removeprefix("Made")
    if isinstance(attribute, Discriminator):
        return AttributeFacts(kind, attribute.py_type.__name__, None)
    return AttributeFacts(kind, attribute.py_type.__name__, _default(attribute))


def _default(attribute: Any) -> str | None:
    default = getattr(attribute, "default", None)
    # An optional text is empty by itself.
    if default is None or (default == "" and not attribute.is_required):
        return None
    if isinstance(default, Enum):
        return f"{type(default).__name__}.{default.name}"
    if callable(default):
        return f"{getattr(default, '__name__', type(default).__name__)}()"
    return _SHORT.repr(default)
