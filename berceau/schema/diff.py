"""The difference between two schemas: one generic keyed diff, applied level by level."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Change,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
)
from berceau.schema.model import EMPTY, Constraint, Index, Schema, Table


class Named(Protocol):
    """Anything of a schema."""

    @property
    def name(self) -> str:
        """Its name, unique among its kind."""


Item = TypeVar("Item", bound=Named)


@dataclass(frozen=True)
class Keyed(Generic[Item]):
    """What stands on one side only, and the pairs that share a key but differ."""

    removed: tuple[Item, ...]
    added: tuple[Item, ...]
    changed: tuple[tuple[Item, Item], ...]


def compare(
    before: Iterable[Item],
    after: Iterable[Item],
    key: Callable[[Item], object] = lambda item: item.name,
) -> Keyed[Item]:
    """Match two collections by ``key``; the result keeps each side's order."""
    old = {key(item): item for item in before}
    new = {key(item): item for item in after}
    return Keyed(
        removed=tuple(item for name, item in old.items() if name not in new),
        added=tuple(item for name, item in new.items() if name not in old),
        changed=tuple(
            (old[name], item) for name, item in new.items() if name in old and old[name] != item
        ),
    )


def diff(current: Schema, desired: Schema) -> tuple[Change, ...]:
    """Return the changes that make ``current`` equal to ``desired``, not yet in order.

    Constraints and indexes are matched by what they do, not by what they are called: a name
    of its own is no difference. Neither is the order of a table's columns.
    """
    return (*_enum_changes(current, desired), *_table_changes(current, desired))


def create(schema: Schema) -> tuple[Change, ...]:
    """Return the changes that make an empty schema equal to ``schema``."""
    return diff(EMPTY, schema)


def _enum_changes(current: Schema, desired: Schema) -> Iterator[Change]:
    enums = compare(current.enums, desired.enums)
    yield from (DropEnum(enum) for enum in enums.removed)
    yield from (CreateEnum(enum) for enum in enums.added)
    yield from (AlterEnum(before, after) for before, after in enums.changed)


def _table_changes(current: Schema, desired: Schema) -> Iterator[Change]:
    tables = compare(current.tables, desired.tables)
    for table in tables.removed:
        yield from (DropConstraint(table.name, key) for key in table.foreign_keys)
        yield DropTable(table)
    for table in tables.added:
        yield CreateTable(table)
        yield from (AddConstraint(table.name, key) for key in table.foreign_keys)
        yield from (CreateIndex(table.name, index) for index in table.indexes)
    for before, after in tables.changed:
        yield from _changes_within(before, after)


def _changes_within(before: Table, after: Table) -> Iterator[Change]:
    columns = compare(before.columns, after.columns)
    yield from (DropColumn(after.name, column) for column in columns.removed)
    yield from (AddColumn(after.name, column) for column in columns.added)
    yield from (AlterColumn(after.name, old, new) for old, new in columns.changed)

    constraints = compare(before.constraints, after.constraints, key=_nameless)
    yield from (DropConstraint(after.name, item) for item in constraints.removed)
    yield from (AddConstraint(after.name, item) for item in constraints.added)

    indexes = compare(before.indexes, after.indexes, key=_nameless)
    yield from (DropIndex(after.name, index) for index in indexes.removed)
    yield from (CreateIndex(after.name, index) for index in indexes.added)


def _nameless(item: Constraint | Index) -> Constraint | Index:
    return replace(item, name="")
