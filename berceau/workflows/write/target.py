"""The rows of the project's database, by the names that renames are about to give."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.dependents import User, users_of_sequence
from berceau.postgres.rows.conflicts import Rule, Source, conflicts, count_nothing, rules
from berceau.postgres.rows.rows import count_rows
from berceau.postgres.rows.violations import (
    VALUE,
    count_label,
    count_nulls,
    orphans,
    strays,
    unconvertible,
)
from berceau.schema.casts import cast, nothing
from berceau.schema.changes import AlterColumn
from berceau.schema.choices import Choices, Place
from berceau.schema.conversions import chosen_labels, converted, enum_of, relabelled
from berceau.schema.model import Enum, ForeignKey, Schema
from berceau.schema.names import quote_name
from berceau.schema.rename_changes import column_before, index_after, name_before
from berceau.schema.renaming import RenameSequence, Renaming
from berceau.workflows.shared.row_counts import counted_rows


@dataclass(frozen=True)
class Rows:
    """The rows in ``target``, asked for by the names that ``renamed`` gives.

    ``current`` is the schema that has these names, and ``users`` are what uses its tables.
    """

    target: Connection
    renamed: Sequence[Renaming]
    current: Schema
    users: Set[User] = frozenset()

    def count(self, table: str) -> int:
        """Count the rows of ``table``."""
        return count_rows(self.target, name_before(self.renamed, table)) or 0

    def count_nulls(self, table: str, column: str) -> int:
        """Count the rows without a value in ``column``."""
        return count_nulls(self.target, *column_before(self.renamed, table, column))

    def count_label(self, enum: Enum, label: str, besides: Set[Place] = frozenset()) -> int:
        """Count the rows of all tables that hold ``label``, ``besides`` those of these columns."""
        name = quote_name(enum.name)
        return sum(
            count_label(self.target, *column_before(self.renamed, table.name, column.name), label)
            for table in self.current.tables
            for column in table.columns
            if column.type in (name, f"{name}[]") and (table.name, column.name) not in besides
        )

    def count_value(self, table: str, column: str, value: str) -> str:
        """Return how many rows of ``table`` hold ``value``, as text, in ``column``."""
        place = column_before(self.renamed, table, column)
        return counted_rows(self.target, place[0], count_label(self.target, *place, value))

    def users_of_sequence(self, sequence: str, besides: Set[Place]) -> tuple[str, ...]:
        """Return what takes numbers from a sequence, for a person, ``besides`` these columns."""
        for change in reversed(self.renamed):
            if isinstance(change, RenameSequence) and change.after == sequence:
                sequence = change.before
        known = [column_before(self.renamed, *place) for place in besides]
        return users_of_sequence(self.target, sequence, known)

    def rules(self, table: str) -> tuple[Rule, ...]:
        """Return what the indexes of a table demand of its rows."""
        names = self._source(table).names
        return tuple(
            replace(
                rule,
                name=index_after(self.renamed, rule.name),
                columns=tuple(names.get(each, each) for each in rule.columns),
            )
            for rule in rules(self.target, name_before(self.renamed, table))
        )

    def conflicts(self, table: str, rule: Rule, values: Mapping[Place, str]) -> tuple[int, str]:
        """Return how many values break ``rule``, where columns get ``values``, and some of them."""
        given = {column: value for (owner, column), value in values.items() if owner == table}
        return conflicts(self.target, self._source(table), rule, given)

    def count_nothing(self, table: str, value: str) -> int:
        """Count the rows of ``table`` for which ``value``, SQL, is NULL."""
        return count_nothing(self.target, self._source(table), value)

    def converted(self, change: AlterColumn, enums: Iterable[Enum], choices: Choices) -> str | None:
        """Return the SQL that gives a column's values their new type; ``None`` where none can.

        Values of an enum are compared as text: ``target`` may not have it yet.
        """
        name, after = quote_name(change.after.name), change.after.type
        enum = enum_of(after, enums)
        given = converted(change, enums, choices).using
        if enum is None:
            found = cast(name, change.before.type, after)
            plain = found.using if found else None
            return f"({given or plain})::{after}" if given or plain else None
        text = "text[]" if after.endswith("[]") else "text"
        place = change.table, change.after.name
        if place in choices.usings:
            return f"({given})::{text}"
        return relabelled(name, text, chosen_labels(enum, choices))

    def orphans(self, table: str, key: ForeignKey) -> tuple[int, str]:
        """Return how many rows point at none, and at what."""
        there = any(each.name == key.target for each in self.current.tables)
        parent = self._before(key.target, key.target_columns) if there else None
        return orphans(self.target, self._before(table, key.columns), parent)

    def unconvertible(self, change: AlterColumn, known: Collection[str]) -> tuple[int, str]:
        """Return how many rows have a value that isn't ``known`` nor can be converted, and some."""
        before, after = change.before, change.after
        plain = cast(VALUE, before.type, after.type)
        if plain is not None and not plain.may_fail:
            return 0, ""
        place = column_before(self.renamed, change.table, before.name)
        using = plain.using if plain else nothing(VALUE, after.type)
        return unconvertible(self.target, place, after.type, using, known)

    def strays(self, change: AlterColumn, known: Collection[str]) -> list[tuple[str, int]]:
        """Return the values of a column that aren't ``known``, and how many rows hold each."""
        place = column_before(self.renamed, change.table, change.before.name)
        return strays(self.target, place, known, array=change.before.type.endswith("[]"))

    def _source(self, table: str) -> Source:
        columns = next(each.columns for each in self.current.tables if each.name == table)
        names = {column_before(self.renamed, table, each.name)[1]: each.name for each in columns}
        return Source(name_before(self.renamed, table), table, names)

    def _before(self, table: str, columns: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        names = tuple(column_before(self.renamed, table, column)[1] for column in columns)
        return name_before(self.renamed, table), names
