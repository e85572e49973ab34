"""Changes that take several steps where there are rows: enums rebuilt, values filled in."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Backfill,
    Change,
    CreateIndex,
    Disown,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropTable,
    RebuildEnum,
    ReplaceKey,
    Restore,
    SetAside,
    Use,
)
from berceau.schema.choices import NO_CHOICES, Choices, Place
from berceau.schema.conversions import chosen_labels, converted, retypes
from berceau.schema.model import Column, Constraint, Enum, Index, PrimaryKey, Schema, Table, Unique
from berceau.schema.names import free_name, object_name, quote_name
from berceau.schema.numbering import serial
from berceau.schema.recodes import with_recodes
from berceau.schema.room import with_room

# The form of a constant: PostgreSQL gives it to all rows at once, without touching them.
_CONSTANT = re.compile(r"-?\d+(\.\d+)?|true|false|E?'([^'\\]|''|\\.)*'(::[\w ]+(\[\])?)?", re.I)


RETIRED = "retired"
"""How the name ends that something has until it goes."""


@dataclass(frozen=True)
class InTheWay:
    """The columns, as (table, column), that something is known to use that bars a new type.

    ``viewed`` are those of views and rules, which bar any; ``expressed`` those of checks and
    indexes with expressions, which bar that of an enum that is rebuilt. The names of ``adorned``
    enums are those with a comment or rights, which the new type has to get.
    """

    viewed: Set[Place] = frozenset()
    expressed: Set[Place] = frozenset()
    adorned: Set[str] = frozenset()


def in_steps(
    changes: Iterable[Change],
    current: Schema,
    desired: Schema,
    choices: Choices = NO_CHOICES,
    in_the_way: InTheWay | None = None,
) -> tuple[Change, ...]:
    """Return ``changes`` so that each is one that statements exist for, and rows get values.

    What uses a column that is ``in_the_way`` stands aside while that gets another type. Without
    it, where that is not looked up, it is all that uses a type that is rebuilt. Raises
    ``MigrationError`` for a label that can't take another's place.
    """
    steps: list[Change] = []
    choices = choices.computed_by(desired)
    changes = tuple(_with_keys_replaced(with_room(changes)))
    keyed = {
        (change.table, name)
        for change in changes
        if isinstance(change, ReplaceKey) and isinstance(change.before, PrimaryKey)
        for name in change.before.columns
    }
    steps += _disown(changes)
    for change in changes:
        match change:
            case AlterEnum() if goes_or_moves(change):
                adorned = in_the_way is not None and change.before.name in in_the_way.adorned
                steps += _rebuild(change, current, desired, choices, adorned)
            case AddColumn():
                steps += _add(change, choices)
            case AlterColumn():
                steps += _alter(change, desired, choices, keyed)
            case _:
                steps.append(change)
    steps = [*with_recodes(steps, changes, current, desired, choices)]
    steps += _freeing(steps, current, in_the_way)
    given = {place: number for number, place in enumerate(choices.backfills)}
    backfills = (step for step in steps if isinstance(step, Backfill))
    # One may use what another gave: they are carried out in the order in which they were given.
    in_turn = iter(sorted(backfills, key=lambda each: given.get((each.table, each.column), -1)))
    return tuple(next(in_turn) if isinstance(step, Backfill) else step for step in steps)


def _with_keys_replaced(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield ``changes``; a key that makes room for another goes only when that comes."""
    changes = tuple(changes)
    old = {
        _replaceable(change.table, change.constraint): change.constraint
        for change in changes
        if isinstance(change, DropConstraint)
    }
    new = {
        _replaceable(change.table, change.constraint): change.constraint
        for change in changes
        if isinstance(change, AddConstraint)
    }
    replaced = (old.keys() & new.keys()) - {None}
    for change in changes:
        match change:
            case DropConstraint(table, PrimaryKey() | Unique() as before) if (
                key := _replaceable(table, before)
            ) in replaced and isinstance(after := new[key], PrimaryKey | Unique):
                name = object_name(table, after.columns, "new_key")
                index = Index(name, tuple(map(quote_name, after.columns)), unique=True)
                yield CreateIndex(table, index)
                yield ReplaceKey(table, before, after, index)
            case AddConstraint(table, constraint) if _replaceable(table, constraint) in replaced:
                pass
            case _:
                yield change


def _replaceable(table: str, constraint: Constraint) -> Hashable:
    """Return what a key has in common with the one that takes its place; ``None`` for no key."""
    match constraint:
        case PrimaryKey():
            return table
        case Unique(columns=columns):
            return table, columns
    return None


def goes_or_moves(change: AlterEnum) -> bool:
    """Return whether labels go or move, so that the type has to be rebuilt."""
    kept = tuple(label for label in change.after.labels if label in change.before.labels)
    return kept != change.before.labels


def _rebuild(
    change: AlterEnum, current: Schema, desired: Schema, choices: Choices, adorned: bool
) -> Iterator[Change]:
    before, after = change.before, change.after
    chosen = chosen_labels(after, choices)
    mapping = tuple((gone, label) for gone, label in chosen if gone in before.labels)
    retired = _retired(before, current, desired)
    uses = tuple(_uses(before, current, desired))
    yield RebuildEnum(before, after, retired, uses, mapping, adorned)
    yield DropEnum(retired)


def _retired(enum: Enum, *schemas: Schema) -> Enum:
    """Return ``enum`` under the name that it has until it goes, which no other type has."""
    taken = {each.name for schema in schemas for each in schema.enums}
    taken |= {each.name for schema in schemas for each in schema.tables}
    return replace(enum, name=free_name(object_name(enum.name, (), RETIRED), taken))


def _disown(changes: Iterable[Change]) -> Iterator[Disown]:
    """Yield the sequences that would go with their column, though others need them."""
    for change in changes:
        match change:
            case DropTable(table):
                name, gone = table.name, table.columns
            case DropColumn(name, column):
                gone = (column,)
            case _:
                continue
        for each in gone:
            shared = each.numbering is not None and each.numbering.shared
            if shared and each.sequence is not None and each.sequence == serial(each.default):
                yield Disown(name, each.sequence)


def _uses(enum: Enum, current: Schema, desired: Schema) -> Iterator[Use]:
    """Yield the columns that keep the type: those that go, or get another, don't need the new."""
    name = quote_name(enum.name)
    kept = {(table.name, column.name): column for table, column in _columns(desired)}
    for table, column in _columns(current):
        after = kept.get((table.name, column.name))
        if after and column.type in (name, f"{name}[]") and after.type == column.type:
            same = after.default == column.default
            yield Use(table.name, column, column.default if same else None)


def _columns(schema: Schema) -> Iterator[tuple[Table, Column]]:
    return ((table, column) for table in schema.tables for column in table.columns)


def _add(change: AddColumn, choices: Choices) -> Iterator[Change]:
    table, column = change.table, change.column
    chosen = choices.backfills.get((table, column.name))
    value = chosen if not lacks_values(change) else choices.value(table, column.name)
    if value is None:
        yield change
    elif is_constant(value):
        filled = replace(column, default=value)
        yield AddColumn(table, filled)
        if filled != column:
            yield AlterColumn(table, filled, column)
    else:
        bare = replace(column, not_null=False, default=None)
        yield AddColumn(table, bare)
        yield Backfill(table, column.name, value)
        if bare != column:
            yield AlterColumn(table, bare, column)


def _alter(
    change: AlterColumn, desired: Schema, choices: Choices, keyed: Set[tuple[str, str]]
) -> Iterator[Change]:
    """Yield the new type first, then the values, then that there must be one.

    A column of those that are ``keyed`` can do without a value once its key is gone.
    """
    table, before, after = change.table, change.before, change.after
    value = choices.value(table, after.name) or after.default
    required = after.not_null or (table, after.name) in keyed
    first = replace(after, not_null=before.not_null and required)
    if first != before:
        yield converted(AlterColumn(table, before, first), desired.enums, choices)
    if lacks_values(change) and value is not None:
        yield Backfill(table, after.name, value)
    if first != after:
        yield AlterColumn(table, first, after)


def is_constant(value: str) -> bool:
    """Return whether PostgreSQL gives ``value``, as SQL, to all rows at once."""
    return _CONSTANT.fullmatch(value) is not None


def lacks_values(change: AddColumn | AlterColumn) -> bool:
    """Return whether rows need a value for a column, and PostgreSQL has none for them."""
    if isinstance(change, AlterColumn):
        return change.after.not_null and not change.before.not_null and not change.after.identity
    column = change.column
    return column.not_null and column.default is None and not column.identity


def _freeing(
    steps: Sequence[Change], current: Schema, in_the_way: InTheWay | None
) -> Iterator[Change]:
    """Yield what must be out of the way while columns change their type.

    That is what is known here: statements that look for more would hide the one that matters.
    """
    rebuilt = {
        (use.table, use.column.name)
        for step in steps
        if isinstance(step, RebuildEnum)
        for use in step.uses
    }
    retyped = {
        (step.table, step.after.name)
        for step in steps
        if isinstance(step, AlterColumn) and retypes(step)
    }
    in_the_way = in_the_way or InTheWay(expressed=rebuilt)
    barred = (rebuilt | retyped) & in_the_way.viewed | rebuilt & in_the_way.expressed
    if barred:
        yield SetAside(tuple(sorted(barred)), tuple(sorted(barred & rebuilt)))
        yield Restore()
    dropped = {step for step in steps if isinstance(step, DropConstraint)}
    for table in current.tables:
        for key in table.foreign_keys:
            columns = {(table.name, name) for name in key.columns}
            columns |= {(key.target, name) for name in key.target_columns}
            if columns & rebuilt and DropConstraint(table.name, key) not in dropped:
                yield DropConstraint(table.name, key)
                yield AddConstraint(table.name, key)
