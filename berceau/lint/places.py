"""Where entities, attributes, tables and columns are declared: the file and the line."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from berceau.lint.file_facts import FileFacts, Place
from berceau.orm.attributes import Attribute
from berceau.orm.diagnosis import file_of
from berceau.orm.lost import Lost


class Places:
    """The places of ``attributes`` and of ``enums``, classes by the names of their types.

    ``facts`` have the lines of each file. A file without facts has its first line.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        enums: Mapping[str, type],
        facts: Mapping[Path, FileFacts],
    ) -> None:
        self.attributes = attributes
        self._enums = enums
        self._facts = facts

    def of(self, attribute: Attribute) -> Place:
        """Return where ``attribute`` is declared."""
        return self._place(attribute.file, attribute.written, attribute.declared_by)

    def of_lost(self, lost: Lost) -> Place:
        """Return where an attribute is declared that no entity has; else, the entity's place."""
        if lost.file in self._facts:
            return self._place(lost.file, f"{lost.written_in}.{lost.name}", lost.written_in)
        return self._place(lost.home, lost.entity)

    def of_name(self, table: str, column: str | None = None) -> Place | None:
        """Return where a ``column``, a ``table`` or an enum type is declared.

        ``None`` is returned for what no entity declares.
        """
        return self._names.get((table, column)) or self._names.get((table, None))

    @cached_property
    def _names(self) -> dict[tuple[str, str | None], Place]:
        found: dict[tuple[str, str | None], Place] = {}
        for each in self.attributes:
            found.setdefault((each.table, None), self._place(each.home, each.entity))
            if each.link:
                found.setdefault((each.link, None), self.of(each))
            for column in each.columns:
                found.setdefault((each.table, column), self.of(each))
        for name, enum_class in self._enums.items():
            place = self._place(file_of(enum_class), enum_class.__name__)
            found.setdefault((name, None), place)
        return found

    def _place(self, file: Path, *names: str) -> Place:
        """Return the line that declares the first of ``names`` that ``file`` has, or line 1."""
        declared = self._facts[file].declared if file in self._facts else {}
        return file, next((declared[name][0] for name in names if name in declared), 1)
