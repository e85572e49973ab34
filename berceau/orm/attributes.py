"""The attributes of mapped entities as plain values: where each stands, and what became of it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pony.orm.core import Database


@dataclass(frozen=True)
class Attribute:
    """An attribute ``name`` that the entity ``declared_by`` declares, in ``file``.

    ``entity`` is that one or one that inherits from it. ``columns`` are those of ``table``, none
    for the side of a relation that has none. ``target`` is the entity that a relation leads to, and
    ``link`` the table of a many-to-many relation. ``cascades`` says that deleting the object
    deletes those that the attribute holds.
    """

    entity: str
    name: str
    declared_by: str
    file: Path
    table: str
    columns: tuple[str, ...]
    target: str | None
    link: str | None
    cascades: bool

    def __str__(self) -> str:
        return f"{self.declared_by}.{self.name}"

    @property
    def inherited(self) -> bool:
        """Whether the entity has it from another."""
        return self.entity != self.declared_by


def read_attributes(database: Database) -> Iterator[Attribute]:
    """Yield the attributes of all entities of a mapped ``database``, in order of declaration."""
    files = {
        name: Path(str(sys.modules[name].__file__))
        for name in {entity.__module__ for entity in database.entities.values()}
    }
    for entity in sorted(database.entities.values(), key=lambda entity: int(entity._id_)):
        for attribute in entity._attrs_:
            declaring, reverse = attribute.entity, attribute.reverse
            relates = attribute.is_collection and reverse.is_collection
            link = attribute.table if relates else None
            yield Attribute(
                entity=entity.__name__,
                name=attribute.name,
                declared_by=declaring.__name__,
                file=files[declaring.__module__],
                table=entity._table_,
                columns=() if attribute.is_collection else tuple(attribute.columns),
                target=reverse.entity.__name__ if reverse else None,
                link=link,
                cascades=bool(attribute.is_collection and attribute.cascade_delete),
            )
