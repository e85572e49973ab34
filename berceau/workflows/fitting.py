"""Fit: what the rows at hand need before a change, from the options or a person; or a refusal."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from berceau.errors import MigrationError
from berceau.postgres.connection import Connection
from berceau.postgres.dependents import users_of_type
from berceau.postgres.misfits import (
    VALUE,
    count_label,
    count_nulls,
    duplicates,
    orphans,
    unconvertible,
)
from berceau.postgres.rows import count_rows
from berceau.schema.casts import cast
from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Change,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropTable,
    RenameEnum,
    Renaming,
)
from berceau.schema.choices import Choices, Place
from berceau.schema.model import Column, Enum, ForeignKey, PrimaryKey, Schema, Unique
from berceau.schema.moves import column_before, name_before
from berceau.schema.names import quote_name
from berceau.schema.steps import cut, goes_or_moves, lacks_values, retypes
from berceau.workflows.wording import counted


@dataclass(frozen=True)
class Gap:
    """Rows that need something for a change: ``need`` says what, and ``option`` would give it.

    ``place`` is the column, or a label that goes, whose rows become one of ``labels``.
    """

    place: Place
    need: str
    option: str
    labels: tuple[str, ...] = ()


AskValue = Callable[[Gap], str | None]
"""Answers a gap with SQL or a label, or with ``None``: then the change is given up."""


def fit(rows: "Rows", changes: Iterable[Change], choices: Choices, ask: AskValue | None) -> Choices:
    """Return ``choices`` with what ``ask`` adds, so that ``rows`` fit ``changes``.

    Raises ``MigrationError`` with all that doesn't fit, and the options that settle it.
    """
    changes = tuple(changes)
    _refuse_strangers(changes, choices)
    refusals, options = [], []
    for gap in _gaps(rows, changes, choices):
        answer = ask(gap) if ask else None
        if answer is None:
            refusals.append(gap.need)
            options.append(gap.option)
        elif gap.labels:
            choices = replace(choices, labels={**choices.labels, gap.place: answer})
        else:
            choices = replace(choices, backfills={**choices.backfills, gap.place: answer})
    refusals += _misfits(rows, changes, choices)
    refusals += _in_views(changes, rows.viewed)
    refusals += _in_the_way(rows, changes)
    if refusals:
        raise MigrationError("; ".join(refusals) + ".", cure=_cure(options))
    return choices


def _cure(options: Sequence[str]) -> str:
    cure = "Nothing was written. "
    if not options:
        return cure + "Correct what is in the way first, or change what is declared."
    cure += f"Say what they get: {' '.join(options)}"
    if any(option.startswith("--backfill") for option in options):
        cure += " (SQL, over the row's other columns), or give the attribute a default"
    return cure + "."


@dataclass(frozen=True)
class Rows:
    """The rows at hand in ``target``, asked for by the names that ``renamed`` gives.

    ``copies`` has a part of them; ``current`` is the schema that has these names, and
    ``viewed`` are the columns that views use.
    """

    target: Connection
    copies: Connection
    renamed: Sequence[Renaming]
    current: Schema
    viewed: Set[Place] = frozenset()

    def count(self, table: str) -> int:
        """Count the rows of ``table``."""
        return count_rows(self.target, name_before(self.renamed, table)) or 0

    def count_nulls(self, table: str, column: str) -> int:
        """Count the rows without a value in ``column``."""
        return count_nulls(self.target, *column_before(self.renamed, table, column))

    def count_label(self, enum: Enum, label: str) -> int:
        """Count the rows of all tables that hold ``label``."""
        name = quote_name(enum.name)
        return sum(
            count_label(self.target, *column_before(self.renamed, table.name, column.name), label)
            for table in self.current.tables
            for column in table.columns
            if column.type in (name, f"{name}[]")
        )

    def enum_before(self, name: str) -> str:
        """Return what an enum is called in ``target``."""
        for change in reversed(self.renamed):
            if isinstance(change, RenameEnum) and change.after == name:
                name = change.before
        return name

    def duplicates(self, table: str, columns: Sequence[str]) -> tuple[int, str]:
        """Return how many values several rows share, and some of them."""
        return duplicates(self.target, *self._before(table, columns))

    def orphans(self, table: str, key: ForeignKey) -> tuple[int, str]:
        """Return how many rows point at none, and at what."""
        there = any(each.name == key.target for each in self.current.tables)
        parent = self._before(key.target, key.target_columns) if there else None
        return orphans(self.target, self._before(table, key.columns), parent)

    def unconvertible(self, table: str, before: Column, after: Column) -> tuple[int, str]:
        """Return how many copied rows have a value that can't be what it shall be, and some."""
        conversion = cast(VALUE, before.type, after.type)
        if conversion is None or not conversion.may_fail:
            return 0, ""
        place = column_before(self.renamed, table, before.name)
        return unconvertible(self.copies, place, (before.type, after.type), conversion.using)

    def _before(self, table: str, columns: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        names = tuple(column_before(self.renamed, table, column)[1] for column in columns)
        return name_before(self.renamed, table), names


def _gaps(rows: Rows, changes: Iterable[Change], choices: Choices) -> Iterator[Gap]:
    for change in changes:
        match change:
            case AddColumn(table, column) if lacks_values(change):
                count = rows.count(table)
                if count and choices.value(table, column.name) is None:
                    yield _backfill(table, column.name, f"{table} has {counted(count, 'row')}")
            case AlterColumn(table, _, column) if lacks_values(change):
                given = choices.value(table, column.name) or column.default
                count = 0 if given else rows.count_nulls(table, column.name)
                if count:
                    yield _backfill(table, column.name, f"{table} has {counted(count, 'row')}")
            case AlterEnum(before, after):
                for label in before.labels:
                    if label not in after.labels and (after.name, label) not in choices.labels:
                        yield from _label(rows, before, after, label)


def _backfill(table: str, column: str, who: str) -> Gap:
    return Gap(
        (table, column),
        f"The column {table}.{column} is required, but {who} without a value for it",
        f"--backfill {shlex.quote(f'{_quote(table)}.{_quote(column)}=SQL')}",
    )


def _label(rows: Rows, before: Enum, after: Enum, label: str) -> Iterator[Gap]:
    count = rows.count_label(before, label)
    if count:
        option = f"{_quote(after.name)}.{_quote(label)}=NEW"
        yield Gap(
            (after.name, label),
            f"The enum {after.name} loses {label!r}, which {counted(count, 'row')} "
            f"hold{'s' if count == 1 else ''}",
            f"--map-value {shlex.quote(option)}",
            after.labels,
        )


def _misfits(rows: Rows, changes: Sequence[Change], choices: Choices) -> Iterator[str]:
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    for change in changes:
        if getattr(change, "table", None) in new:
            continue
        match change:
            case AlterColumn(table, before, after) if retypes(change):
                if cut(change) and choices.cuts:
                    continue
                count, shown = rows.unconvertible(table, before, after)
                if count:
                    leave = ", unless --allow-data-loss cuts them" if cut(change) else ""
                    yield (
                        f"{table}.{after.name} can't be {after.type} in {counted(count, 'row')}: "
                        f"{shown}{leave}"
                    )
            case AddConstraint(table, Unique() | PrimaryKey() as key):
                yield from _duplicates(rows, table, key.columns)
            case CreateIndex(table, index) if index.unique and index.where is None:
                yield from _duplicates(rows, table, index.keys)
            case AddConstraint(table, ForeignKey() as key):
                count, shown = rows.orphans(table, key)
                if count:
                    yield (
                        f"{', '.join(key.columns)} of {counted(count, 'row')} of {table} "
                        f"point{'s' if count == 1 else ''} at no row of {key.target}: {shown}"
                    )


def _in_views(changes: Sequence[Change], viewed: Set[Place]) -> Iterator[str]:
    """Yield what goes although views use it: PostgreSQL would refuse, and we don't touch them."""
    for change in changes:
        match change:
            case DropColumn(table, column) if (table, column.name) in viewed:
                yield f"Views use the column {table}.{column.name}, which goes"
            case DropTable(table) if any(name == table.name for name, _ in viewed):
                yield f"Views use the table {table.name}, which goes"


def _in_the_way(rows: Rows, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what uses an enum that has to be rebuilt, and can't stand aside for it."""
    for change in changes:
        if isinstance(change, AlterEnum) and goes_or_moves(change):
            users = users_of_type(rows.target, rows.enum_before(change.before.name))
            if users:
                yield (
                    f"The enum {change.after.name} has to be rebuilt, which {', '.join(users)} "
                    f"keep{'s' if len(users) == 1 else ''} from being done: drop that in a "
                    "migration before, and make it again in one behind"
                )


def _duplicates(rows: Rows, table: str, columns: Sequence[str]) -> Iterator[str]:
    count, shown = rows.duplicates(table, columns)
    if count:
        yield f"{', '.join(columns)} of {table} shall be unique, but there is {shown}" + (
            f" and {count - shown.count(' times')} more" if count > shown.count(" times") else ""
        )


def _refuse_strangers(changes: Sequence[Change], choices: Choices) -> None:
    """Raise ``MigrationError`` for a choice that no change asks for: it may be mistyped."""
    places: set[Place] = set()
    for change in changes:
        match change:
            case AddColumn(table, column) | AlterColumn(table, _, column):
                places.add((table, column.name))
            case AlterEnum(before, after):
                places |= {(after.name, label) for label in set(before.labels) - {*after.labels}}
    for place in (*choices.backfills, *choices.labels):
        if place not in places:
            name = ".".join(place)
            raise MigrationError(
                f"Nothing changes that needs a value for {name}.",
                cure="Nothing was written. Correct the name, or leave the option out: --backfill "
                "is for a column that is new or becomes required, --map-value for a label "
                "that goes.",
            )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set('".=') else name
