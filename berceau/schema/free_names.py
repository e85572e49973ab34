"""Names of new constraints and indexes that nothing which stays has taken."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from berceau.schema.changes import (
    AddConstraint,
    Change,
    CreateIndex,
    CreateTable,
    DropConstraint,
    DropIndex,
    DropTable,
    ValidateConstraint,
)
from berceau.schema.model import Schema, Table
from berceau.schema.names import free_name


def with_free_names(changes: Iterable[Change], current: Schema) -> Iterator[Change]:
    """Yield ``changes``; what they add to ``current`` under a name that is taken gets another.

    What stays keeps the name it has, also where an entity now gives that name to something else.
    """
    changes = tuple(changes)
    taken = _names_that_stay(changes, current)
    given: dict[tuple[str, str], str] = {}
    for change in changes:
        match change:
            case CreateTable(table):
                yield CreateTable(_with_free_keys(table, taken))
            case CreateIndex(table, index):
                name = _take(index.name, taken)
                yield (
                    change if name == index.name else CreateIndex(table, replace(index, name=name))
                )
            case AddConstraint(table, constraint):
                name = given[table, constraint.name] = _take(constraint.name, taken)
                yield (
                    change
                    if name == constraint.name
                    else AddConstraint(table, replace(constraint, name=name))
                )
            case ValidateConstraint(table, constraint) if (table, constraint.name) in given:
                name = given[table, constraint.name]
                yield ValidateConstraint(table, replace(constraint, name=name))
            case _:
                yield change


def _with_free_keys(table: Table, taken: set[str]) -> Table:
    key = table.primary_key
    return replace(
        table,
        primary_key=key and replace(key, name=_take(key.name, taken)),
        uniques=tuple(replace(each, name=_take(each.name, taken)) for each in table.uniques),
    )


def _names_that_stay(changes: Iterable[Change], current: Schema) -> set[str]:
    gone = set()
    for change in changes:
        match change:
            case DropIndex(table, index):
                gone.add((table, index.name))
            case DropConstraint(table, constraint):
                gone.add((table, constraint.name))
            case DropTable(table):
                gone |= {(table.name, item.name) for item in (*table.constraints, *table.indexes)}
    return {
        item.name
        for table in current.tables
        for item in (*table.constraints, *table.indexes)
        if (table.name, item.name) not in gone
    }


def _take(name: str, taken: set[str]) -> str:
    found = free_name(name, taken)
    taken.add(found)
    return found
