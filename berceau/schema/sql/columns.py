"""Changes of columns as SQL."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from berceau.errors import MigrationError
from berceau.schema.casts import cast, nothing
from berceau.schema.changes import AddColumn, AlterColumn, DropColumn
from berceau.schema.conversions import loses
from berceau.schema.model import Column
from berceau.schema.names import object_name, quote_name, sequence_name
from berceau.schema.numbering import numbers_of, options, serial
from berceau.schema.sql.render import render
from berceau.schema.sql.sequences import (
    aside,
    create_sequence,
    go_on_after,
    go_on_as,
    identity,
    own_sequence,
    rename_sequence,
    retype_sequence,
)
from berceau.schema.statement import Hazard, Lock, Statement, Transaction

_LITERAL = re.compile(r"'(?:[^']|'')*'|\([\d,]+\)")
_LONG = re.compile(r"(text|bytea|jsonb?|xml|character( varying)?(\(\d+\))?)|.*\[\]")
_CALL = re.compile(r"([a-z_][\w.]*)\(", re.IGNORECASE)
_STEADY = {"now", "transaction_timestamp", "statement_timestamp", "timezone", "current_setting"}
"""Functions that give one value to all rows of a statement (the common ones)."""


@render.register
def _(change: AddColumn) -> Iterator[Statement]:
    column = change.column
    hazards = set()
    if column.not_null and not (column.default or column.identity or column.generated):
        hazards.add(Hazard.NEEDS_ROWS_TO_FIT)
    if column.identity or column.generated or _varies(column.default or ""):
        hazards.add(Hazard.REWRITES_TABLE)
    yield from create_sequence(column)
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"ADD COLUMN {column_definition(change.table, column)}",
        frozenset(hazards),
        Lock.ACCESS_EXCLUSIVE,
    )
    yield from own_sequence(change.table, column)
    if serial(column.default):
        yield go_on_after(change.table, column)
    yield from _storage(change.table, column, column)


@render.register
def _(change: DropColumn) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} DROP COLUMN {quote_name(change.column.name)}",
        frozenset({Hazard.DATA_LOSS} if loses(change) else ()),
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: AlterColumn) -> Iterator[Statement]:
    yield from alter_columns([change])


def alter_columns(changes: Sequence[AlterColumn]) -> Iterator[Statement]:
    """Yield what alters columns of one table, which is written once for all their new types."""
    for change in changes:
        yield from _let_go(change)
    retyped = [change for change in changes if is_retyped(change)]
    if retyped:
        yield _retype(retyped)
    for change in retyped:
        yield from _storage(change.table, change.before, change.after)
    for change in changes:
        yield from _default(change)
        yield from _nullability(change)
        if change.after.identity and not change.before.identity:
            yield _alter(change, f"ADD {identity(change.table, _numbered(change))}")
            yield from _numbers(change)


def _storage(table: str, before: Column, after: Column) -> Iterator[Statement]:
    """Yield what keeps long values as ``before``; a new type has forgotten that.

    A type of a fixed length has no such values.
    """
    if _LONG.fullmatch(after.type):
        for each in before.storage:
            yield Statement(
                f"ALTER TABLE {quote_name(table)} ALTER COLUMN {quote_name(after.name)} SET {each}",
                lock=Lock.ACCESS_EXCLUSIVE,
            )


def _alter(change: AlterColumn, action: str) -> Statement:
    return Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"ALTER COLUMN {quote_name(change.after.name)} {action}",
        lock=Lock.ACCESS_EXCLUSIVE,
    )


def is_retyped(change: AlterColumn) -> bool:
    """Return whether a column gets another type or collation."""
    before, after = change.before, change.after
    return (before.type, before.collation) != (after.type, after.collation)


def _let_go(change: AlterColumn) -> Iterator[Statement]:
    """Yield what ends the server's own ways to fill the column, where they end or hinder."""
    before, after = change.before, change.after
    if before.generated != after.generated:
        if after.generated is not None:
            raise _cannot_be_generated(change)
        yield _alter(change, "DROP EXPRESSION")
    if before.identity and not after.identity:
        yield from _end_identity(change)
    if before.default is not None and (is_retyped(change) or after.default is None):
        yield _alter(change, "DROP DEFAULT")
    if after.identity and (sequence := numbers_of(before)):
        yield rename_sequence(sequence, aside(sequence))
    if is_retyped(change) and (sequence := serial(before.default)) == serial(after.default):
        yield from retype_sequence(sequence, before, after)
    if is_retyped(change) and _relaxes(change):  # the new value may be none
        yield _alter(change, "DROP NOT NULL")


def _end_identity(change: AlterColumn) -> Iterator[Statement]:
    """Yield what ends an identity; a sequence in its place goes on where that one stood."""
    sequence = change.before.sequence or sequence_name(change.table, change.before.name)
    successor = numbers_of(change.after)
    if successor is None:
        yield _alter(change, "DROP IDENTITY")
        return
    # First the table: who writes to it takes the locks in this order, too.
    yield Statement(f"LOCK TABLE {quote_name(change.table)}", lock=Lock.ACCESS_EXCLUSIVE)
    yield rename_sequence(sequence, aside(sequence))
    yield from create_sequence(change.after)
    yield go_on_as(successor, aside(sequence))
    yield _alter(change, "DROP IDENTITY")
    yield from own_sequence(change.table, change.after)


def _numbered(change: AlterColumn) -> Column:
    """Return the column with the options of the sequence that it had."""
    return replace(change.after, numbering=change.before.numbering)


def _numbers(change: AlterColumn) -> Iterator[Statement]:
    """Yield what lets a new identity go on after the old sequence, or after the rows."""
    before, after = change.before, change.after
    old = numbers_of(before)
    if old is None:
        yield go_on_after(change.table, after)
        return
    new = after.sequence or sequence_name(change.table, after.name)
    # Numbers may have been given by hand. Where they go their own way, no row shows what is next.
    rows = None if options(before, typed=False) else (change.table, after.name)
    yield go_on_as(new, aside(old), rows)
    yield Statement(f"DROP SEQUENCE {quote_name(aside(old))}")


def _default(change: AlterColumn) -> Iterator[Statement]:
    before, after = change.before, change.after
    if after.default is None or (before.default == after.default and not is_retyped(change)):
        return
    sequence = serial(after.default)
    new = sequence is not None and not before.identity and sequence != numbers_of(before)
    if new:
        yield from create_sequence(after)
    yield _alter(change, f"SET DEFAULT {after.default}")
    if new:
        yield from own_sequence(change.table, after)
        yield go_on_after(change.table, after)


def _nullability(change: AlterColumn) -> Iterator[Statement]:
    before, after = change.before, change.after
    if _relaxes(change) and not is_retyped(change):
        yield _alter(change, "DROP NOT NULL")
    if after.not_null and not before.not_null:
        yield from _require(change)


def _relaxes(change: AlterColumn) -> bool:
    return change.before.not_null and not change.after.not_null


def _retype(changes: Sequence[AlterColumn]) -> Statement:
    hazards = {hazard for change in changes for hazard in _hazards(change)}
    separator = "\n    " if len(changes) > 1 else " "
    return Statement(
        f"ALTER TABLE {quote_name(changes[0].table)}{separator}"
        + f",{separator}".join(map(_conversion, changes)),
        frozenset(hazards),
        Lock.ACCESS_EXCLUSIVE,
    )


def _conversion(change: AlterColumn) -> str:
    before, after = change.before, change.after
    name = quote_name(after.name)
    collation = f" COLLATE {after.collation}" if after.collation else ""
    plain = cast(name, before.type, after.type)
    using = change.using or (plain.using if plain else nothing(name, after.type))
    given = "" if before.type == after.type else f" USING {using}"
    return f"ALTER COLUMN {name} TYPE {after.type}{collation}{given}"


def _hazards(change: AlterColumn) -> Iterator[Hazard]:
    plain = cast("", change.before.type, change.after.type)
    if plain is None or plain.rewrites or change.using:
        yield Hazard.REWRITES_TABLE
    if plain is None or plain.may_fail or change.using:
        yield Hazard.NEEDS_ROWS_TO_FIT
    if loses(change):
        yield Hazard.DATA_LOSS


def _require(change: AlterColumn) -> Iterator[Statement]:
    """Yield what makes a column required: rows are checked while they can be read and written."""
    name = quote_name(change.after.name)
    check = quote_name(object_name(change.table, (change.after.name,), "required"))
    prefix = f"ALTER TABLE {quote_name(change.table)}"
    yield Statement(
        f"{prefix} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID",
        lock=Lock.ACCESS_EXCLUSIVE,
    )
    yield Statement(
        f"{prefix} VALIDATE CONSTRAINT {check}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}),
        Lock.SHARE_UPDATE_EXCLUSIVE,
        Transaction.OWN,
    )
    yield _alter(change, "SET NOT NULL")
    yield Statement(f"{prefix} DROP CONSTRAINT {check}", lock=Lock.ACCESS_EXCLUSIVE)


def column_definition(table: str, column: Column) -> str:
    """Return ``column`` of ``table`` as it stands in CREATE TABLE and ADD COLUMN."""
    parts = [quote_name(column.name), column.type]
    if column.collation is not None:
        parts.append(f"COLLATE {column.collation}")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if column.generated is not None:
        parts.append(f"GENERATED ALWAYS AS {column.generated}")
    if column.identity:
        parts.append(identity(table, column))
    if column.not_null:
        parts.append("NOT NULL")
    return " ".join(parts)


def _varies(default: str) -> bool:
    """Return whether a default may differ from row to row, so that each row has to be written."""
    return not _STEADY.issuperset(_CALL.findall(_LITERAL.sub("", default)))


def _cannot_be_generated(change: AlterColumn) -> MigrationError:
    return MigrationError(
        f"The column {change.table}.{change.after.name} can't become a generated column.",
        cure="Drop it and add it again, in a migration of your own.",
    )
