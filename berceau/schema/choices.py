"""What the developer chose for the rows that are there: values to fill in, labels to take."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from berceau.errors import MigrationError
from berceau.schema.model import Column, Schema
from berceau.schema.names import unquote_name
from berceau.schema.renames import path_of

_PART = r'(?:"(?:[^"]|"")*"|[^".=]+)'
_STRING = re.compile(r"text|character varying(\(\d+\))?")
_PAIR = re.compile(rf"({_PART}(?:\.{_PART}){{1,2}})=(.+)", re.DOTALL)
_MAP_VALUE = "--map-value ENUM.OLD=NEW, or TABLE.COLUMN.OLD=NEW for a subclass"

Kind = Literal["backfills", "usings", "labels"]
Place = tuple[str, str]
"""A column's (table, name), or a label's (enum, label)."""


@dataclass(frozen=True)
class Choices:
    """Values by place, as SQL, and labels.

    ``backfills`` give a column's rows the value that they lack; ``empties`` do so where the
    developer chose nothing; ``usings`` are the values of a column's new type; ``labels`` take the
    place of labels that go, and of strings that are none. ``cuts`` lets strings be cut where their
    new type is shorter. ``kinds`` are the values of discriminators, as SQL.

    ``subclasses`` take the place of those that go, by the path of the discriminator and the value
    in it. From them follow the ``values`` that become others, by column; the ``merged`` ones, as
    (table, column, value), can't be given back, and rows with those that are ``deleted`` go.
    """

    backfills: Mapping[Place, str] = field(default_factory=dict)
    empties: Mapping[Place, str] = field(default_factory=dict)
    usings: Mapping[Place, str] = field(default_factory=dict)
    labels: Mapping[Place, str] = field(default_factory=dict)
    cuts: bool = False
    kinds: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    subclasses: Mapping[Place, str] = field(default_factory=dict)
    values: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)
    merged: Collection[tuple[str, ...]] = ()
    deleted: Collection[tuple[str, ...]] = ()

    def value(self, table: str, column: str) -> str | None:
        """Return what the rows of a column get that have no value, as SQL."""
        return self.backfills.get((table, column), self.empties.get((table, column)))

    def with_one(self, kind: Kind, place: Place, answer: str) -> "Choices":
        """Return these choices with one more of its ``kind``."""
        match kind:
            case "backfills":
                return replace(self, backfills={**self.backfills, place: answer})
            case "usings":
                return replace(self, usings={**self.usings, place: answer})
            case "labels":
                return replace(self, labels={**self.labels, place: answer})

    def settled(self, value: str) -> set[Place]:
        """Return the discriminators whose rows with ``value`` get another one, or go."""
        renamed = {place for place, values in self.values.items() if value in values}
        return renamed | {(table, column) for table, column, gone in self.deleted if gone == value}

    def over(self, declared: Schema) -> "Choices":
        """Return these choices over what ``declared`` columns have for empty values and kinds."""
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

    def computed_by(self, schema: Schema) -> "Choices":
        """Return these choices with what triggers give a column that they keep in step."""
        computed = {
            (table.name, each.column): each.expression
            for table in schema.tables
            if table.sync_trigger is not None
            for each in table.sync_trigger.computed
        }
        return replace(self, backfills={**computed, **self.backfills}) if computed else self

    def undone(self, current: Schema, desired: Schema) -> "Choices":
        """Return the choices for the way back from ``desired`` to ``current``.

        A column that went gets the values that were chosen for it. A label that is new gives its
        rows back to the one whose place it took.
        """
        known = {(enum.name, label) for enum in current.enums for label in enum.labels}
        left = {place for place, _ in _columns(desired)}
        return Choices(
            {place: value for place, value in self.backfills.items() if place not in left},
            {
                place: "''"  # what stands for no string, once there has to be one again
                for place, column in _columns(current)
                if place in left and column.default is None and _STRING.fullmatch(column.type)
            },
            labels={
                (enum, new): old
                for (enum, old), new in reversed(tuple(self.labels.items()))
                if (enum, new) not in known and (enum, old) in known
            },
            kinds=self.kinds,
            values={
                place: {new: old for old, new in values.items() if (*place, old) not in self.merged}
                for place, values in self.values.items()
            },
        )


def _columns(schema: Schema) -> Iterator[tuple[Place, Column]]:
    return (((table.name, c.name), c) for table in schema.tables for c in table.columns)


NO_CHOICES = Choices()


def parse(backfills: Iterable[str], labels: Iterable[str], usings: Iterable[str] = ()) -> Choices:
    """Read the values of ``--backfill``, ``--map-value`` and ``--using``.

    Raises ``MigrationError``.
    """
    mapped = [_split(text, _MAP_VALUE, most=3) for text in labels]
    return Choices(
        dict(_pair(text, "--backfill TABLE.COLUMN=SQL") for text in backfills),
        usings=dict(_pair(text, "--using TABLE.COLUMN=SQL") for text in usings),
        labels={(path[0], path[1]): unquote_name(new) for path, new in mapped if len(path) == 2},
        subclasses={
            (path_of(path[:2]), path[2]): unquote_name(new)
            for path, new in mapped
            if len(path) == 3
        },
    )


def parse_moves(texts: Iterable[str]) -> tuple[tuple[Place, Place], ...]:
    """Read the values of ``--move``: a column, and the one of another table, each by its place.

    Raises ``MigrationError``.
    """
    return tuple(_move(text) for text in texts)


def _move(text: str) -> tuple[Place, Place]:
    form = "--move TABLE.COLUMN=TABLE.COLUMN"
    before, value = _pair(text, form)
    after, _ = _pair(f"{value}=-", form)
    return before, after


def _pair(text: str, form: str) -> tuple[Place, str]:
    path, value = _split(text, form)
    return (path[0], path[1]), value


def _split(text: str, form: str, most: int = 2) -> tuple[tuple[str, ...], str]:
    match = _PAIR.fullmatch(text)
    path = tuple(map(unquote_name, re.findall(_PART, match[1]))) if match else ()
    if match is None or len(path) > most:
        raise MigrationError(
            f"{form.split()[0]} {text} can't be read.",
            cure=f"Write {form}; a name with a dot or an equals sign goes in double quotes.",
        )
    return path, match[2].strip()
