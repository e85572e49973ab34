"""The attributes of mapped entities as plain values: where each stands, and what became of it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pony.orm.core import Database

from berceau.orm.extension import is_added, written_as
from berceau.orm.index_methods import index_method
from berceau.orm.made import Made
from berceau.orm.options import Idle, idle_options


@dataclass(frozen=True)
class Attribute:
    """An attribute ``name`` of the entity ``declared_by``, which ``file`` declares as ``written``.

    ``entity`` is that one or one that inherits from it, and its class is in ``home``. What is
    ``made`` is the side of a relation that only the other side declares, and ``added`` is that, or
    what an extension adds. ``columns`` are those of ``table``, none for the side of a relation that
    has none. ``target`` is the entity that a relation leads to, ``reverse`` the attribute on its
    other side, and ``link`` the table of a many-to-many relation. ``many`` says that it is a set,
    ``cascades`` that deleting the object deletes those that the attribute holds, and ``alone`` that
    Pony reads it by a query for each object, never for several at once. ``method`` is that of the
    index which ``index=True`` makes, as in ``btree``. ``idle`` are the options that would do
    nothing for it, and why.
    """

    entity: str
    name: str
    declared_by: str
    written: str
    file: Path
    home: Path
    made: bool
    added: bool
    table: str
    columns: tuple[str, ...]
    target: str | None
    reverse: str | None
    link: str | None
    many: bool
    cascades: bool
    alone: bool
    method: str
    idle: tuple[Idle, ...]

    def __str__(self) -> str:
        return self.written if self.made else f"{self.declared_by}.{self.name}"

    @property
    def inherited(self) -> bool:
        """Whether the entity has it from another."""
        return self.entity != self.declared_by


def read_attributes(database: Database) -> Iterator[Attribute]:
    """Yield the attributes of all entities of a mapped ``database``, in order of declaration."""
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        for attribute in entity._attrs_:
            declaring, reverse = attribute.entity, attribute.reverse
            relates = attribute.is_collection and reverse.is_collection
            link = attribute.table if relates else None
            module, written = written_as(attribute)
            yield Attribute(
                entity=entity.__name__,
                name=attribute.name,
                declared_by=declaring.__name__,
                written=written,
                file=_file(module),
                home=_file(entity.__module__),
                made=isinstance(attribute, Made),
                added=is_added(attribute),
                table=entity._table_,
                columns=() if attribute.is_collection else tuple(attribute.columns),
                target=reverse.entity.__name__ if reverse else None,
                reverse=str(reverse) if reverse else None,
                link=link,
                many=attribute.is_collection,
                cascades=bool(attribute.is_collection and attribute.cascade_delete),
                alone=_is_read_alone(attribute),
                method=index_method(attribute.py_type),
                idle=idle_options(attribute),
            )


@cache
def _file(module: str) -> Path:
    return Path(str(sys.modules[module].__file__))


def _is_read_alone(attribute: Any) -> bool:
    if attribute.is_collection:
        return bool(attribute.lazy or attribute.nplus1_threshold is None)
    return bool(attribute.lazy or not attribute.columns)
