"""What stands in the way of changes, or in that of a new foreign key, and what needn't wait."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import TypeGuard

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    Backfill,
    Change,
    CreateIndex,
    CreateTable,
    DropConstraint,
    DropIndex,
    RebuildEnum,
    Recode,
    ReplaceKey,
)
from berceau.schema.conversions import retypes
from berceau.schema.model import Check, ForeignKey, Index, PrimaryKey, RawConstraint, Unique
from berceau.schema.names import words
from berceau.schema.room import new_names

_Place = tuple[str, str]


def giving_way(early: Iterable[Change]) -> Callable[[Change], bool]:
    """Return a function: whether a change removes what a new foreign key mustn't find.

    That is one of its name, or a key that it would rest on instead of another; ``early`` changes
    add the foreign keys.
    """
    new = [
        (each.table, each.constraint)
        for each in early
        if isinstance(each, AddConstraint) and isinstance(each.constraint, ForeignKey)
    ]
    names = {(table, key.name) for table, key in new}
    targets = {(key.target, frozenset(key.target_columns)) for _, key in new}

    def gives_way(change: Change) -> bool:
        match change:
            case DropConstraint(table, ForeignKey(name)):
                return (table, name) in names
            case DropConstraint(table, PrimaryKey(_, columns) | Unique(_, columns)) | ReplaceKey(
                table, PrimaryKey(_, columns) | Unique(_, columns)
            ):
                return (table, frozenset(columns)) in targets
        return False

    return gives_way


def is_key(change: Change) -> TypeGuard[ReplaceKey | DropConstraint]:
    """Return whether ``change`` takes away what foreign keys may rest on."""
    match change:
        case ReplaceKey() | DropConstraint(_, PrimaryKey() | Unique()):
            return True
    return False


def refers(change: Change, tables: Set[str]) -> bool:
    """Return whether ``change`` drops a foreign key that points at one of ``tables``."""
    match change:
        case DropConstraint(_, ForeignKey(target=target)):
            return target in tables
    return False


def builds(changes: Iterable[Change], early: Iterable[Change]) -> frozenset[Change]:
    """Return the ``early`` changes that build a unique index over columns as they are by now."""
    early = tuple(early)
    busy = {place for change in early for place in _places(change)}
    busy |= {(each.table, each.column.name) for each in early if isinstance(each, AddColumn)}
    new = {each.table.name for each in early if isinstance(each, CreateTable)}
    gone = {
        each.index.name if isinstance(each, DropIndex) else each.constraint.name
        for each in changes
        if isinstance(each, DropIndex | DropConstraint)
    }

    def fits(change: Change) -> bool:
        match change:
            case CreateIndex(table, Index(name, keys, unique=True) as index):
                columns = words(" ".join((*keys, index.where or "")))
            case AddConstraint(table, Unique(name, keys)):
                columns = {*keys}
            case _:
                return False
        free = table not in new and name not in gone
        return free and busy.isdisjoint((table, column) for column in columns)

    return frozenset(change for change in early if fits(change))


def obstacles(changes: Sequence[Change], early: Sequence[Change]) -> Callable[[Change], bool]:
    """Return a function: whether a dropped constraint or index is in the way of ``early`` ones."""
    busy = {place for change in early for place in _places(change)}
    names = {
        name
        for change in early
        if not (isinstance(change, AddConstraint) and isinstance(change.constraint, ForeignKey))
        for name in new_names(change)
    }
    altered = {
        (change.table, change.after.name) for change in early if isinstance(change, AlterColumn)
    }
    unkeyed: set[str] = set()

    def stands(change: Change) -> bool:
        match change:
            case DropConstraint(table, ForeignKey(name, columns, target, others)):
                mine = {(table, column) for column in columns}
                its = {(target, column) for column in others}
                return name in names or target in unkeyed or not busy.isdisjoint(mine | its)
            case DropConstraint(table, PrimaryKey(name, columns) | Unique(name, columns)):
                mine = {(table, column) for column in columns}
                return name in names or not mine.isdisjoint(busy | altered)
            case DropConstraint(table, Check(name) | RawConstraint(name)) | DropIndex(
                table, Index(name)
            ):
                return name in names or any(place[0] == table for place in busy | altered)
        return False

    # A foreign key rests on the key that it points at.
    unkeyed |= {change.table for change in changes if is_key(change) and stands(change)}
    return stands


def _places(change: Change) -> Iterator[_Place]:
    """Yield the columns whose type or values ``change`` changes."""
    match change:
        case AlterColumn(table, _, column) if retypes(change):
            yield table, column.name
        case Backfill(table, name) | Recode(table, name):
            yield table, name
        case RebuildEnum(uses=uses):
            yield from ((use.table, use.column.name) for use in uses)
