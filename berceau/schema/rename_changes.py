"""Declared renames as changes, with all names that follow, in an order in which each is free."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from berceau.schema.changes import Change
from berceau.schema.model import OldName, Schema, Table
from berceau.schema.names import object_name, quote_name, sequence_name
from berceau.schema.renames import Kind, Rename, renamed
from berceau.schema.renaming import (
    EndName,
    EndTransfer,
    KeepName,
    RenameColumn,
    RenameConstraint,
    RenameEnum,
    RenameIndex,
    RenameLabel,
    RenameSequence,
    RenameTable,
    Renaming,
    StartTransfer,
)
from berceau.schema.sync import AlterSyncTrigger
from berceau.schema.transfers import require_untouched


@dataclass(frozen=True)
class Move:
    """A new name, and the change that gives it; a ``follower`` moves only where it is free."""

    after: str
    change: Callable[[str, str], Renaming]
    follower: bool = False


Moves = dict[str, Move]
"""By the name before; within one, no two things share a name."""


def moves(
    current: Schema, renames: Sequence[Rename], both: Collection[str] = ()
) -> tuple[Renaming, ...]:
    """Return the changes that carry out ``renames`` in ``current``.

    Tables that have ``both`` names meanwhile keep the old one as a view, with the old columns.

    Constraints, indexes and sequences whose names were made from the old ones follow, so that
    the names stay those of a schema that never knew another, and the old ones become free.
    """
    wholes = renamed(renames, Kind.TABLE, Kind.ENUM)
    columns = {table.name: _new_names(renames, Kind.COLUMN, table.name) for table in current.tables}
    require_untouched(current, wholes.keys(), columns)
    shared: Moves = {}
    for enum in current.enums:
        if enum.name in wholes:
            shared[enum.name] = Move(wholes[enum.name], RenameEnum)
    for table in current.tables:
        new_table = wholes.get(table.name, table.name)
        if table.name in wholes:
            shared[table.name] = Move(new_table, RenameTable)
        if table.name in wholes or columns[table.name]:
            shared |= _followers(table, new_table, columns[table.name])
    found = [*_with_names(in_turn(shared, relations(current)), current, both)]
    for enum in current.enums:
        change = partial(RenameLabel, wholes.get(enum.name, enum.name))
        labels = _new_names(renames, Kind.LABEL, enum.name)
        found += in_turn({old: Move(new, change) for old, new in labels.items()}, enum.labels)
    named = {quote_name(e.name): _new_names(renames, Kind.LABEL, e.name) for e in current.enums}
    for table in current.tables:
        new_table = wholes.get(table.name, table.name)
        found += _within(table, new_table, columns[table.name], both=table.name in both)
        found += _rules(table, new_table, columns[table.name], named)
    return tuple(found)


def _with_names(
    changes: Iterable[Renaming], current: Schema, both: Collection[str]
) -> Iterator[Renaming]:
    """Yield ``changes``, and views by the old names of tables that have ``both`` names."""
    tables = {table.name: table for table in current.tables if table.name in both}
    for each in changes:
        if isinstance(each, RenameTable) and each.before in tables:
            columns = ((column.name, column.name) for column in tables[each.before].columns)
            yield replace(each, both=True)
            yield KeepName(each.after, OldName(each.before, tuple(columns)))
        else:
            yield each


def inverse(changes: Iterable[Renaming]) -> tuple[Renaming, ...]:
    """Return the changes that give back the names that things had before ``changes``."""
    return tuple(map(_inverse, reversed(tuple(changes))))


def _inverse(change: Renaming) -> Renaming:
    match change:
        case StartTransfer(table, transfer):
            return EndTransfer(table, transfer)
        case EndTransfer(table, transfer):
            return StartTransfer(table, transfer, back=True)
        case KeepName(table, old):
            return EndName(table, old)
        case EndName(table, old):
            return KeepName(table, old)
        case AlterSyncTrigger():
            return replace(change, before=change.after, after=change.before)
        case RenameTable() | RenameColumn():
            return replace(change, before=change.after, after=change.before, both=False)
    return replace(change, before=change.after, after=change.before)


def name_before(changes: Iterable[Change], table: str) -> str:
    """Return what ``table`` is called before ``changes``; it may be a new one."""
    for change in reversed(tuple(changes)):
        if isinstance(change, RenameTable) and change.after == table:
            table = change.before
        elif isinstance(change, RenameTable) and change.before == table:
            break
    return table


def column_before(changes: Iterable[Change], table: str, column: str) -> tuple[str, str]:
    """Return what a column's table and the column itself are called before ``changes``."""
    for change in reversed(tuple(changes)):
        match change:
            case RenameTable(before, after) if after == table:
                table = before
            case RenameColumn(parent, before, after) if (parent, after) == (table, column):
                column = before
    return table, column


def index_after(changes: Iterable[Change], name: str) -> str:
    """Return what an index, or the constraint behind it, is called after ``changes``."""
    for change in changes:
        if isinstance(change, RenameIndex | RenameConstraint) and change.before == name:
            name = change.after
    return name


def columns_after(
    changes: Iterable[Renaming], columns: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return how ``columns``, each as (table, column), are called after ``changes``."""
    found = set(columns)
    for change in changes:
        match change:
            case RenameTable(before, after):
                found = {(after if table == before else table, name) for table, name in found}
            case RenameColumn(table, before, after):
                found = {(table, after) if each == (table, before) else each for each in found}
    return found


def _new_names(renames: Iterable[Rename], kind: Kind, parent: str) -> dict[str, str]:
    return {
        each.before: each.after for each in renames if (each.kind, each.parent) == (kind, parent)
    }


def _followers(table: Table, new_table: str, columns: Mapping[str, str]) -> Moves:
    """Return the moves of a table's indexes and sequences, which share the names of tables."""
    new_name = partial(_generated, table.name, new_table, columns)
    found: Moves = {}
    if table.primary_key is not None:
        name = table.primary_key.name
        found[name] = Move(new_name(name, (), "pkey"), RenameIndex, follower=True)
    for unique in table.uniques:
        after = new_name(unique.name, unique.columns, "key")
        found[unique.name] = Move(after, RenameIndex, follower=True)
    names = {quote_name(column.name): column.name for column in table.columns}
    for index in table.indexes:
        keys = tuple(names.get(key, key) for key in index.keys)
        found[index.name] = Move(new_name(index.name, keys, "idx"), RenameIndex, follower=True)
    for column in table.columns:
        if column.sequence == sequence_name(table.name, column.name):
            after = sequence_name(new_table, columns.get(column.name, column.name))
            found[column.sequence] = Move(after, RenameSequence, follower=True)
    return {name: move for name, move in found.items() if name != move.after}


def _within(
    table: Table, new_table: str, columns: Mapping[str, str], *, both: bool
) -> Iterator[Renaming]:
    """Yield the changes of what has its name within the table only."""
    change = partial(RenameColumn, new_table, both=both)
    yield from in_turn(
        {old: Move(new, change) for old, new in columns.items()},
        [column.name for column in table.columns],
    )
    found = {}
    for key in table.foreign_keys:
        found[key.name] = _generated(table.name, new_table, columns, key.name, key.columns, "fkey")
    for check in table.checks:
        for about in ((), *((column.name,) for column in table.columns)):
            after = _generated(table.name, new_table, columns, check.name, about, "check")
            if after != check.name:
                found[check.name] = after
    change_constraint = partial(RenameConstraint, new_table)
    yield from in_turn(
        {
            old: Move(new, change_constraint, follower=True)
            for old, new in found.items()
            if old != new
        },
        [constraint.name for constraint in table.constraints],
    )


def _rules(
    table: Table,
    new_table: str,
    columns: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]],
) -> Iterator[Renaming]:
    """Yield what the trigger of ``table`` does by new names of ``columns``, and of ``labels``.

    These are by the type that has them.
    """
    trigger = table.sync_trigger
    if trigger is None:
        return
    own = {c.name: labels.get(c.type.removesuffix("[]"), {}) for c in table.columns}
    after = trigger.relabelled(own).renamed(columns)
    if after != trigger:
        yield AlterSyncTrigger(new_table, trigger, after)


def _generated(
    table: str,
    new_table: str,
    new_columns: Mapping[str, str],
    name: str,
    columns: Sequence[str],
    suffix: str,
) -> str:
    """Return the name to follow with, if ``name`` was made from table and columns; else itself."""
    if name != object_name(table, columns, suffix):
        return name
    return object_name(new_table, [new_columns.get(each, each) for each in columns], suffix)


def relations(schema: Schema) -> set[str]:
    """Return the names that a table, enum, index or sequence can't take."""
    taken = {enum.name for enum in schema.enums}
    for table in schema.tables:
        taken.add(table.name)
        taken |= {each.name for each in (*table.constraints, *table.indexes)}
        taken |= {column.sequence for column in table.columns if column.sequence}
    return taken


def in_turn(wanted: Moves, taken: Collection[str]) -> Iterator[Renaming]:
    """Yield the changes so that each new name is free when it is given; circles take a detour."""
    left = _possible(wanted, set(taken))
    occupied = set(taken) | {move.after for move in left.values()}
    while left:
        name = next((name for name, move in left.items() if move.after not in left), None)
        if name is not None:
            move = left.pop(name)
            yield move.change(name, move.after)
            continue
        name = next(iter(left))
        detour = object_name(name, (), "renamed")
        while detour in occupied:
            detour = object_name(detour, (), "renamed")
        occupied.add(detour)
        yield left[name].change(name, detour)
        left[detour] = left.pop(name)


def _possible(wanted: Moves, taken: set[str]) -> Moves:
    """Leave out the followers whose new name is something else's, and stays so."""
    left = dict(wanted)
    while True:
        stuck = [
            name
            for name, move in left.items()
            if move.follower and move.after in taken and move.after not in left
        ]
        if not stuck:
            return left
        for name in stuck:
            del left[name]
