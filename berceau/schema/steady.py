"""What mustn't change in columns while triggers keep them in step with others."""

from collections.abc import Iterable, Iterator

from berceau.errors import MigrationError
from berceau.schema.changes import AlterColumn, Change
from berceau.schema.meaning import Place
from berceau.schema.model import Schema, Table
from berceau.schema.sync import SyncTrigger
from berceau.schema.transfers import gives_a_value

_CURE = "Nothing was written. End that first: invoke migrate --contract. Or leave"


def require_steady(changes: Iterable[Change], after: Schema) -> None:
    """Raise ``MigrationError`` where ``changes``, which lead to ``after``, break what is in step.

    A column of another type may have values that its partner can't hold. And where the columns of
    a transfer have values of their own, it can't tell what a release wrote.
    """
    partners = dict(_partners(after))
    for each in changes:
        if isinstance(each, AlterColumn) and each.before.type != each.after.type:
            place = (each.table, each.after.name)
            if place in partners:
                raise MigrationError(
                    f"{'.'.join(place)} can't get the type {each.after.type} while it is kept in "
                    f"step with {partners[place]} for a release of before.",
                    cure=f"{_CURE} the type {each.before.type} until then.",
                )
    for table in after.tables:
        for transfer in table.transfers:
            for name, new in transfer.columns:
                if why := _closed(table, name):
                    raise MigrationError(
                        f"{table.name}.{name} {why} while it is kept in step with "
                        f"{transfer.target}.{new} for another release.",
                        cure=f"{_CURE} the attribute Optional until then, without a default in "
                        "the database and without --backfill.",
                    )


def _partners(schema: Schema) -> Iterator[tuple[Place, str]]:
    """Yield the columns that are kept in step, each with what it is in step with."""
    for table in schema.tables:
        for sync in (table.sync_trigger or SyncTrigger()).syncs:
            for name in sync.columns:
                others = (each for each in sync.columns if each != name)
                yield (table.name, name), ", ".join(f"{table.name}.{each}" for each in others)
        for transfer in table.transfers:
            for name, new in transfer.columns:
                here, there = (table.name, name), (transfer.target, new)
                yield here, ".".join(there)
                yield there, ".".join(here)


def _closed(table: Table, name: str) -> str:
    """Return why a row of ``table`` may have a value in a column that no release gave it."""
    trigger = table.sync_trigger or SyncTrigger()
    filled = {each.column for each in trigger.fills}
    for sync in trigger.syncs:
        filled |= {each.column for each in sync.defaults}
        filled |= set() if sync.is_same else {*sync.columns}
    column = next((each for each in table.columns if each.name == name), None)
    if name in filled:
        return "can't be filled in"
    if column is None:
        return ""
    if column.identity or column.generated:
        return "can't be given by the server"
    if gives_a_value(column):
        return "can't have a default"
    return "can't be required" if column.not_null and column.default is None else ""
