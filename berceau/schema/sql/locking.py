"""How many locks a change holds until its transaction ends: a server has room for so many."""

from functools import singledispatch

from berceau.schema.changes import (
    AlterColumn,
    Change,
    CreateTable,
    DropTable,
    RebuildEnum,
    Restore,
    SetAside,
)
from berceau.schema.conversions import retypes
from berceau.schema.renaming import KeepName

LIMIT = 2000
"""Locks a transaction. PostgreSQL has room for about 6,400 by default, for all sessions together.

Source: ``max_locks_per_transaction`` (64) times ``max_connections`` (100), manual 19.12.
"""

_USUAL = 3
_TABLE = 5  # itself, its row type, and its TOAST table with an index


@singledispatch
def locks(change: Change) -> int:  # noqa: ARG001 - the others ask what they hold
    """Return about how many locks ``change`` takes; 0 where what follows needs its transaction."""
    return _USUAL


@locks.register
def _(change: CreateTable | DropTable) -> int:
    table = change.table
    return _TABLE + sum(1 for _ in table.constraints) + len(table.indexes)


@locks.register
def _(_: SetAside | RebuildEnum | Restore | KeepName) -> int:
    return 0


@locks.register
def _(change: AlterColumn) -> int:
    return 0 if retypes(change) else _USUAL
