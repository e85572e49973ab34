"""Values that a trigger gives to columns which the running release gives none."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from berceau.schema.changes import AddColumn, AlterColumn, Change, DropColumn, DropTable
from berceau.schema.choices import Choices, Place
from berceau.schema.keeping import Keeping, synced_by
from berceau.schema.kept import Kept, Kind
from berceau.schema.lowering import is_constant, lacks_values
from berceau.schema.model import Schema
from berceau.schema.names import words
from berceau.schema.sync import Computed, Mapped, SyncTrigger, united


def fills(
    keeping: Keeping, changes: Iterable[Change], choices: Choices, returned: Collection[Place] = ()
) -> dict[Kept, str]:
    """Return the values, as SQL over the row, of columns to fill while a release runs.

    It doesn't know them, as those that ``returned`` after it did without them, or may leave them
    empty. A constant is the default of such a column.
    """
    return dict(_fills(keeping, tuple(changes), choices, returned)) if keeping.active else {}


def _fills(
    keeping: Keeping,
    changes: tuple[Change, ...],
    choices: Choices,
    returned: Collection[Place],
) -> Iterator[tuple[Kept, str]]:
    synced = synced_by(changes)
    for change in changes:
        if not isinstance(change, AddColumn | AlterColumn) or not lacks_values(change):
            continue
        column = change.column if isinstance(change, AddColumn) else change.after
        place = (change.table, column.name)
        new = isinstance(change, AddColumn) or place in returned
        value = choices.value(*place) or column.default
        if value is None or place in synced or (new and is_constant(value)):
            continue
        if not words(value).isdisjoint(_gone(changes, change.table)):
            continue  # the trigger would fail in each row that lacks a value
        if keeping.knows(change.table) if new else keeping.leaves_empty(place):
            yield Kept(Kind.FILL, place), value


def _gone(changes: Iterable[Change], table: str) -> Iterator[str]:
    """Yield the names that an expression over a row of ``table`` can't use after ``changes``."""
    for change in changes:
        match change:
            case DropTable():
                yield change.table.name
            case DropColumn() if change.table == table:
                yield change.column.name


def with_fills(
    schema: Schema, values: Mapping[Kept, str], labels: Mapping[Place, Mapping[str, str]]
) -> Schema:
    """Return ``schema`` with triggers that fill columns with ``values``, and replace ``labels``."""
    found: dict[str, SyncTrigger] = {}
    arrays = {(t.name, c.name) for t in schema.tables for c in t.columns if c.type.endswith("[]")}

    def add(table: str, rule: SyncTrigger) -> None:
        found[table] = united(found.get(table), rule) or rule

    for each, sql in values.items():
        add(each.place[0], SyncTrigger(fills=(Computed(each.place[1], sql),)))
    for (table, column), pairs in labels.items():
        array = (table, column) in arrays
        maps = (Mapped(column, before, after, array) for before, after in pairs.items())
        add(table, SyncTrigger(maps=tuple(maps)))
    tables = (
        replace(each, sync_trigger=united(each.sync_trigger, found.get(each.name)))
        for each in schema.tables
    )
    return replace(schema, tables=tuple(tables))
