"""Uses: what stands in the way of a change because it uses what is dropped or retyped."""

from collections.abc import Iterator, Sequence, Set

from berceau.postgres.inspect.dependents import User
from berceau.schema.changes import (
    AlterColumn,
    AlterEnum,
    Change,
    DropColumn,
    DropConstraint,
    DropTable,
)
from berceau.schema.choices import Place
from berceau.schema.conversions import retypes
from berceau.schema.lowering import goes_or_moves
from berceau.schema.model import Enum, Schema
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
            case AlterColumn(table, _, column) if retypes(change):
                names = _bound(users, {(table, column.name)})
                what = f"the column {table}.{column.name}"
                yield from _refused(what, "gets another type", names)
            case AlterEnum(before, after) if goes_or_moves(change):
                places = _columns(before, current)
                names = _bound(users, places) | set(_computed(places, current))
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


def _references(target: str, current: Schema, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the foreign keys of tables that stay, and that stay themselves."""
    gone = {change.table.name for change in changes if isinstance(change, DropTable)}
    dropped = {
        (change.table, change.constraint.name)
        for change in changes
        if isinstance(change, DropConstraint)
    }
    for table in current.tables:
        for key in table.foreign_keys if table.name not in gone else ():
            if key.target == target and (table.name, key.name) not in dropped:
                yield f"the foreign key {key.name} of table {table.name}"
