"""Attributes that are written, and that no entity has: Pony passes over them silently."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pony.orm.core import Attribute, Entity, EntityMeta


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
    seen: set[type] = {Entity, object}
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        for declaring in entity.__mro__:
            if declaring in seen:
                continue
            seen.add(declaring)
            for name, why in _in_vain(declaring):
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
    where = "after the class was made"
    if not is_entity:
        where = f"in {declaring.__name__}, which isn't an entity"
    for name, value in vars(declaring).items():
        if isinstance(value, Attribute) and value.entity is None:
            yield name, f"it is declared {where}"
        elif is_entity and type(value) in {tuple, list} and name[0] != "_" and _has_unused(value):
            yield name, f"it is a {type(value).__name__}: look for a comma after it"


def _has_unused(values: Iterable[object]) -> bool:
    return any(isinstance(value, Attribute) and value.entity is None for value in values)


def _file(declaring: type) -> Path:
    return Path(str(sys.modules[declaring.__module__].__file__))
