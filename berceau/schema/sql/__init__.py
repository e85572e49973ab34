"""Changes as SQL: each becomes statements that carry their hazards and the lock they take."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from berceau.schema.changes import (
    AddConstraint,
    AlterColumn,
    Change,
    CreateIndex,
    CreateTable,
    Distribute,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropTable,
)
from berceau.schema.conversions import loses
from berceau.schema.model import ForeignKey
from berceau.schema.sql import (  # noqa: F401 - each registers the changes that it renders
    backfills,
    columns,
    constraints,
    dependents,
    distribution,
    enums,
    indexes,
    old_names,
    renames,
    sync_triggers,
    tables,
    transfers,
)
from berceau.schema.sql.locking import locks
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement, Transaction

_DROPS = (DropColumn, DropTable, DropEnum, DropIndex, DropConstraint)
"""What no row can stop."""

__all__ = ["Hazard", "Lock", "Statement", "Transaction", "rendered", "to_statements"]


def to_statements(changes: Iterable[Change]) -> tuple[Statement, ...]:
    """Return the statements that carry out ``changes``, in the order given.

    What is done to a table that is created on the way carries no hazard, as it locks no others out.
    Raises ``MigrationError`` for a change that can't be carried out automatically.
    """
    return tuple(statement for _, statement in rendered(changes))


def rendered(changes: Iterable[Change]) -> Iterator[tuple[Change, Statement]]:
    """Yield what ``to_statements`` returns, each statement with the change that it is for.

    From the first that loses data to the last that rows might stop, all is one transaction: either
    all of that happens, or nothing is lost. A single one that can run in batches does so: a deploy
    that stops in its middle goes on there.
    """
    found = [*_each(tuple(changes))]
    first = next((n for n, (change, _) in enumerate(found) if loses(change)), len(found))
    stoppable = (n for n, (change, _) in enumerate(found) if not isinstance(change, _DROPS))
    last = max(stoppable, default=-1)
    for number, (change, statement) in enumerate(found):
        alone = first == last and statement.transaction is Transaction.BATCHES
        together = first <= number <= last and not alone
        yield change, statement.together() if together else statement


def _each(changes: Sequence[Change]) -> Iterator[tuple[Change, Statement]]:
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    for _, group in groupby(changes, key=_written_at_once):
        (change, *more) = group
        if isinstance(change, CreateIndex) and change.table in new:
            yield change, _counted(change, indexes.create_index(change, concurrently=False))
            continue
        alters = [each for each in (change, *more) if isinstance(each, AlterColumn)]
        for statement in columns.alter_columns(alters) if more else render(change):
            harmless = change.table_name in new
            seen = _harmless(change, statement, new) if harmless else statement
            yield change, _counted(change, seen)


def _counted(change: Change, statement: Statement) -> Statement:
    return replace(statement, locks=locks(change))


def _written_at_once(change: Change) -> object:
    """Return what changes that are carried out together have in common."""
    if isinstance(change, AlterColumn) and columns.is_retyped(change):
        return change.table
    return object()


def _harmless(change: Change, statement: Statement, new: set[str]) -> Statement:
    """Return ``statement`` on a table without rows; only a key's target may feel it."""
    match change:
        case AddConstraint(_, ForeignKey(target=target)) if target not in new:
            return replace(statement, hazards=frozenset())
        case Distribute(before=None):
            return replace(
                statement, hazards=frozenset(), lock=Lock.NONE, transaction=Transaction.SHARED
            )
        case _:
            return replace(statement, hazards=frozenset(), lock=Lock.NONE)
