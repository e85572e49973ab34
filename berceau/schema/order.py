"""The order in which changes can be carried out: nothing is used before it exists or after."""

from collections.abc import Iterable

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
from berceau.schema.model import ForeignKey
from berceau.schema.steps import retypes

_RETYPE = "AlterColumn that gives another type"

_STAGES: tuple[type | str, ...] = (
    DropIndex,
    DropConstraint,
    DropColumn,
    DropTable,
    CreateEnum,
    AlterEnum,
    SetAside,
    RebuildEnum,
    _RETYPE,
    Restore,
    CreateTable,
    AddColumn,
    Backfill,
    Recode,
    AlterColumn,
    DropEnum,
    AddConstraint,
    ReplaceKey,
    CreateIndex,
    ForeignKey,  # AddConstraint of one
    ValidateConstraint,
)


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort ``changes`` so that each finds what it needs; equals keep the order they came in.

    Foreign keys go first when dropped and late when added, which frees tables to come and go
    in any order, also where they refer to each other. Rows are checked at the very end, when
    nothing else waits for the locks.
    """
    return tuple(sorted(changes, key=_stage))


def _stage(change: Change) -> int:
    if isinstance(change, DropConstraint) and isinstance(change.constraint, ForeignKey):
        return -1
    if isinstance(change, AddConstraint) and isinstance(change.constraint, ForeignKey):
        return _STAGES.index(ForeignKey)
    return _STAGES.index(_RETYPE if retypes(change) else type(change))
