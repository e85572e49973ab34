"""Existing: what a database holds already of that which a new migration would make."""

from collections.abc import Iterable, Iterator, Sequence

from berceau.errors import HistoryError
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.presence import Kind, Named, Present, present
from berceau.schema.changes import (
    AddColumn,
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
from berceau.schema.model import PrimaryKey, Unique
from berceau.schema.renaming import (
    RenameColumn,
    RenameEnum,
    RenameIndex,
    RenameSequence,
    RenameTable,
)


def refuse_what_is_there(connection: Connection, changes: Iterable[Change], *, first: bool) -> None:
    """Raise ``HistoryError`` where the database holds what ``changes`` are to make.

    ``first`` means that there is no migration before.
    """
    changes = tuple(changes)
    # What is dropped, or gets another name, in the same migration isn't in the way.
    made = {*_made(changes)} - {*_gone(changes)}
    there = _wholes(present(connection, made), changes)
    if not there:
        return
    unlike = any(not each.alike for each in there)
    cure = (
        "Drop these objects, or give them another name."
        if unlike
        else "Run `invoke migrate.baseline NAME`: it writes the existing objects as the first "
        "migration, NAME, and runs no SQL. `invoke migrate` creates the missing ones afterwards."
        if first
        else "Drop or rename these objects, or run `invoke migrate.adopt NAME --unmanaged`: it "
        "adds objects that no migration created to the migrations."
    )
    raise HistoryError(
        f"The migration would create objects that exist already: {', '.join(map(str, there))}.",
        cure=f"Nothing was written. {cure}",
    )


def _wholes(there: Sequence[Present], changes: Iterable[Change]) -> list[Present]:
    """Return what is ``there`` without the indexes of tables that are there, too."""
    tables = {each.name.name for each in there if each.name.kind is Kind.TABLE}
    parts = {each for change in changes if change.subject in tables for each in _made([change])}
    return [each for each in there if each.name.kind is not Kind.INDEX or each.name not in parts]


def _made(changes: Iterable[Change]) -> Iterator[Named]:
    for change in changes:
        match change:
            case CreateTable(table):
                yield Named(Kind.TABLE, table.name)
                keys = (*((table.primary_key,) if table.primary_key else ()), *table.uniques)
                yield from (Named(Kind.INDEX, key.name) for key in keys)
            case CreateIndex(_, index):
                yield Named(Kind.INDEX, index.name)
            case AddConstraint(_, PrimaryKey() | Unique() as key):
                yield Named(Kind.INDEX, key.name)
            case CreateEnum():
                yield Named(Kind.ENUM, change.enum.name)
            case AddColumn():
                yield Named(Kind.COLUMN, change.table, change.column.name)


def _gone(changes: Iterable[Change]) -> Iterator[Named]:
    for change in changes:
        match change:
            case DropTable():
                yield from _free(change.table.name)
            case DropEnum():
                yield from _free(change.enum.name)
            case RenameTable() | RenameEnum() | RenameIndex() | RenameSequence():
                yield from _free(change.before)
            case DropIndex():
                yield from _free(change.index.name)
            case DropConstraint():
                yield from _free(change.constraint.name)
            case DropColumn():
                yield Named(Kind.COLUMN, change.table, change.column.name)
            case RenameColumn():
                yield Named(Kind.COLUMN, change.table, change.before)


def _free(name: str) -> Iterator[Named]:
    """Yield what may have a name: tables and enums share theirs, and tables those of indexes."""
    yield Named(Kind.TABLE, name)
    yield Named(Kind.ENUM, name)
    yield Named(Kind.INDEX, name)
