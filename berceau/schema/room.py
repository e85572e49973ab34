"""Names that something new takes from what is dropped: that is renamed, as it goes last."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from berceau.schema.changes import (
    AddConstraint,
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
from berceau.schema.model import Column
from berceau.schema.names import object_name
from berceau.schema.pairs import relation_names
from berceau.schema.renaming import RenameEnum, RenameIndex, RenameSequence, RenameTable, Renaming


def with_room(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield ``changes``; a table or enum that goes has another name first where its own is taken.

    So have its indexes. (Tables, indexes and types share their names.)
    """
    changes = tuple(changes)
    taken = {name for change in changes for name in new_names(change)}
    tables = {}
    for change in changes:
        match change:
            case DropColumn(_, column):
                yield from _sequences_aside([column], taken)
            case DropTable(table):
                yield from _indexes_aside(change, taken)
                yield from _sequences_aside(table.columns, taken)
                if table.name in taken:
                    tables[table.name] = _retired(table.name)
                    yield RenameTable(table.name, tables[table.name])
    for change in changes:
        match change:
            case DropTable(table) if table.name in tables:
                yield DropTable(replace(table, name=tables[table.name]))
            case DropConstraint(name) | DropIndex(name) if name in tables:
                yield replace(change, table=tables[name])
            case DropEnum(enum) if enum.name in taken:
                yield RenameEnum(enum.name, _retired(enum.name))
                yield DropEnum(replace(enum, name=_retired(enum.name)))
            case _:
                yield change


def new_names(change: Change) -> Iterator[str]:
    """Yield the names of tables, types, indexes and constraints that ``change`` takes."""
    match change:
        case CreateTable(table):
            yield table.name
            yield from (item.name for item in (*table.constraints, *table.indexes))
            yield from (column.sequence for column in table.columns if column.sequence)
        case CreateEnum(enum):
            yield enum.name
        case CreateIndex(_, index):
            yield index.name
        case AddConstraint(_, constraint):
            yield constraint.name


def _indexes_aside(change: DropTable, taken: set[str]) -> Iterator[Renaming]:
    for name in relation_names(change.table):
        if name in taken:
            yield RenameIndex(name, _retired(name))


def _sequences_aside(columns: Iterable[Column], taken: set[str]) -> Iterator[Renaming]:
    for column in columns:
        if column.sequence in taken:
            yield RenameSequence(str(column.sequence), _retired(str(column.sequence)))


def _retired(name: str) -> str:
    return object_name(name, (), "retired")
