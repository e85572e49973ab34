"""The changes that lead from one ``Schema`` to another, as values."""

from dataclasses import dataclass

from berceau.schema.model import (
    Check,
    Column,
    Constraint,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
)
from berceau.schema.renaming import Renaming


@dataclass(frozen=True)
class CreateEnum:
    """A new enum type."""

    enum: Enum


@dataclass(frozen=True)
class AlterEnum:
    """An enum whose labels differ."""

    before: Enum
    after: Enum


@dataclass(frozen=True)
class Use:
    """A column that holds values of an enum type, and the ``default`` it has afterwards.

    ``values`` and ``merged`` are those of a discriminator, as text, as a ``Recode`` has them.
    """

    table: str
    column: Column
    default: str | None
    values: tuple[tuple[str, str], ...] = ()
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class RebuildEnum:
    """An enum whose labels go or move: a new type is made, and the columns that use it follow.

    ``before`` keeps its values under the name ``retired`` until a ``DropEnum``. ``mapping`` says
    which label the rows of one that goes get.
    """

    before: Enum
    after: Enum
    retired: Enum
    uses: tuple[Use, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SetAside:
    """What uses these columns and stands in the way of a new type is dropped for a while.

    ``columns`` are pairs of table and column. Views are in the way of any new type; indexes and
    checks with expressions only for ``rebuilt``, those whose type itself goes. See ``Restore``.
    """

    columns: tuple[tuple[str, str], ...]
    rebuilt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Restore:
    """What a ``SetAside`` dropped is made again."""


@dataclass(frozen=True)
class DropEnum:
    """An enum type that is no longer declared."""

    enum: Enum


@dataclass(frozen=True)
class CreateTable:
    """A new table with its columns, keys and checks; indexes and foreign keys follow later."""

    table: Table


@dataclass(frozen=True)
class DropTable:
    """A table that is no longer declared."""

    table: Table


@dataclass(frozen=True)
class AddColumn:
    """A new column of an existing table."""

    table: str
    column: Column


@dataclass(frozen=True)
class AlterColumn:
    """A column that differs; ``using`` is SQL for the new values, where no plain cast is meant.

    ``exact`` says that each of these tells which value it was before.
    """

    table: str
    before: Column
    after: Column
    using: str | None = None
    exact: bool = False


@dataclass(frozen=True)
class Backfill:
    """The rows of a column that have no value get one; ``expression`` is SQL over the row."""

    table: str
    column: str
    expression: str


@dataclass(frozen=True)
class Recode:
    """The rows of a column that hold one of ``values`` get another, all at once, as SQL.

    Those that held one of the ``merged`` can't be told from others afterwards.
    """

    table: str
    column: str
    values: tuple[tuple[str, str], ...]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeleteRows:
    """The rows of a column that hold ``value``, as SQL, go.

    They do so ``early``, where the column gets another type, which may have no such value.
    """

    table: str
    column: str
    value: str
    early: bool = False


@dataclass(frozen=True)
class DropColumn:
    """A column that is no longer declared."""

    table: str
    column: Column


@dataclass(frozen=True)
class Disown:
    """A sequence that belongs to a column of ``table`` that goes, while others need its numbers."""

    table: str
    sequence: str


@dataclass(frozen=True)
class AddConstraint:
    """A new constraint of an existing table, or a new table's foreign key."""

    table: str
    constraint: Constraint


@dataclass(frozen=True)
class ValidateConstraint:
    """The check of existing rows against a constraint that was added without (NOT VALID)."""

    table: str
    constraint: Check | ForeignKey


@dataclass(frozen=True)
class ReplaceKey:
    """A primary key in the place of another, so that the table is never without one."""

    table: str
    before: PrimaryKey
    after: PrimaryKey


@dataclass(frozen=True)
class DropConstraint:
    """A constraint that is no longer declared."""

    table: str
    constraint: Constraint


@dataclass(frozen=True)
class CreateIndex:
    """A new index."""

    table: str
    index: Index


@dataclass(frozen=True)
class DropIndex:
    """An index that is no longer declared."""

    table: str
    index: Index


Change = (
    CreateEnum
    | AlterEnum
    | RebuildEnum
    | SetAside
    | Restore
    | DropEnum
    | CreateTable
    | DropTable
    | AddColumn
    | AlterColumn
    | Backfill
    | Recode
    | DeleteRows
    | DropColumn
    | Disown
    | AddConstraint
    | ValidateConstraint
    | ReplaceKey
    | DropConstraint
    | CreateIndex
    | DropIndex
    | Renaming
)
