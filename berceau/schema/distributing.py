"""The changes of where Citus has the rows of tables, each after those of what it refers to."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from berceau.schema.changes import Change, CreateTable, Distribute
from berceau.schema.model import Column, Schema, Table
from berceau.schema.placement import Distribution


def distributing(current: Schema, desired: Schema) -> Iterator[Distribute]:
    """Yield the changes that put the rows of ``current`` where ``desired`` has them.

    What Citus can't change while a table is distributed by it comes to one server for that.
    """
    before = {table.name: table for table in current.tables}
    after = {table.name: table for table in desired.tables}
    ordered = tuple(_referred_first(after))
    leaving = {
        name for name in ordered if name in before and _has_to_leave(before[name], after[name])
    }
    for name in reversed(ordered):
        if name in leaving:
            table = before[name]
            yield Distribute(name, table.distribution, None, numbered=_numbered(table))
    for name in ordered:
        there = name in before and name not in leaving
        old = before[name].distribution if there else None
        new = after[name].distribution
        if new is not None and new != old:
            numbered = _numbered(after[name]) if old is not None else ()
            yield Distribute(name, old, new, _beside(after[name], after), numbered)


def unbound(changes: Iterable[Change]) -> frozenset[str]:
    """Return the tables that no foreign key may hold while their rows move.

    Only a table that comes to all servers can have some.
    """
    return frozenset(
        each.table
        for each in changes
        if isinstance(each, Distribute) and (each.before or (each.after and each.after.column))
    )


def moving(changes: Iterable[Change]) -> frozenset[str]:
    """Return the tables that get a place of theirs, where one of them is there already.

    Its keys may have to change before that. Where all of them are new, they get it at once.
    """
    changes = tuple(changes)
    new = {each.table.name for each in changes if isinstance(each, CreateTable)}
    found = {each.table for each in changes if isinstance(each, Distribute) and each.after}
    return frozenset() if found <= new else frozenset(found)


def _has_to_leave(before: Table, after: Table) -> bool:
    """Return whether a table ceases, or changes the column that it is distributed by."""
    place = before.distribution
    if place is None or after.distribution is None:
        return place is not None
    return _column(before, place) != (_column(after, place) or _column(before, place))


def _numbered(table: Table) -> tuple[Column, ...]:
    return tuple(each for each in table.columns if each.identity)


def _column(table: Table, place: Distribution) -> object:
    return next((each for each in table.columns if each.name == place.column), None)


def _referred_first(tables: Mapping[str, Table]) -> Iterator[str]:
    """Yield the names of tables: those that are on all servers first, and what others refer to."""
    names = sorted(tables, key=lambda name: (_rank(tables[name]), name))
    # In a circle, no order is the right one: by name then.
    graph = {
        name: {
            key.target
            for key in tables[name].foreign_keys
            if key.target in tables and key.target != name
        }
        for name in names
    }
    try:
        found = list(TopologicalSorter(graph).static_order())
    except CycleError:
        found = names
    yield from sorted(found, key=lambda name: _rank(tables[name]))


def _rank(table: Table) -> int:
    place = table.distribution
    return 1 if place is not None and place.column is not None else 0


def _beside(table: Table, tables: Mapping[str, Table]) -> str | None:
    """Return the table whose rows those of ``table`` have to be with."""
    column = table.distribution.column if table.distribution else None
    for key in table.foreign_keys:
        target = tables.get(key.target)
        place = target.distribution if target is not None and target is not table else None
        if column in key.columns and place is not None and place.column in key.target_columns:
            return key.target
    return None
