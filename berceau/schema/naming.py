"""The names of constraints, indexes and sequences: kept, given by an entity, or the first free."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from berceau.schema.model import Column, ForeignKey, Index, RawConstraint, Schema, Table, Unique
from berceau.schema.names import free_name, object_name, sequence_name
from berceau.schema.pairs import Part, is_relation, matched, parts, relation_names
from berceau.schema.rename_changes import Move, in_turn, relations
from berceau.schema.renaming import RenameConstraint, RenameIndex, RenameSequence, Renaming

SomePart = TypeVar("SomePart", bound=Part)
Names = Mapping[Part, str]


@dataclass(frozen=True)
class _Either:
    """Two sets as one, without the cost of making it."""

    one: Set[str]
    other: Set[str]

    def __contains__(self, name: object) -> bool:
        return name in self.one or name in self.other


def with_names(current: Schema, desired: Schema) -> Schema:
    """Return ``desired`` with the names that everything has after a migration of ``current``.

    What is there keeps the name that it has there, whoever gave it. Where an entity names
    something, it is called so. What is new gets the name that it is declared with, or the next
    one that is free: names of tables are taken, too.
    """
    before = {table.name: table for table in current.tables}
    fixed = {table.name for table in desired.tables}
    fixed |= {each.name for table in desired.tables for each in parts(table) if _is_named(each)}
    same = {
        table.name: before[table.name]
        for table in desired.tables
        if before.get(table.name) == table and _is_settled(before[table.name], table, fixed)
    }
    kept = {
        table.name: _kept(before[table.name], table, fixed)
        for table in desired.tables
        if table.name in before and table.name not in same
    }
    taken = fixed | {name for table in same.values() for name in relation_names(table)}
    taken |= {name for names in kept.values() for part, name in names.items() if is_relation(part)}
    sequences = {
        (table.name, column.name): column.sequence
        for table in current.tables
        for column in table.columns
        if column.sequence is not None and column.sequence not in fixed
    }
    taken |= set(sequences.values())
    tables = (
        same.get(table.name) or _named(table, kept.get(table.name, {}), sequences, fixed, taken)
        for table in desired.tables
    )
    return replace(desired, tables=tuple(tables))


def renamings(current: Schema, desired: Schema) -> tuple[Renaming, ...]:
    """Return what gives the parts of ``current`` the names that they have ``with_names``."""
    return renamings_to(current, with_names(current, desired))


def renamings_to(current: Schema, desired: Schema) -> tuple[Renaming, ...]:
    """Return what gives the parts of ``current`` the very names that they have in ``desired``.

    What is dropped is renamed first, where its name is needed by what stays.
    """
    after = {table.name: table for table in desired.tables}
    shared: dict[str, Move] = {}
    found: list[Renaming] = []
    gone: set[str] = set()
    for table in current.tables:
        if table.name not in after:
            gone |= set(relation_names(table))
        if after.get(table.name, table) is table:
            continue
        pairs = matched(table, after[table.name])
        gone |= {part.name for part in pairs.removed if is_relation(part)}
        own: dict[str, Move] = {}
        for old, new in pairs.pairs:
            if old.name == new.name:
                continue
            if isinstance(old, RawConstraint) or not is_relation(old):
                own[old.name] = Move(new.name, partial(RenameConstraint, table.name))
            else:
                shared[old.name] = Move(new.name, RenameIndex)
        for part in pairs.removed:
            if any(move.after == part.name for move in own.values()):
                aside = object_name(part.name, (), "retired")
                own[part.name] = Move(aside, partial(RenameConstraint, table.name))
        found += in_turn(own, [part.name for part in parts(table)])
        shared |= dict(_sequences(table, after[table.name]))
    wanted = {move.after for move in shared.values()}
    for name in gone & wanted:
        shared[name] = Move(object_name(name, (), "retired"), RenameIndex)
    return (*found, *in_turn(shared, relations(current)))


def named_as(declared: Schema, seen: Schema) -> Schema:
    """Return ``seen``, made from ``declared``, with the word which parts an entity named."""
    named = {
        table.name: {part.name for part in parts(table) if _is_named(part)}
        for table in declared.tables
    }
    return replace(
        seen,
        tables=tuple(
            _with_word(table, named[table.name]) if named.get(table.name) else table
            for table in seen.tables
        ),
    )


def _with_word(table: Table, names: set[str]) -> Table:
    def word(part: SomePart) -> SomePart:
        if part.name in names and isinstance(part, Unique | ForeignKey | Index):
            return replace(part, named=True)
        return part

    return replace(
        table,
        uniques=tuple(map(word, table.uniques)),
        foreign_keys=tuple(map(word, table.foreign_keys)),
        indexes=tuple(map(word, table.indexes)),
    )


def _is_named(part: Part) -> bool:
    return isinstance(part, Unique | ForeignKey | Index) and part.named


def _is_settled(before: Table, after: Table, fixed: Set[str]) -> bool:
    """Return whether two equal tables leave nothing to name."""
    if any(map(_is_named, parts(after))) or not fixed.isdisjoint(relation_names(before)):
        return False
    return fixed.isdisjoint(column.sequence for column in before.columns)


def _kept(before: Table, after: Table, fixed: set[str]) -> Names:
    """Return the names of the parts that are there already, where they keep them."""
    return {
        new: old.name
        for old, new in matched(before, after).pairs
        if not _is_named(new) and not (is_relation(new) and old.name in fixed)
    }


def _named(
    table: Table,
    kept: Names,
    sequences: Mapping[tuple[str, str], str],
    fixed: Set[str],
    taken: set[str],
) -> Table:
    """Return ``table`` with its names; those that others can't have are added to ``taken``."""
    own = {*kept.values(), *(part.name for part in parts(table) if _is_named(part))}
    both = _Either(own, taken)

    def name(part: SomePart) -> SomePart:
        found = kept.get(part)
        if found is None and _is_named(part):
            found = part.name
        if found is None:
            found = free_name(part.name, both if is_relation(part) else own)
            own.add(found)
            if is_relation(part):
                taken.add(found)
        return part if found == part.name else replace(part, name=found)

    def number(column: Column) -> Column:
        if not column.identity and column.sequence not in fixed:
            return column
        found = sequences.get((table.name, column.name))
        if found is None:
            default = sequence_name(table.name, column.name)
            found = free_name(default if column.identity else str(column.sequence), taken)
            taken.add(found)
        return column if found == column.sequence else replace(column, sequence=found)

    return replace(
        table,
        primary_key=table.primary_key and name(table.primary_key),
        uniques=tuple(map(name, table.uniques)),
        checks=tuple(map(name, table.checks)),
        raw_constraints=tuple(map(name, table.raw_constraints)),
        foreign_keys=tuple(map(name, table.foreign_keys)),
        indexes=tuple(map(name, table.indexes)),
        columns=tuple(map(number, table.columns)),
    )


def _sequences(before: Table, after: Table) -> Iterator[tuple[str, Move]]:
    new = {column.name: column.sequence for column in after.columns}
    for column in before.columns:
        name = new.get(column.name)
        if column.sequence and name and name != column.sequence:
            yield column.sequence, Move(name, RenameSequence)
