"""Changes as SQL: each becomes statements that carry their hazards and the lock they take."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from berceau.schema.changes import AddConstraint, Change, CreateIndex, CreateTable
from berceau.schema.model import ForeignKey, Table
from berceau.schema.sql import (  # noqa: F401 - each registers the changes that it renders
    backfills,
    columns,
    constraints,
    dependents,
    enums,
    indexes,
    renames,
    tables,
)
from berceau.schema.sql.locking import locks
from berceau.schema.sql.statement import Hazard, Lock, Statement, Transaction, render

__all__ = ["Hazard", "Lock", "Statement", "Transaction", "rendered", "to_statements"]


def to_statements(changes: Iterable[Change]) -> tuple[Statement, ...]:
    """Return the statements that carry out ``changes``, in the order given.

    What is done to a table that is created on the way carries no hazard and locks nobody out.
    Raises ``MigrationError`` for a change that can't be carried out automatically.
    """
    return tuple(statement for _, statement in rendered(changes))


def rendered(changes: Iterable[Change]) -> Iterator[tuple[Change, Statement]]:
    """Yield what ``to_statements`` returns, each statement with the change that it is for."""
    changes = tuple(changes)
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    for change in changes:
        if isinstance(change, CreateIndex) and change.table in new:
            yield change, _counted(change, indexes.create_index(change, concurrently=False))
            continue
        for statement in render(change):
            harmless = _table(change) in new
            seen = _harmless(change, statement, new) if harmless else statement
            yield change, _counted(change, seen)


def _counted(change: Change, statement: Statement) -> Statement:
    return replace(statement, locks=locks(change))


def _table(change: Change) -> str | None:
    table = getattr(change, "table", None)
    return table.name if isinstance(table, Table) else table


def _harmless(change: Change, statement: Statement, new: set[str]) -> Statement:
    """Return ``statement`` on a table without rows; only a key's target may feel it."""
    match change:
        case AddConstraint(_, ForeignKey(target=target)) if target not in new:
            return replace(statement, hazards=frozenset())
        case _:
            return replace(statement, hazards=frozenset(), lock=Lock.NONE)
