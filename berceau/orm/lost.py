"""Attributes that are written, and that no entity has: Pony passes over them silently."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pony.orm.core import Attribute, EntityMeta


@dataclass(frozen=True)
class Lost:
    """What a class ``written_in`` a ``file`` declares as ``name``, and an ``entity`` lacks."""

    entity: str
    home: Path
    written_in: str
    file: Path
    name: str
    why: str


def lost_attributes(database: Any) -> Iterator[Lost]:
    """Yield what the classes of a mapped ``database`` declare in vain, each attribute once."""
    seen: set[tuple[type, str]] = set()
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        for declaring in entity.__mro__[:-1]:
            for name, why in _in_vain(declaring):
                if (declaring, name) not in seen:
                    seen.add((declaring, name))
                    yield Lost(
                        entity=entity.__name__,
                        home=_file(entity),
                        written_in=declaring.__name__,
                        file=_file(declaring),
                        name=name,
                        why=why,
                    )


def _in_vain(declaring: type) -> Iterator[tuple[str, str]]:
    is_entity = isinstance(declaring, EntityMeta)
    for name, value in vars(declaring).items():
        if _is_unused(value):
            where = (
                "after the class was made"
                if is_entity
                else f"in {declaring.__name__}, which isn't an entity"
            )
            yield name, f"it is declared {where}"
        elif is_entity and isinstance(value, tuple | list) and any(map(_is_unused, value)):
            yield name, f"it is a {type(value).__name__}: look for a comma after it"


def _is_unused(value: object) -> bool:
    return isinstance(value, Attribute) and value.entity is None


def _file(declaring: type) -> Path:
    return Path(str(sys.modules[declaring.__module__].__file__))
