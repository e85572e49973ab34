"""What only a hand-written migration can have made stays: no entity could have declared it."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from typing import TypeVar

from berceau.errors import MigrationError
from berceau.schema.casts import is_free
from berceau.schema.model import (
    Check,
    Column,
    ForeignKey,
    Index,
    RawConstraint,
    Schema,
    Table,
    Unique,
)
from berceau.schema.names import quote_name, quote_names
from berceau.schema.numbering import serial, shared_by
from berceau.schema.pairs import compare, structure
from berceau.schema.sync import SyncTrigger, in_step, united
from berceau.schema.transfers import require_known

Item = TypeVar("Item", bound=Check | RawConstraint | Index | Unique)

_DECLARABLE_METHODS = ("btree", "gin")


def keep(current: Schema, desired: Schema) -> Schema:
    """Return ``desired`` with what entities can't declare, of the tables that ``current`` has too.

    These are checks, exclusions and deferrable constraints, indexes on expressions and the like,
    generated columns with all that rests on them, collations, triggers, sequences that several
    columns share. Raises ``MigrationError`` where one of them rests on a column that goes or gets
    another type: PostgreSQL would drop or change it silently.
    """
    before = {table.name: table for table in current.tables}
    keys = [key for table in current.tables for key in table.foreign_keys]
    targets = {(key.target, key.target_columns) for key in keys}
    shared = shared_by(column for table in current.tables for column in table.columns)
    return replace(
        desired,
        tables=tuple(
            _keep(before[table.name], _referable(table, targets), shared)
            if table.name in before
            else table
            for table in desired.tables
        ),
    )


def _keep(before: Table, after: Table, shared: Set[str]) -> Table:
    generated = _undeclared(before, after)
    relations = {key.columns for key in before.foreign_keys}
    # Only a one-to-one relation, which has a foreign key, is declared as deferred.
    deferred = {each.columns for each in before.uniques if each.deferred} - relations
    uniques = (
        each
        for each in before.uniques
        if each.columns in deferred or not generated.isdisjoint(each.columns)
    )
    declared = (
        each
        for each in after.uniques
        if each.columns not in deferred and not _is_raw(each, before.raw_constraints)
    )
    names = [each.name for each in after.columns]
    unknown = [each for each in before.transfers if each.unknown]
    trigger = united(after.sync_trigger, in_step(before.sync_trigger, names))
    columns = _columns(before.columns, after.columns, shared)
    kept = replace(
        after,
        columns=tuple(_without_defaults(columns, trigger)),
        uniques=_united(uniques, declared),
        foreign_keys=tuple(_foreign_keys(before.foreign_keys, after.foreign_keys, generated)),
        checks=_united(before.checks, after.checks),
        raw_constraints=_united(before.raw_constraints, after.raw_constraints),
        indexes=_united(
            (each for each in before.indexes if _by_hand(each, generated)), after.indexes
        ),
        others=before.others,
        sync_trigger=trigger,
        transfers=tuple(dict.fromkeys((*after.transfers, *unknown))),
    )
    _require_untouched(before, kept, generated)
    if trigger is not None:
        trigger.require_known(_changed(before, kept))
    for each in unknown:
        require_known(before.name, each, {*_changed(before, kept)})
    return kept


def _changed(before: Table, after: Table) -> Iterator[str]:
    """Yield the columns of ``before`` that go, or get another type."""
    types = {each.name: each.type for each in after.columns}
    yield from (each.name for each in before.columns if types.get(each.name) != each.type)


def _without_defaults(columns: Iterable[Column], trigger: SyncTrigger | None) -> Iterator[Column]:
    """Yield ``columns``; those of two releases get their defaults from the trigger."""
    synced = trigger.synced if trigger is not None else frozenset()
    for each in columns:
        yield replace(each, default=None) if each.name in synced else each


def _referable(table: Table, targets: Set[tuple[str, tuple[str, ...]]]) -> Table:
    """Return ``table``; no unique constraint is deferred that a foreign key points at.

    PostgreSQL refuses that. Such a foreign key is written by hand.
    """
    uniques = tuple(
        replace(each, deferred=False) if (table.name, each.columns) in targets else each
        for each in table.uniques
    )
    return table if uniques == table.uniques else replace(table, uniques=uniques)


def _undeclared(before: Table, after: Table) -> Set[str]:
    """Return the names of the generated columns of ``before`` that ``after`` doesn't declare."""
    declared = {column.name for column in after.columns}
    return {each.name for each in before.columns if each.generated} - declared


def _united(before: Iterable[Item], after: Iterable[Item]) -> tuple[Item, ...]:
    """Return all of both, and what stands on both sides once, as it is declared."""
    declared = tuple(after)
    return (*compare(before, declared, structure).removed, *declared)


def _columns(
    before: Iterable[Column], after: Iterable[Column], shared: Set[str]
) -> Iterator[Column]:
    old = {column.name: column for column in before}
    names = set()
    for column in after:
        names.add(column.name)
        same = old.get(column.name)
        if same is not None and same.generated is not None:
            yield same
        elif same is not None and column.identity and serial(same.default) in shared:
            yield replace(
                column,
                identity=False,
                default=same.default,
                sequence=same.sequence,
                numbering=same.numbering,
            )
        elif same is not None:
            yield _with_undeclared(same, column)
        else:
            yield column
    yield from (column for column in old.values() if column.generated and column.name not in names)


def _with_undeclared(before: Column, after: Column) -> Column:
    """Return ``after`` with collation, storage, and the sequence that stays the column's."""
    if before.type == after.type and after.collation is None:
        after = replace(after, collation=before.collation)
    after = replace(after, storage=before.storage)
    if before.identity or after.identity or after.sequence is not None:
        return after
    return replace(after, sequence=before.sequence, numbering=before.numbering)


def _is_raw(unique: Unique, raw_constraints: Iterable[RawConstraint]) -> bool:
    """Return whether one of ``raw_constraints`` is ``unique`` and more, such as deferrable."""
    columns = f"({quote_names(unique.columns)})"
    starts = f"UNIQUE {columns}", f"UNIQUE NULLS NOT DISTINCT {columns}"
    return any(raw.definition.startswith(starts) for raw in raw_constraints)


def _foreign_keys(
    before: Iterable[ForeignKey], after: Iterable[ForeignKey], generated: Set[str]
) -> Iterator[ForeignKey]:
    kept = {
        _reference(key): key
        for key in before
        if key.definition is not None or not generated.isdisjoint(key.columns)
    }
    for key in after:
        yield kept.pop(_reference(key), key)
    yield from kept.values()


def _reference(key: ForeignKey) -> tuple[object, ...]:
    return key.columns, key.target, key.target_columns


def _declarable(index: Index) -> bool:
    plain = all(_is_name(key) for key in index.keys)
    return (
        plain
        and index.method in _DECLARABLE_METHODS
        and not (index.unique or index.where or index.options)
    )


def _by_hand(index: Index, generated: Set[str]) -> bool:
    """Return whether no entity can declare ``index``; it may rest on a ``generated`` column."""
    return not _declarable(index) or not {*map(quote_name, generated)}.isdisjoint(index.keys)


def _is_name(key: str) -> bool:
    return re.fullmatch(r'[a-z_][a-z0-9_]*|"(?:[^"]|"")+"', key) is not None


def _require_untouched(before: Table, after: Table, generated: Set[str]) -> None:
    new = {column.name: column for column in after.columns}
    for column in before.columns:
        if column.name not in new:
            _require_unused(column, before, "goes", _users(before, generated))
        elif column.type != new[column.name].type:
            free = is_free(column.type, new[column.name].type)
            users = _computed(before) if free else _expressions(before)
            _require_unused(column, before, "gets another type", users)


def _users(table: Table, generated: Set[str]) -> Iterator[tuple[str, str]]:
    yield from _expressions(table)
    for index in table.indexes:
        if _by_hand(index, generated):
            yield f"index {index.name}", " ".join((*index.keys, index.options))
    constraints: list[Unique | ForeignKey] = [*table.uniques, *table.foreign_keys]
    for each in constraints:
        if not generated.isdisjoint(each.columns):
            yield f"constraint {each.name}", " ".join(map(quote_name, each.columns))


def _expressions(table: Table) -> Iterator[tuple[str, str]]:
    """Yield what PostgreSQL would print differently, once a column has another type."""
    yield from ((f"check {check.name}", check.expression) for check in table.checks)
    yield from ((f"constraint {raw.name}", raw.definition) for raw in table.raw_constraints)
    for key in table.foreign_keys:
        yield f"foreign key {key.name}", key.definition or ""
    for index in table.indexes:
        keys = [key for key in index.keys if not _is_name(key)]
        yield f"index {index.name}", " ".join((*keys, index.where or ""))
    yield from _computed(table)


def _computed(table: Table) -> Iterator[tuple[str, str]]:
    """Yield what PostgreSQL lets no column get another type under, whichever."""
    for column in table.columns:
        if column.generated:
            yield f"column {column.name}", column.generated


def _require_unused(
    column: Column, table: Table, what: str, users: Iterator[tuple[str, str]]
) -> None:
    name = re.compile(rf"(?<![\w\"]){re.escape(quote_name(column.name))}(?![\w\"])")
    for user, text in users:
        if name.search(text):
            raise MigrationError(
                f"The {user} of {table.name} uses the column {column.name}, which {what}; "
                "a hand-written migration made it, and no entity can declare it.",
                cure=f"First drop the {user}, or create it again without that column, in a "
                "migration of your own.",
            )
