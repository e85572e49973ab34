"""The changes of names: nothing else of what they name differs."""

from dataclasses import dataclass

from berceau.schema.change import BaseChange, TableChange


@dataclass(frozen=True)
class RenameTable(BaseChange):
    """A table that keeps its rows under another name."""

    before: str
    after: str

    @property
    def table_name(self) -> str:
        """The table."""
        return self.after


@dataclass(frozen=True)
class RenameColumn(TableChange):
    """A column that keeps its values under another name; ``table`` is called so by then."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameEnum(BaseChange):
    """An enum type under another name."""

    before: str
    after: str

    @property
    def subject(self) -> str:
        """The enum."""
        return self.after


@dataclass(frozen=True)
class RenameLabel(BaseChange):
    """A label of ``enum``, which is called so by then, under another name in all rows."""

    enum: str
    before: str
    after: str

    @property
    def subject(self) -> str:
        """The enum."""
        return self.enum


@dataclass(frozen=True)
class RenameConstraint(TableChange):
    """A foreign key or check under another name."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameIndex(BaseChange):
    """An index under another name, and with it the primary key or unique constraint behind it."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameSequence(BaseChange):
    """The sequence of an identity column under another name."""

    before: str
    after: str


Renaming = (
    RenameTable
    | RenameColumn
    | RenameEnum
    | RenameLabel
    | RenameConstraint
    | RenameIndex
    | RenameSequence
)
