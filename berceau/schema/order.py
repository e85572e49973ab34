"""The order in which changes can be carried out: nothing is used before it exists or after."""

from collections.abc import Iterable

from berceau.schema.changes import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterEnum,
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
from berceau.schema.model import ForeignKey

_STAGES: tuple[type, ...] = (
    DropIndex,
    DropConstraint,
    DropColumn,
    DropTable,
    CreateEnum,
    AlterEnum,
    CreateTable,
    AddColumn,
    AlterColumn,
    DropEnum,
    AddConstraint,
    CreateIndex,
)


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort ``changes`` so that each finds what it needs; equals keep the order they came in.

    Foreign keys go first when dropped and last when added, which frees tables to come and go
    in any order, also where they refer to each other.
    """
    return tuple(sorted(changes, key=_stage))


def _stage(change: Change) -> int:
    if isinstance(change, DropConstraint) and isinstance(change.constraint, ForeignKey):
        return -1
    if isinstance(change, AddConstraint) and isinstance(change.constraint, ForeignKey):
        return len(_STAGES)
    return _STAGES.index(type(change))
