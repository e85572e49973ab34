"""Changes as SQL: each becomes statements that carry their hazards and the lock they take."""

from collections.abc import Iterable

from berceau.schema.changes import Change, CreateTable
from berceau.schema.sql import (  # noqa: F401 - each registers the changes that it renders
    backfills,
    dependents,
    enums,
    renames,
    tables,
)
from berceau.schema.sql.statement import Hazard, Lock, Statement, render

__all__ = ["Hazard", "Lock", "Statement", "to_statements"]


def to_statements(changes: Iterable[Change]) -> tuple[Statement, ...]:
    """Return the statements that carry out ``changes``, in the order given.

    What is done to a table that is created on the way carries no hazard and locks nobody out.
    Raises ``MigrationError`` for a change that can't be carried out automatically.
    """
    changes = tuple(changes)
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    return tuple(
        Statement(statement.text) if getattr(change, "table", None) in new else statement
        for change in changes
        for statement in render(change)
    )
