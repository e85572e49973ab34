"""The order in which changes can be carried out: nothing is used before it exists or after.

What can't be undone comes last: by then, all that rows might have stopped is done.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
    Backfill,
    Change,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DeleteRows,
    Disown,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
    RebuildEnum,
    Recode,
    ReplaceKey,
    Restore,
    SetAside,
    ValidateConstraint,
)
from berceau.schema.conversions import enum_of, loses, retypes
from berceau.schema.model import Check, ForeignKey, Index, PrimaryKey, RawConstraint, Unique
from berceau.schema.names import words
from berceau.schema.renaming import RenameEnum, RenameIndex, RenameSequence, RenameTable
from berceau.schema.room import new_names

_RETYPE = "AlterColumn that gives another type"
_CLEAR = "DeleteRows of what a new type may have no value for"
_SWAP = "DropConstraint of what a new foreign key mustn't find"
_RELAX = "AlterColumn that needs no value any more"

_STAGES: tuple[type | str, ...] = (
    RenameTable,
    RenameEnum,
    RenameIndex,
    RenameSequence,
    "DropConstraint of a foreign key",
    DropIndex,
    DropConstraint,
    Disown,
    CreateEnum,
    AlterEnum,
    _CLEAR,
    SetAside,
    RebuildEnum,
    _RETYPE,
    Restore,
    CreateTable,
    AddColumn,
    Backfill,
    Recode,
    AlterColumn,
    AddConstraint,
    ReplaceKey,
    _RELAX,
    CreateIndex,
    _SWAP,
    "AddConstraint of a foreign key",
    ValidateConstraint,
    DeleteRows,
    DropColumn,
    DropTable,
    DropEnum,
)

_LAST = (DeleteRows, DropColumn, DropTable, DropEnum)
_ASIDE = ""
"""What stands for a table where something is set aside: it is restored in the same transaction."""
_Place = tuple[str, str]


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort ``changes`` so that each finds what it needs; equals keep the order they came in.

    Foreign keys go first when dropped and late when added, which frees tables to come and go
    in any order, also where they refer to each other. Everything else is done before what loses
    data, with all that rests on that; constraints and indexes that go, but are in nothing's way,
    stand until then.
    """
    changes = tuple(changes)
    last = _changed_last(changes)
    early = [change for change in changes if not (_drops(change) or _is_last(change, last))]
    references = _new_references(early)
    in_the_way = _obstacles(changes, early, references)

    def key(change: Change) -> tuple[bool, int]:
        stage = _STAGES.index(_stage(change))
        if not _drops(change):
            return _is_last(change, last), stage
        if any(_gives_way(change, *each) for each in references) and not in_the_way(change):
            return False, _STAGES.index(_SWAP)
        return not in_the_way(change), stage

    return tuple(sorted(changes, key=key))


def _new_references(changes: Iterable[Change]) -> list[tuple[str, ForeignKey]]:
    """Return the foreign keys that ``changes`` add, each with its table."""
    return [
        (change.table, change.constraint)
        for change in changes
        if isinstance(change, AddConstraint) and isinstance(change.constraint, ForeignKey)
    ]


def _gives_way(change: Change, table: str, key: ForeignKey) -> bool:
    """Say whether ``change`` drops what a new foreign ``key`` of ``table`` mustn't find.

    That is one of its name, or a unique that the new one would rest on instead of another.
    """
    match change:
        case DropConstraint(owner, ForeignKey(name)):
            return (owner, name) == (table, key.name)
        case DropConstraint(owner, PrimaryKey(_, columns) | Unique(_, columns)):
            return (owner, {*columns}) == (key.target, {*key.target_columns})
    return False


def _stage(change: Change) -> type | str:
    match change:
        case DropConstraint(constraint=ForeignKey()) | AddConstraint(constraint=ForeignKey()):
            return f"{type(change).__name__} of a foreign key"
        case AlterColumn() if retypes(change):
            return _RETYPE
        case DeleteRows(early=True):
            return _CLEAR
        case AlterColumn(_, before, after) if before.not_null and not after.not_null:
            return _RELAX
    return type(change)


def _drops(change: Change) -> bool:
    return isinstance(change, DropConstraint | DropIndex)


def _is_last(change: Change, tables: Set[str]) -> bool:
    """Say whether ``change`` is one of the last, with all that is done to ``tables``."""
    return isinstance(change, _LAST) or not tables.isdisjoint(_concerned(change))


def _concerned(change: Change) -> Iterator[str]:
    """Yield the tables whose rows or columns ``change`` looks at."""
    match change:
        case SetAside(columns):
            yield _ASIDE
            yield from (table for table, _ in columns)
        case Restore():
            yield _ASIDE
        case RebuildEnum(uses=uses):
            yield from (use.table for use in uses)
        case CreateTable(table):
            yield table.name
        case AddConstraint(table, ForeignKey() as key) | ValidateConstraint(
            table, ForeignKey() as key
        ):
            yield from (table, key.target)
        case (
            AddColumn(table)
            | AlterColumn(table)
            | Backfill(table)
            | Recode(table)
            | DeleteRows(table)
            | AddConstraint(table)
            | ValidateConstraint(table)
            | ReplaceKey(table)
            | CreateIndex(table)
        ):
            yield table


def _changed_last(changes: Sequence[Change]) -> set[str]:
    """Return the tables that are changed last, because that loses data, and what rests on them."""
    found = {
        table
        for change in changes
        if loses(change) and _stage(change) not in _LAST
        for table in _concerned(change)
    }
    while True:
        types = [
            change.after
            for change in changes
            if isinstance(change, RebuildEnum) and not found.isdisjoint(_concerned(change))
        ]
        more = set(found)
        for change in changes:
            match change:
                case SetAside() | RebuildEnum() if not found.isdisjoint(_concerned(change)):
                    more.update(_concerned(change))
                case Backfill(table, _, expression) if not found.isdisjoint(words(expression)):
                    more.add(table)
                case AddColumn(table, column) | AlterColumn(table, _, column):
                    more |= {table} if enum_of(column.type, types) else set()
                case CreateTable(table) if any(enum_of(c.type, types) for c in table.columns):
                    more.add(table.name)
        if more == found:
            return found
        found = more


def _obstacles(
    changes: Sequence[Change], early: Sequence[Change], references: Sequence[tuple[str, ForeignKey]]
) -> Callable[[Change], bool]:
    """Return what says whether a constraint or index that goes is in the way of ``early`` ones."""
    busy = {place for change in early for place in _places(change)}
    names = {
        name
        for change in early
        if _stage(change) != "AddConstraint of a foreign key"
        for name in new_names(change)
    }
    unkeyed = {change.table for change in early if isinstance(change, ReplaceKey)}

    def stands(change: Change) -> bool:
        match change:
            case DropConstraint(table, ForeignKey(name, columns, target, others)):
                mine = {(table, column) for column in columns}
                its = {(target, column) for column in others}
                return name in names or target in unkeyed or not busy.isdisjoint(mine | its)
            case DropConstraint(table, PrimaryKey(name, columns) | Unique(name, columns)):
                return name in names or any((table, column) in busy for column in columns)
            case DropConstraint(table, Check(name) | RawConstraint(name)) | DropIndex(
                table, Index(name)
            ):
                return name in names or any(place[0] == table for place in busy)
        return False

    # A foreign key rests on the key that it points at.
    unkeyed |= {
        change.table
        for change in changes
        if isinstance(change, DropConstraint)
        and isinstance(change.constraint, PrimaryKey | Unique)
        and (stands(change) or any(_gives_way(change, *each) for each in references))
    }
    return stands


def _places(change: Change) -> Iterator[_Place]:
    """Yield the columns whose type or values ``change`` changes."""
    match change:
        case AlterColumn(table, _, column):
            yield table, column.name
        case Backfill(table, name) | Recode(table, name):
            yield table, name
        case RebuildEnum(uses=uses):
            yield from ((use.table, use.column.name) for use in uses)
