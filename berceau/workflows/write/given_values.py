"""Given values: what a migration would give to rows, held against what it requires of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import MigrationError, StatementError
from berceau.schema.changes import AddColumn, AlterColumn, Change, CreateTable
from berceau.schema.choices import Choices
from berceau.schema.lowering import lacks_values
from berceau.schema.names import words
from berceau.workflows.shared.wording import counted
from berceau.workflows.write.preflight import misfits
from berceau.workflows.write.target import Rows
from berceau.workflows.write.validation import blames_rows

_INTEGRITY, _SYNTAX = "23", "42"
"""Classes of SQLSTATE: a constraint is violated; SQL can't be read, or names what isn't there."""

_CURE = (
    "Nothing was written. Say otherwise what the rows get, with --backfill TABLE.COLUMN=SQL or "
    "--using TABLE.COLUMN=SQL, or correct the rows first."
)


@contextmanager
def explaining(rows: Rows, changes: Sequence[Change], choices: Choices) -> Iterator[None]:
    """Add to a failure because of ``rows`` in the body which of them don't fit ``changes``.

    They are those that the statements before it left. Raises ``MigrationError``.
    """
    try:
        yield
    except StatementError as error:
        cure = _CURE + _empty(changes, choices)
        found = []
        if _is_of(_INTEGRITY, error):
            found = [*_lacking(rows, changes, choices), *misfits(rows, changes)]
        elif not (blames_rows(error) or (_is_of(_SYNTAX, error) and _given(choices))):
            raise
        if found:
            raise MigrationError("; ".join(found) + ".", cure=cure) from error
        raise error.with_cure(cure) from error


def _is_of(code: str, error: StatementError) -> bool:
    return error.sqlstate is not None and error.sqlstate.startswith(code)


def _given(choices: Choices) -> tuple[str, ...]:
    """Return the SQL that the developer chose."""
    return (*choices.backfills.values(), *choices.usings.values())


def _lacking(rows: Rows, changes: Sequence[Change], choices: Choices) -> Iterator[str]:
    """Yield the columns that are required, and that rows still have no value for."""
    for change in changes:
        match change:
            case AddColumn(table, column) | AlterColumn(table, _, column) if lacks_values(change):
                count = rows.count_nulls(table, column.name)
                if count:
                    chosen = (table, column.name) in choices.backfills
                    giver = "--backfill" if chosen else "its default"
                    yield (
                        f"The column {table}.{column.name} is required, but {giver} leaves "
                        f"{counted(count, 'row')} of {table} without a value"
                    )


def _empty(changes: Sequence[Change], choices: Choices) -> str:
    """Return the cure for new tables that values are taken from: they have no rows."""
    new = {change.table.name for change in changes if isinstance(change, CreateTable)}
    used = sorted(new & {word for expression in _given(choices) for word in words(expression)})
    if not used:
        return ""
    return (
        f" This migration makes {', '.join(used)}, without rows: to take values from there, leave "
        "the column optional at first, fill the table in a migration of your own, and require "
        "the column after that."
    )
