"""Uses: what stands in the way of a change because it uses what is dropped or retyped."""

from collections.abc import Iterator, Sequence, Set

from berceau.postgres.inspect.dependents import User
from berceau.schema.changes import (
    AlterColumn,
    AlterEnum,
    Change,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropTable,
)
from berceau.schema.choices import Place
from berceau.schema.conversions import named_labels, retypes
from berceau.schema.lowering import goes_or_moves
from berceau.schema.model import Column, Enum, Schema
from berceau.schema.names import quote_name, words
from berceau.schema.renaming import EndName


def in_use(users: Set[User], current: Schema, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what is dropped or retyped, although something uses it that isn't changed.

    PostgreSQL would refuse that, or drop what uses it silently. ``users`` use the tables of
    ``current``, which ``changes`` are about to change.
    """
    ending = {f"view {quote_name(each.old.name)}" for each in changes if isinstance(each, EndName)}
    for change in changes:
        match change:
            case DropColumn(table, column):
                place = (table, column.name)
                names = {
                    each.name for each in users if each.place == place and not each.is_expression
                } - ending
                yield from _refused(f"the column {table}.{column.name}", "is dropped", names)
            case DropTable(table):
                names = {each.name for each in users if each.table == table.name and not each.part}
                names |= set(_references(table.name, current, changes))
                yield from _refused(f"the table {table.name}", "is dropped", names)
            case DropEnum(enum):
                yield from _refused(f"the enum {enum.name}", "is dropped", _of_type(users, enum))
            case AlterColumn(table, _, column) if retypes(change):
                names = _bound(users, {(table, column.name)})
                what = f"the column {table}.{column.name}"
                yield from _refused(what, "gets another type", names)
            case AlterEnum(before, after) if goes_or_moves(change):
                yield from _named(users, change, current, changes)
                places = _columns(before, current)
                names = _bound(users, places) | set(_computed(places, current))
                names |= _of_type(users, before)
                yield from _refused(f"the enum {after.name}", "has to be rebuilt", names)


def _refused(what: str, deed: str, names: Set[str]) -> Iterator[str]:
    if names:
        them = "it" if len(names) == 1 else "them"
        again = "" if deed == "is dropped" else f", and create {them} again in a later one"
        yield (
            f"{what}, which {deed}, is used by {', '.join(sorted(names))}: drop {them}, or change "
            f"{them} so that this isn't needed, in an earlier migration{again}"
        )


def _bound(users: Set[User], places: Set[Place]) -> set[str]:
    """Return the ``users`` that keep the columns of ``places`` from getting another type."""
    tables = {table for table, _ in places}
    return {
        each.name
        for each in users
        if (each.place in places and not each.bears_types)
        or (each.table in tables and each.kind == "column of its rows")
    }


def _of_type(users: Set[User], enum: Enum) -> set[str]:
    """Return the ``users`` of ``enum`` itself, besides those of its columns."""
    return {each.name for each in users if each.kind == "type" and each.table == enum.name}


def _computed(places: Set[Place], current: Schema) -> Iterator[str]:
    """Yield the generated columns that are computed from the columns of ``places``."""
    for table in current.tables:
        sources = {column for table_name, column in places if table_name == table.name}
        for column in table.columns:
            if column.generated and not sources.isdisjoint(words(column.generated)):
                yield f"the generated column {column.name} of table {table.name}"


def _columns(enum: Enum, current: Schema) -> set[Place]:
    """Return the columns that hold labels of ``enum``."""
    types = {quote_name(enum.name), f"{quote_name(enum.name)}[]"}
    return {
        (table.name, column.name)
        for table in current.tables
        for column in table.columns
        if column.type in types
    }


def _named(
    users: Set[User], change: AlterEnum, current: Schema, changes: Sequence[Change]
) -> Iterator[str]:
    """Yield the labels that go, although what is made again for the new type names them."""
    enum, dropped = change.before, _dropped(changes)
    going = {each.name for each in users if each.is_expression and each.table in dropped}
    gone = [label for label in enum.labels if label not in change.after.labels]
    found = {
        (each.column, each.name)
        for each in users
        if each.kind == "label" and each.table == enum.name and each.name not in going
    }
    found |= {
        (label, f"the default of {table}.{column.name}")
        for table, column in _staying(current, changes)
        for label in named_labels(column.default or "", enum.name, gone)
    }
    for label in gone:
        names = sorted(name for each, name in found if each == label)
        if names:
            them = "it" if len(names) == 1 else "them"
            yield (
                f"the enum {change.after.name} loses {label!r}, which {', '.join(names)} "
                f"name{'s' if len(names) == 1 else ''}: change {them} in an earlier migration, "
                f"or drop {them} there and create {them} again in a later one"
            )


def _staying(current: Schema, changes: Sequence[Change]) -> Iterator[tuple[str, Column]]:
    """Yield the columns whose defaults stay as they are."""
    places = {(each.table, each.column.name) for each in changes if isinstance(each, DropColumn)}
    places |= {
        (each.table, each.before.name)
        for each in changes
        if isinstance(each, AlterColumn) and each.before.default != each.after.default
    }
    dropped = _dropped(changes)
    for table in current.tables:
        for column in table.columns:
            if table.name not in dropped and (table.name, column.name) not in places:
                yield table.name, column


def _dropped(changes: Sequence[Change]) -> set[str]:
    return {each.table.name for each in changes if isinstance(each, DropTable)}


def _references(target: str, current: Schema, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the foreign keys of tables that stay, and that stay themselves."""
    gone = _dropped(changes)
    dropped = {
        (change.table, change.constraint.name)
        for change in changes
        if isinstance(change, DropConstraint)
    }
    for table in current.tables:
        for key in table.foreign_keys if table.name not in gone else ():
            if key.target == target and (table.name, key.name) not in dropped:
                yield f"the foreign key {key.name} of table {table.name}"
