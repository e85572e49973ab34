"""Changes as SQL: each becomes statements that carry their hazards and the lock they take."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatch

from berceau.errors import MigrationError
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
from berceau.schema.model import Check, Column, Constraint, Enum, ForeignKey, PrimaryKey, Unique
from berceau.schema.names import quote_literal, quote_name, quote_names


class Hazard(StrEnum):
    """What a statement may cost a table that is in use."""

    DATA_LOSS = "loses data"
    NEEDS_ROWS_TO_FIT = "fails where existing rows don't fit"
    REWRITES_TABLE = "rewrites the table"


class Lock(StrEnum):
    """The strongest lock that a statement takes on an existing table (manual, 13.3.1)."""

    NONE = "none"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"


@dataclass(frozen=True)
class Statement:
    """One SQL statement, without its semicolon; names are unqualified (search_path decides)."""

    text: str
    hazards: frozenset[Hazard] = frozenset()
    lock: Lock = Lock.NONE

    def __str__(self) -> str:
        return f"{self.text};"


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


@singledispatch
def render(change: Change) -> Iterator[Statement]:
    """Yield the statements of one change."""
    raise TypeError(f"not a change: {change!r}")


@render.register
def _(change: CreateEnum) -> Iterator[Statement]:
    yield Statement(f"CREATE TYPE {quote_name(change.enum.name)} AS ENUM ({_labels(change.enum)})")


@render.register
def _(change: AlterEnum) -> Iterator[Statement]:
    before, after = change.before, change.after
    if [label for label in after.labels if label in before.labels] != list(before.labels):
        raise MigrationError(
            f"The labels of the enum {after.name} were removed or reordered: "
            f"{', '.join(before.labels)} became {', '.join(after.labels)}.",
            cure="Only added labels can be migrated automatically: keep the old ones in place.",
        )
    previous: str | None = None
    for label in after.labels:
        if label not in before.labels:
            place = (
                f"AFTER {quote_literal(previous)}"
                if previous is not None
                else f"BEFORE {quote_literal(before.labels[0])}"
            )
            yield Statement(
                f"ALTER TYPE {quote_name(after.name)} ADD VALUE {quote_literal(label)} {place}"
            )
        previous = label


@render.register
def _(change: DropEnum) -> Iterator[Statement]:
    yield Statement(f"DROP TYPE {quote_name(change.enum.name)}")


@render.register
def _(change: CreateTable) -> Iterator[Statement]:
    table = change.table
    lines = [_column(column) for column in table.columns]
    lines += [
        _constraint(constraint)
        for constraint in table.constraints
        if not isinstance(constraint, ForeignKey)
    ]
    body = ",\n    ".join(lines)
    yield Statement(f"CREATE TABLE {quote_name(table.name)} (\n    {body}\n)")


@render.register
def _(change: DropTable) -> Iterator[Statement]:
    yield Statement(
        f"DROP TABLE {quote_name(change.table.name)}",
        frozenset({Hazard.DATA_LOSS}),
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: AddColumn) -> Iterator[Statement]:
    column = change.column
    must_fit = column.not_null and column.default is None and not column.identity
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} ADD COLUMN {_column(column)}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}) if must_fit else frozenset(),
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: AlterColumn) -> Iterator[Statement]:
    before, after = change.before, change.after
    retyped = before.type != after.type
    prefix = f"ALTER TABLE {quote_name(change.table)} ALTER COLUMN {quote_name(after.name)}"
    if before.identity and not after.identity:
        yield Statement(f"{prefix} DROP IDENTITY", lock=Lock.ACCESS_EXCLUSIVE)
    if before.default is not None and (retyped or after.default is None):
        yield Statement(f"{prefix} DROP DEFAULT", lock=Lock.ACCESS_EXCLUSIVE)
    if retyped:
        yield Statement(
            f"{prefix} TYPE {after.type} USING {quote_name(after.name)}::{after.type}",
            frozenset({Hazard.REWRITES_TABLE, Hazard.NEEDS_ROWS_TO_FIT}),
            Lock.ACCESS_EXCLUSIVE,
        )
    if after.default is not None and (retyped or before.default != after.default):
        yield Statement(f"{prefix} SET DEFAULT {after.default}", lock=Lock.ACCESS_EXCLUSIVE)
    if after.not_null and not before.not_null:
        yield Statement(
            f"{prefix} SET NOT NULL",
            frozenset({Hazard.NEEDS_ROWS_TO_FIT}),
            Lock.ACCESS_EXCLUSIVE,
        )
    if before.not_null and not after.not_null:
        yield Statement(f"{prefix} DROP NOT NULL", lock=Lock.ACCESS_EXCLUSIVE)
    if after.identity and not before.identity:
        yield Statement(
            f"{prefix} ADD GENERATED BY DEFAULT AS IDENTITY", lock=Lock.ACCESS_EXCLUSIVE
        )


@render.register
def _(change: DropColumn) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} DROP COLUMN {quote_name(change.column.name)}",
        frozenset({Hazard.DATA_LOSS}),
        Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: AddConstraint) -> Iterator[Statement]:
    foreign = isinstance(change.constraint, ForeignKey)
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} ADD {_constraint(change.constraint)}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}),
        Lock.SHARE_ROW_EXCLUSIVE if foreign else Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: DropConstraint) -> Iterator[Statement]:
    yield Statement(
        f"ALTER TABLE {quote_name(change.table)} "
        f"DROP CONSTRAINT {quote_name(change.constraint.name)}",
        lock=Lock.ACCESS_EXCLUSIVE,
    )


@render.register
def _(change: CreateIndex) -> Iterator[Statement]:
    index = change.index
    unique = "UNIQUE " if index.unique else ""
    using = "" if index.method == "btree" else f" USING {index.method}"
    where = "" if index.where is None else f" WHERE {index.where}"
    yield Statement(
        f"CREATE {unique}INDEX {quote_name(index.name)} ON {quote_name(change.table)}"
        f"{using} ({', '.join(index.keys)}){where}",
        frozenset({Hazard.NEEDS_ROWS_TO_FIT}) if index.unique else frozenset(),
        Lock.SHARE,
    )


@render.register
def _(change: DropIndex) -> Iterator[Statement]:
    yield Statement(f"DROP INDEX {quote_name(change.index.name)}", lock=Lock.ACCESS_EXCLUSIVE)


def _labels(enum: Enum) -> str:
    return ", ".join(map(quote_literal, enum.labels))


def _column(column: Column) -> str:
    parts = [quote_name(column.name), column.type]
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if column.identity:
        parts.append("GENERATED BY DEFAULT AS IDENTITY")
    if column.not_null:
        parts.append("NOT NULL")
    return " ".join(parts)


def _constraint(constraint: Constraint) -> str:
    columns = "" if isinstance(constraint, Check) else f"({quote_names(constraint.columns)})"
    match constraint:
        case PrimaryKey():
            body = f"PRIMARY KEY {columns}"
        case Unique():
            body = f"UNIQUE {columns}"
        case Check():
            body = f"CHECK ({constraint.expression})"
        case ForeignKey():
            target = f"{quote_name(constraint.target)} ({quote_names(constraint.target_columns)})"
            action = "" if constraint.on_delete == "NO ACTION" else constraint.on_delete
            body = f"FOREIGN KEY {columns} REFERENCES {target}"
            body += f" ON DELETE {action}" if action else ""
    return f"CONSTRAINT {quote_name(constraint.name)} {body}"
