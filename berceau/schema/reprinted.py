"""Expressions of SQL by hand as PostgreSQL prints them once a column has another type."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace

from berceau.schema.changes import AddConstraint, AlterColumn, Change, CreateIndex
from berceau.schema.conversions import retypes
from berceau.schema.model import Index, Schema, Table
from berceau.schema.names import words


def reprinted(expected: Schema, found: Schema, changes: Sequence[Change]) -> Schema:
    """Return ``expected`` with the expressions that ``found`` has, over columns that are retyped.

    A cast that an expression no longer needs is gone: ``lower((name)::text)`` is ``lower(name)``
    where the column became a ``text``. What ``changes`` make themselves stays as it is expected.
    """
    columns: dict[str, set[str]] = {}
    for change in changes:
        if isinstance(change, AlterColumn) and retypes(change):
            columns.setdefault(change.table, set()).add(change.after.name)
    made = {_made(change) for change in changes}
    there = {table.name: table for table in found.tables}
    return replace(
        expected,
        tables=tuple(
            _reprinted(each, there[each.name], columns[each.name], made)
            if each.name in columns and each.name in there
            else each
            for each in expected.tables
        ),
    )


def _made(change: Change) -> str | None:
    match change:
        case AddConstraint():
            return change.constraint.name
        case CreateIndex():
            return change.index.name
    return None


def _reprinted(table: Table, found: Table, columns: Set[str], made: Set[str | None]) -> Table:
    def over(text: str | None) -> bool:
        return text is not None and not columns.isdisjoint(words(text))

    checks = {each.name: each for each in found.checks if each.name not in made}
    raw = {each.name: each for each in found.raw_constraints if each.name not in made}
    indexes = {each.name: each for each in found.indexes if each.name not in made}
    return replace(
        table,
        checks=tuple(
            replace(each, expression=checks[each.name].expression)
            if each.name in checks and over(each.expression)
            else each
            for each in table.checks
        ),
        raw_constraints=tuple(
            replace(each, definition=raw[each.name].definition)
            if each.name in raw and over(each.definition)
            else each
            for each in table.raw_constraints
        ),
        indexes=tuple(
            _index(each, indexes[each.name], over) if each.name in indexes else each
            for each in table.indexes
        ),
    )


def _index(index: Index, found: Index, over: Callable[[str | None], bool]) -> Index:
    """Return ``index`` with the expressions of the one that was ``found``."""
    return replace(
        index,
        keys=tuple(_expressions(index.keys, found.keys, over)),
        where=found.where if over(index.where) else index.where,
    )


def _expressions(
    keys: Sequence[str], found: Sequence[str], over: Callable[[str | None], bool]
) -> Iterable[str]:
    if len(keys) != len(found):
        return keys
    return (new if "(" in old and over(old) else old for old, new in zip(keys, found, strict=True))
