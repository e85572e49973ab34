"""The difference between two schemas: one generic keyed diff, applied level by level."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from berceau.schema.casts import is_free
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
    ValidateConstraint,
)
from berceau.schema.choices import Place
from berceau.schema.distributing import distributing, unbound
from berceau.schema.model import (
    EMPTY,
    Check,
    Constraint,
    ForeignKey,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from berceau.schema.naming import with_names
from berceau.schema.pairs import compare, structure
from berceau.schema.renaming import EndName, EndTransfer, KeepName, StartTransfer
from berceau.schema.sync import AlterSyncTrigger, SyncTrigger, united


def diff(current: Schema, desired: Schema) -> tuple[Change, ...]:
    """Return the changes that make ``current`` equal to ``desired``, not yet in order.

    Constraints and indexes are matched by what they do, not by what they are called: a name
    of its own is no difference (``naming.renamings`` has those). Neither is the order of a table's
    columns. A foreign key that rests on a column or key that changes is dropped and made again, and
    so are those of a table whose rows leave the servers that they are on.
    """
    desired = with_names(current, desired)
    changes = (
        *_enum_changes(current, desired),
        *_table_changes(current, desired),
        *distributing(current, desired),
    )
    return (*changes, *_renewed(current, desired, changes))


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
    there = {(table.name, column.name) for table in desired.tables for column in table.columns}
    for table in tables.removed:
        yield from (DropConstraint(table.name, key) for key in table.foreign_keys)
        yield from _sync_trigger(table, replace(table, sync_trigger=None))
        yield from (EndName(table.name, old) for old in table.old_names)
        yield from (EndTransfer(table.name, each) for each in table.transfers)
        yield DropTable(table)
    for table in tables.added:
        # CREATE TABLE takes a check for valid, even with NOT VALID.
        later = tuple(check for check in table.checks if not check.valid)
        checks = tuple(check for check in table.checks if check.valid)
        yield CreateTable(replace(table, checks=checks) if later else table)
        yield from (AddConstraint(table.name, check) for check in later)
        yield from (AddConstraint(table.name, key) for key in table.foreign_keys)
        yield from (CreateIndex(table.name, index) for index in table.indexes)
        yield from _sync_trigger(replace(table, sync_trigger=None), table)
        yield from (KeepName(table.name, old) for old in table.old_names)
        yield from (StartTransfer(table.name, each) for each in table.transfers)
    for before, after in tables.changed:
        yield from _changes_within(before, after, there)


def _changes_within(before: Table, after: Table, there: Set[Place]) -> Iterator[Change]:
    columns = compare(before.columns, after.columns)
    trigger = before.sync_trigger or SyncTrigger()
    elsewhere = trigger.elsewhere(each.name for each in after.columns) | {
        name
        for each in before.transfers
        for name, new in each.columns
        if (each.target, new) in there
    }
    for column in columns.removed:
        yield DropColumn(after.name, column, elsewhere=column.name in elsewhere)
    yield from (AddColumn(after.name, column) for column in columns.added)
    yield from (AlterColumn(after.name, old, new) for old, new in columns.changed)

    constraints = compare(before.constraints, after.constraints, key=structure)
    yield from (DropConstraint(after.name, item) for item in constraints.removed)
    for item in constraints.added:
        yield from _add(after.name, item)
    for old, new in constraints.changed:
        yield from _validity(after.name, old, new)

    indexes = compare(before.indexes, after.indexes, key=structure)
    yield from (DropIndex(after.name, index) for index in indexes.removed)
    yield from (CreateIndex(after.name, index) for index in indexes.added)
    for broken, sound in indexes.changed:
        if broken.valid != sound.valid:
            yield DropIndex(after.name, broken)
            yield CreateIndex(after.name, sound)
    yield from _sync_trigger(before, after)
    names = compare(before.old_names, after.old_names, key=lambda old: old)
    yield from (EndName(after.name, old) for old in names.removed)
    yield from (KeepName(after.name, old) for old in names.added)
    yield from _transfers(before, after)


def _transfers(before: Table, after: Table) -> Iterator[Change]:
    """Yield what starts transfers, and what ends others; new columns get what is elsewhere."""
    found = compare(before.transfers, after.transfers, key=lambda each: each)
    yield from (EndTransfer(after.name, each) for each in found.removed)
    there = {column.name for column in before.columns}
    for each in found.added:
        back = not there.issuperset(name for name, _ in each.columns)
        yield StartTransfer(after.name, each, back)


def _sync_trigger(before: Table, after: Table) -> Iterator[Change]:
    """Yield what adds rules, and what ends others: that can wait until their columns go."""
    old, new = before.sync_trigger, after.sync_trigger
    both = united(old, new)
    if both != old:
        yield AlterSyncTrigger(after.name, old, both)
    if both != new:
        yield AlterSyncTrigger(after.name, both, new)


def _add(table: str, constraint: Constraint) -> Iterator[Change]:
    """Yield how a constraint joins a table that may have rows: they are checked afterwards."""
    if isinstance(constraint, Check | ForeignKey):
        yield AddConstraint(table, replace(constraint, valid=False))
        if constraint.valid:
            yield ValidateConstraint(table, constraint)
    else:
        yield AddConstraint(table, constraint)


def _validity(table: str, old: Constraint, new: Constraint) -> Iterator[Change]:
    if not isinstance(old, Check | ForeignKey) or not isinstance(new, Check | ForeignKey):
        return
    if new.valid and not old.valid:
        yield ValidateConstraint(table, replace(new, name=old.name))
    elif old.valid and not new.valid:
        yield DropConstraint(table, old)
        yield AddConstraint(table, new)


def _renewed(current: Schema, desired: Schema, changes: Sequence[Change]) -> Iterator[Change]:
    """Yield the foreign keys that stay, but have to let go of what they rest on meanwhile."""
    retyped, unkeyed = set(), set()
    moved = unbound(changes)
    for change in changes:
        if isinstance(change, AlterColumn) and not is_free(change.before.type, change.after.type):
            retyped.add((change.table, change.after.name))
        if isinstance(change, DropConstraint) and isinstance(
            change.constraint, PrimaryKey | Unique
        ):
            unkeyed.add((change.table, frozenset(change.constraint.columns)))
    if not (retyped or unkeyed or moved):
        return
    after = {table.name: set(map(structure, table.foreign_keys)) for table in desired.tables}
    for table in current.tables:
        for key in table.foreign_keys:
            if structure(key) not in after.get(table.name, ()):
                continue
            rests_on = {(table.name, column) for column in key.columns}
            rests_on |= {(key.target, column) for column in key.target_columns}
            unheld = (key.target, frozenset(key.target_columns)) in unkeyed
            if rests_on & retyped or unheld or moved & {table.name, key.target}:
                yield DropConstraint(table.name, key)
                yield from _add(table.name, replace(key, valid=True))
