"""What the developer chose for the rows that are there: values to fill in, labels to take."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from berceau.errors import MigrationError
from berceau.schema.model import Schema

_PART = r'(?:"(?:[^"]|"")*"|[^".=]+)'
_PAIR = re.compile(rf"({_PART})\.({_PART})=(.+)", re.DOTALL)

Place = tuple[str, str]
"""A column's (table, name), or a label's (enum, label)."""


@dataclass(frozen=True)
class Choices:
    """Values by place, as SQL, and labels.

    ``backfills`` give a column's rows the value that they lack; ``empties`` do so where the
    developer chose nothing; ``labels`` take the place of labels that go. ``cuts`` lets strings be
    cut where their new type is shorter. ``kinds`` are the values of discriminators, as SQL.
    """

    backfills: Mapping[Place, str] = field(default_factory=dict)
    empties: Mapping[Place, str] = field(default_factory=dict)
    labels: Mapping[Place, str] = field(default_factory=dict)
    cuts: bool = False
    kinds: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)

    def value(self, table: str, column: str) -> str | None:
        """Return what the rows of a column get that have no value, as SQL."""
        return self.backfills.get((table, column), self.empties.get((table, column)))

    def over(self, declared: Schema) -> "Choices":
        """Return these choices over what ``declared`` columns say of empty values and kinds."""
        return replace(
            self,
            empties={
                (table.name, column.name): column.empty
                for table in declared.tables
                for column in table.columns
                if column.empty is not None and column.default is None
            },
            kinds={
                (table.name, column.name): column.kinds
                for table in declared.tables
                for column in table.columns
                if column.kinds
            },
        )

    def undone(self, current: Schema) -> "Choices":
        """Return the choices for the way back to ``current``.

        A label that is new gives its rows back to the one whose place it took.
        """
        known = {(enum.name, label) for enum in current.enums for label in enum.labels}
        return Choices(
            labels={
                (enum, new): old
                for (enum, old), new in reversed(tuple(self.labels.items()))
                if (enum, new) not in known
            },
            kinds=self.kinds,
        )


NO_CHOICES = Choices()


def parse(backfills: Iterable[str], labels: Iterable[str]) -> Choices:
    """Read the values of ``--backfill`` and ``--map-value``; raises ``MigrationError``."""
    return Choices(
        dict(_pair(text, "--backfill TABLE.COLUMN=SQL") for text in backfills),
        labels={
            place: _unquote(label)
            for place, label in (_pair(text, "--map-value ENUM.OLD=NEW") for text in labels)
        },
    )


def _pair(text: str, form: str) -> tuple[Place, str]:
    match = _PAIR.fullmatch(text)
    if match is None:
        raise MigrationError(
            f"{form.split()[0]} {text} can't be read.",
            cure=f"Write {form}; a name with a dot or an equals sign goes in double quotes.",
        )
    return (_unquote(match[1]), _unquote(match[2])), match[3].strip()


def _unquote(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
