"""What changes do to rows: which tables they touch, and which values stay as they are."""

from collections.abc import Collection, Iterable, Iterator

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Backfill,
    Change,
    CreateIndex,
    DeleteRows,
    RebuildEnum,
    Recode,
)
from berceau.schema.choices import Choices
from berceau.schema.conversions import retypes
from berceau.schema.lowering import lacks_values
from berceau.schema.model import Enum, Schema, Table
from berceau.schema.names import quote_name, words
from berceau.schema.renaming import RenameLabel


def touched(changes: Iterable[Change], schema: Schema) -> set[str]:
    """Return the tables of ``schema`` that ``changes`` do something to."""
    names = {table.name for table in schema.tables}
    return {name for change in changes for name in _tables(change, schema)} & names


def judged(changes: Iterable[Change], schema: Schema, choices: Choices) -> set[str]:
    """Return the tables whose values decide whether ``changes`` can be made."""
    found = (change for change in changes if _judges(change, choices))
    return touched(found, schema)


def demanding(changes: Iterable[Change], schema: Schema, choices: Choices) -> set[str]:
    """Return the tables that must not have rows for ``changes``: nothing gives these a value."""
    found = (
        change
        for change in changes
        if isinstance(change, AddColumn)
        and lacks_values(change)
        and choices.value(change.table, change.column.name) is None
    )
    return touched(found, schema)


def looked_up(schema: Schema, choices: Choices) -> set[str]:
    """Return the tables and enums of ``schema`` that the SQL in ``choices`` may mention."""
    given = (*choices.backfills.values(), *choices.usings.values())
    names = {table.name for table in schema.tables} | {enum.name for enum in schema.enums}
    return names & {word for expression in given for word in words(expression)}


def unchanged(changes: Iterable[Change], before: Schema, after: Schema) -> dict[str, list[str]]:
    """Return, by table, the columns whose values ``changes`` between two schemas must keep."""
    changes = tuple(changes)
    changed = set(_changed(changes, after))
    fewer = _with_fewer_rows(changes, (*before.tables, *after.tables))
    old = {table.name: {column.name: column for column in table.columns} for table in before.tables}
    found = {}
    for table in after.tables:
        if table.name in fewer:
            continue
        names = [
            column.name
            for column in table.columns
            if (twin := old.get(table.name, {}).get(column.name))
            and twin.type == column.type
            and column.generated is None  # it follows from others
            and (table.name, column.name) not in changed
        ]
        if names:
            found[table.name] = names
    return found


def not_undone(changes: Iterable[Change]) -> Iterator[str]:
    """Yield, as sentences, what the way back from ``changes`` can't do for rows."""
    for change in changes:
        match change:
            case AlterEnum() | RebuildEnum():
                yield from _labels_not_undone(change)
            case AlterColumn(table, before, after, str(), exact=False):
                yield (
                    f"Undoing converts the values that {table}.{after.name} has at that time to "
                    f"{before.type}. It can't restore the old ones."
                )
            case AlterColumn(table, before, after) if before.not_null and not after.not_null:
                yield (
                    f"Rows without a value in {table}.{after.name} prevent the undoing: give them "
                    "one first."
                )
            case Recode() | DeleteRows():
                yield from _subclasses_not_undone(change)
            case Backfill(table, column):
                yield f"Rows that were given a value for {table}.{column} keep it, if it stays."


def _labels_not_undone(change: AlterEnum | RebuildEnum) -> Iterator[str]:
    before, after = change.before.labels, change.after
    mapping = change.mapping if isinstance(change, RebuildEnum) else ()
    uses = change.uses if isinstance(change, RebuildEnum) else ()
    given_back = {new for _, new in mapping} | {new for use in uses for _, new in use.values}
    for label in after.labels:
        if label not in before and label not in given_back:
            yield (
                f"Rows that hold {label!r} of {after.name} prevent the undoing: give them another "
                "label first."
            )
    for old, new in mapping:
        if new in before:
            yield f"Rows that held {old!r} of {after.name} keep {new!r}."
    for use in uses:
        yield from _not_told(use.table, use.column.name, use.values, use.merged)


def _subclasses_not_undone(change: Recode | DeleteRows) -> Iterator[str]:
    if isinstance(change, DeleteRows):
        yield f"Rows of {change.table} that held {change.value} in {change.column} are gone."
        return
    yield from _not_told(change.table, change.column, change.values, change.merged)


def _not_told(
    table: str, column: str, values: Iterable[tuple[str, str]], merged: Collection[str]
) -> Iterator[str]:
    for old, new in values:
        if old in merged:
            yield f"Rows of {table} that held {old} in {column} keep {new}."


def _changed(changes: Iterable[Change], after: Schema) -> Iterator[tuple[str, str]]:
    for change in changes:
        match change:
            case Backfill(table, column) | Recode(table, column):
                yield table, column
            case RebuildEnum(uses=uses, mapping=mapping):
                yield from ((u.table, u.column.name) for u in uses if mapping or u.values)
            case RenameLabel(enum):
                yield from _uses(enum, after)


def _with_fewer_rows(changes: Iterable[Change], tables: Iterable[Table]) -> set[str]:
    """Return the tables that lose rows, and those whose rows go, or change, with them."""
    found = {change.table for change in changes if isinstance(change, DeleteRows)}
    keys = [(table.name, key.target) for table in tables for key in table.foreign_keys]
    while more := {name for name, target in keys if found and target in found} - found:
        found |= more
    return found


def _tables(change: Change, schema: Schema) -> Iterator[str]:
    match change:
        case AlterEnum(before=Enum(name=enum)):
            yield from (table for table, _ in _uses(enum, schema))
        case RebuildEnum():
            yield from (use.table for use in change.uses)
        case _ if change.table_name is not None:
            yield change.table_name


def _uses(enum: str, schema: Schema) -> Iterator[tuple[str, str]]:
    name = quote_name(enum)
    for table in schema.tables:
        for column in table.columns:
            if column.type in (name, f"{name}[]"):
                yield table.name, column.name


def _judges(change: Change, choices: Choices) -> bool:
    match change:
        case AddConstraint():
            return True
        case RebuildEnum(before, after) | AlterEnum(before, after):
            return bool(set(before.labels) - set(after.labels))
        case AlterColumn():
            return retypes(change) or (change.after.not_null and not change.before.not_null)
        case CreateIndex(_, index):
            return index.unique
        case AddColumn(_, column):
            return (change.table, column.name) in choices.backfills
    return False
