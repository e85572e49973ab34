"""Where an entity declares what an index is about, and the change that declares the index."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from berceau.lint.file_facts import FileFacts
from berceau.lint.places import Places
from berceau.orm import db
from berceau.orm.attributes import Attribute, read_attributes
from berceau.orm.mapping import enum_classes
from berceau.planner.candidates import Candidate
from berceau.settings import Settings
from berceau.workflows.build.compose import compose
from berceau.workflows.build.file_facts import Reading


@dataclass(frozen=True)
class Declaration:
    """The change of an entity that declares an index: ``code`` for ``file``, near ``line``.

    ``attribute`` is the one that gets an option; where it is ``None``, ``code`` is a new line of
    the class ``entity``.
    """

    entity: str
    attribute: str | None
    code: str
    file: Path
    line: int

    @property
    def owner(self) -> str:
        """What gets the change: ``Post``, or ``Post.author``."""
        return f"{self.entity}.{self.attribute}" if self.attribute else self.entity


class Declarations:
    """The entities of a project, and where they declare their attributes.

    ``facts`` are those of their files.
    """

    def __init__(self, settings: Settings) -> None:
        composition = compose(settings.components)
        with Reading(settings, composition.components) as reading:
            facts = reading.notes()
        self.facts: Mapping[Path, FileFacts] = facts
        attributes = list(read_attributes(db))
        self._places = Places(attributes, enum_classes(db), facts)
        self._by_column: Mapping[tuple[str, str], Attribute] = {
            (each.table, column): each
            for each in reversed(attributes)
            for column in each.columns
            if len(each.columns) == 1
        }

    def place(self, table: str, column: str | None) -> tuple[Path, int] | None:
        """Return the file and the line that declare a table or its column, if an entity does."""
        return self._places.of_name(table, column)

    def have(self, table: str, column: str) -> bool:
        """Return whether an attribute of an entity is stored in the ``column`` alone."""
        return (table, column) in self._by_column

    def of(self, candidate: Candidate) -> Declaration | None:
        """Return the change that declares ``candidate``; ``None`` where no entity can."""
        if not candidate.columns:
            return None
        found = [self._by_column.get((candidate.table, column)) for column in candidate.columns]
        attributes = [each for each in found if each is not None]
        if len(attributes) < len(found) or any(
            each.made or each.method != candidate.method for each in attributes
        ):
            return None
        first = attributes[0]
        if len(attributes) == 1:
            file, line = self._places.of(first)
            return Declaration(first.declared_by, first.name, "index=True", file, line)
        if len({each.declared_by for each in attributes}) > 1:
            return None
        place = self._places.of_name(candidate.table)
        if place is None:
            return None
        names = ", ".join(each.name for each in attributes)
        return Declaration(first.declared_by, None, f"composite_index({names})", *place)
