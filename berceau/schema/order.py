"""The order in which changes can be carried out: nothing is used before it exists or after.

What can't be undone comes last: by then, all that rows might have stopped is done.
"""

from collections.abc import Iterable, Iterator, Sequence

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
    Distribute,
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
from berceau.schema.distributing import moving, unbound
from berceau.schema.model import ForeignKey, PrimaryKey
from berceau.schema.names import words
from berceau.schema.obstacles import builds, giving_way, is_key, obstacles, refers
from berceau.schema.renaming import (
    EndName,
    EndTransfer,
    KeepName,
    RenameEnum,
    RenameIndex,
    RenameSequence,
    RenameTable,
    StartTransfer,
)
from berceau.schema.sync import AlterSyncTrigger

_RETYPE = "AlterColumn that gives another type"
_CLEAR = "DeleteRows of what a new type may have no value for"
_BUILD = "CreateIndex or AddConstraint that is unique, over columns that stay as they are"
_RELAX = "AlterColumn that needs no value any more"
_LET_GO = "DropConstraint of a foreign key on what a new one mustn't find"
_SWAP = "DropConstraint or ReplaceKey of what a new foreign key mustn't find"
_UNREFER = "DropConstraint of a foreign key on a key that is replaced"
_PART = "AlterSyncTrigger that ends what keeps columns in step"
_UNKEY = "AlterColumn that needs no value once its key is replaced"
_LEAVE = "Distribute that brings rows to one server"
_MOVE = "Distribute, where tables that are there already get other places"
_JOIN = "AddConstraint of a foreign key of a table that has moved"
_CHECK = "ValidateConstraint of such a foreign key"

_STAGES: tuple[type | str, ...] = (
    RenameTable,
    RenameEnum,
    RenameIndex,
    RenameSequence,
    _BUILD,
    "DropConstraint of a foreign key",
    _LEAVE,
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
    Distribute,
    AddColumn,
    AlterSyncTrigger,
    KeepName,
    Backfill,
    Recode,
    AlterColumn,
    AddConstraint,
    CreateIndex,
    _LET_GO,
    _SWAP,
    _RELAX,
    "AddConstraint of a foreign key",
    ValidateConstraint,
    StartTransfer,
    _UNREFER,
    ReplaceKey,
    _UNKEY,
    EndName,
    EndTransfer,
    _PART,
    _MOVE,
    _JOIN,
    _CHECK,
    DeleteRows,
    DropColumn,
    DropTable,
    DropEnum,
)

_LAST = (DeleteRows, DropColumn, DropTable, DropEnum)
_LATE = (DropConstraint, DropIndex, EndName, EndTransfer, *_LAST)
_ASIDE = ""
"""What stands for a table where something is set aside: it is restored in the same transaction."""


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort ``changes`` so that each finds what it needs; equals keep the order they came in.

    Foreign keys that are in the way go early and come late, which frees tables to come and go in
    any order, also where they refer to each other; what rows may stop comes before them where it
    can, so that a deploy that stops leaves references as safe as they were. Everything else is
    done before what loses data, with all that rests on that; constraints and indexes that go, but
    are in nothing's way, stand until then.
    """
    changes = tuple(changes)
    place = _Places(changes).place

    def key(change: Change) -> tuple[bool, int]:
        is_late, stage = place(change)
        return is_late, _STAGES.index(stage)

    return tuple(sorted(changes, key=key))


class _Places:
    """Where each of ``changes`` goes: whether that is late, and in which of the stages."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._last = _changed_last(changes)
        self._written = {
            (each.table, each.column) for each in changes if isinstance(each, Backfill | Recode)
        }
        self._moving = moving(changes)
        self._unheld = self._moving | unbound(changes)
        early = [change for change in changes if not self._is_late(change)]
        self._way_of_early = giving_way(early)
        self._way_of_late = giving_way(set(changes) - set(early))
        self._in_the_way = obstacles(changes, early)
        any_in_the_way = any(map(self._in_the_way, changes))
        self._first = builds(changes, early) if any_in_the_way else frozenset()
        replaced = [
            change
            for change in changes
            if isinstance(change, ReplaceKey) and isinstance(change.before, PrimaryKey)
        ]
        self._keyed = {(each.table, name) for each in replaced for name in each.before.columns}
        self._unkeyed = {each.table for each in replaced if each in early}
        self._swapped = {
            each.table
            for each in changes
            if is_key(each) and self._way_of_early(each) and not self._in_the_way(each)
        }

    def place(self, change: Change) -> tuple[bool, type | str]:
        stage = self._stage(change)
        if place := self._of_moving(change):
            return place
        if change in self._first:
            return False, _BUILD
        if self._in_the_way(change):
            return False, stage
        if refers(change, self._swapped):
            return False, _LET_GO
        if self._way_of_early(change):
            return False, _SWAP
        if refers(change, self._unkeyed):
            return False, _UNREFER
        if is_key(change) and self._way_of_late(change):
            return True, _SWAP
        if stage == _RELAX and isinstance(change, AlterColumn):
            stage = _UNKEY if (change.table, change.after.name) in self._keyed else stage
        return self._is_late(change), stage

    def _of_moving(self, change: Change) -> tuple[bool, type | str] | None:
        """Return where it goes if it is about a table whose rows move: keys change before that.

        Only their foreign keys come after it, since Citus checks none to rows that are elsewhere.
        """
        match change:
            case Distribute(after=None):
                return False, _LEAVE
            case Distribute(table) if table in self._moving:
                return True, _MOVE
            case DropConstraint(table, ForeignKey(target=target)) if self._unheld & {table, target}:
                return False, _stage(change)
            case AddConstraint(table, ForeignKey(target=target)) if self._moving & {table, target}:
                return True, _JOIN
            case ValidateConstraint(table, ForeignKey(target=target)) if self._moving & {
                table,
                target,
            }:
                return True, _CHECK
        return None

    def _stage(self, change: Change) -> type | str:
        """Return its stage; a trigger lets go of values before ``changes`` write them."""
        if isinstance(change, AlterSyncTrigger):
            columns = {(change.table, each.column) for each in change.ended_maps}
            return _stage(change) if self._written.isdisjoint(columns) else AlterSyncTrigger
        return _stage(change)

    def _is_late(self, change: Change) -> bool:
        """Return whether ``change`` can wait, or is one of the last, with all that rests on it."""
        late = isinstance(change, _LATE) or self._stage(change) == _PART
        return late or not self._last.isdisjoint(_concerned(change))


def _stage(change: Change) -> type | str:
    match change:
        case DropConstraint(constraint=ForeignKey()) | AddConstraint(constraint=ForeignKey()):
            return f"{type(change).__name__} of a foreign key"
        case AlterColumn() if retypes(change):
            return _RETYPE
        case DeleteRows(early=True):
            return _CLEAR
        case AlterSyncTrigger() if change.ends_rules:
            return _PART
        case AlterColumn(_, before, after) if before.not_null and not after.not_null:
            return _RELAX
    return type(change)


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
            | AlterSyncTrigger(table)
            | KeepName(table)
            | StartTransfer(table)
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
