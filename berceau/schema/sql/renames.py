"""Renames as SQL."""

from collections.abc import Iterator

from berceau.schema.names import quote_literal, quote_name
from berceau.schema.renaming import (
    RenameColumn,
    RenameConstraint,
    RenameEnum,
    RenameIndex,
    RenameLabel,
    RenameSequence,
    RenameTable,
)
from berceau.schema.sql.render import render
from berceau.schema.statement import Hazard, Lock, Statement

_BREAKS = frozenset({Hazard.BREAKS_OLD_CODE})


@render.register
def _(change: RenameTable) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.before)} RENAME TO {quote_name(change.after)}",
        frozenset() if change.both else _BREAKS,
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: RenameColumn) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"RENAME COLUMN {quote_name(change.before)} TO {quote_name(change.after)}",
        frozenset() if change.both else _BREAKS,
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: RenameEnum) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TYPE {quote_name(change.before)} RENAME TO {quote_name(change.after)}", _BREAKS
    )


@render.register
def _(change: RenameLabel) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TYPE {quote_name(change.enum)} "
        f"RENAME VALUE {quote_literal(change.before)} TO {quote_literal(change.after)}",
        _BREAKS,
    )


@render.register
def _(change: RenameConstraint) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"RENAME CONSTRAINT {quote_name(change.before)} TO {quote_name(change.after)}",
        lock=Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: RenameIndex) -> Iterator[Statement]:
    yield Statement(f"ALTER INDEX {quote_name(change.before)} RENAME TO {quote_name(change.after)}")


@render.register
def _(change: RenameSequence) -> Iterator[Statement]:
    yield Statement(
        f"ALTER SEQUENCE {quote_name(change.before)} RENAME TO {quote_name(change.after)}"
    )
