"""The changes that lead from one ``Schema`` to another, as values."""

from dataclasses import dataclass

from berceau.schema.change import BaseChange, TableChange
from berceau.schema.model import (
    Check,
    Column,
    Constraint,
    Enum,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from berceau.schema.placement import Distribution
from berceau.schema.renaming import Renaming


@dataclass(frozen=True)
class CreateEnum(BaseChange):
    """A new enum type."""

    enum: Enum

    @property
    def subject(self) -> str:
        """The enum."""
        return self.enum.name


@dataclass(frozen=True)
class AlterEnum(BaseChange):
    """An enum whose labels differ."""

    before: Enum
    after: Enum

    @property
    def subject(self) -> str:
        """The enum."""
        return self.after.name


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
class RebuildEnum(BaseChange):
    """An enum whose labels go or move: a new type is made, and the columns that use it follow.

    ``before`` keeps its values under the name ``retired`` until a ``DropEnum``. ``mapping`` has
    which label the rows of one that goes get. One that is ``adorned`` has a comment or rights
    other than those of a new type.
    """

    before: Enum
    after: Enum
    retired: Enum
    uses: tuple[Use, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    adorned: bool = False

    @property
    def subject(self) -> str:
        """The enum."""
        return self.after.name


@dataclass(frozen=True)
class SetAside(BaseChange):
    """What uses these columns and stands in the way of a new type is dropped for a while.

    ``columns`` are pairs of table and column. Views are in the way of any new type; indexes and
    checks with expressions only for ``rebuilt``, those whose type itself goes. See ``Restore``.
    """

    columns: tuple[tuple[str, str], ...]
    rebuilt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Restore(BaseChange):
    """What a ``SetAside`` dropped is made again."""


@dataclass(frozen=True)
class DropEnum(BaseChange):
    """An enum type that is no longer declared."""

    enum: Enum

    @property
    def subject(self) -> str:
        """The enum."""
        return self.enum.name


@dataclass(frozen=True)
class CreateTable(BaseChange):
    """A new table with its columns, keys and checks; indexes and foreign keys follow later."""

    table: Table

    @property
    def table_name(self) -> str:
        """The table."""
        return self.table.name


@dataclass(frozen=True)
class DropTable(BaseChange):
    """A table that is no longer declared."""

    table: Table

    @property
    def table_name(self) -> str:
        """The table."""
        return self.table.name


@dataclass(frozen=True)
class AddColumn(TableChange):
    """A new column of an existing table."""

    column: Column


@dataclass(frozen=True)
class AlterColumn(TableChange):
    """A column that differs; ``using`` is SQL for the new values, where no plain cast is meant.

    ``exact`` means that each of these shows which value it was before.
    """

    before: Column
    after: Column
    using: str | None = None
    exact: bool = False


@dataclass(frozen=True)
class Backfill(TableChange):
    """The rows of a column that have no value get one; ``expression`` is SQL over the row."""

    column: str
    expression: str


@dataclass(frozen=True)
class Recode(TableChange):
    """The rows of a column that hold one of ``values`` get another, all at once, as SQL.

    Those that held one of the ``merged`` can't be told from others afterwards. An ``array`` holds
    several values. What is ``known`` to the release of before, old and new, breaks nothing there.
    """

    column: str
    values: tuple[tuple[str, str], ...]
    merged: tuple[str, ...] = ()
    array: bool = False
    known: bool = False


@dataclass(frozen=True)
class DeleteRows(TableChange):
    """The rows of a column that hold ``value``, as SQL, go.

    They do so ``early``, where the column gets another type, which may have no such value.
    """

    column: str
    value: str
    early: bool = False


@dataclass(frozen=True)
class DropColumn(TableChange):
    """A column that is no longer declared; ``elsewhere`` where others are in step with it."""

    column: Column
    elsewhere: bool = False


@dataclass(frozen=True)
class Disown(TableChange):
    """A sequence that belongs to a column of ``table`` that goes, while others need its numbers."""

    sequence: str


@dataclass(frozen=True)
class AddConstraint(TableChange):
    """A new constraint of an existing table, or a new table's foreign key."""

    constraint: Constraint


@dataclass(frozen=True)
class ValidateConstraint(TableChange):
    """The check of existing rows against a constraint that was added without (NOT VALID)."""

    constraint: Check | ForeignKey


@dataclass(frozen=True)
class ReplaceKey(TableChange):
    """A key in the place of another, so that the table is never without one.

    That is a primary key, or a unique constraint on the same columns that is checked at another
    time. It takes over the unique ``index``, which is built before.
    """

    before: PrimaryKey | Unique
    after: PrimaryKey | Unique
    index: Index


@dataclass(frozen=True)
class DropConstraint(TableChange):
    """A constraint that is no longer declared."""

    constraint: Constraint


@dataclass(frozen=True)
class CreateIndex(TableChange):
    """A new index."""

    index: Index


@dataclass(frozen=True)
class DropIndex(TableChange):
    """An index that is no longer declared."""

    index: Index


@dataclass(frozen=True)
class Distribute(TableChange):
    """Another place for the rows of a table with Citus; ``None`` is one server.

    Each goes to the server that has those rows of ``beside`` with the same value, if that is given.
    ``numbered`` are the columns of a table that leaves a place which the server numbers.
    """

    before: Distribution | None
    after: Distribution | None
    beside: str | None = None
    numbered: tuple[Column, ...] = ()


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
    | Distribute
    | Renaming
)
