"""The changes of names: nothing else of what they name differs."""

from dataclasses import dataclass

from berceau.schema.change import BaseChange, TableChange
from berceau.schema.model import OldName, Transfer
from berceau.schema.sync import AlterSyncTrigger


@dataclass(frozen=True)
class RenameTable(BaseChange):
    """A table that keeps its rows under another name; ``both`` where it has the old one, too."""

    before: str
    after: str
    both: bool = False

    @property
    def table_name(self) -> str:
        """The table."""
        return self.after


@dataclass(frozen=True)
class RenameColumn(TableChange):
    """A column that keeps its values under another name; ``table`` is called so by then.

    ``both`` where a view has it by the old name, too.
    """

    before: str
    after: str
    both: bool = False


@dataclass(frozen=True)
class KeepName(TableChange):
    """A view, so that a release of before finds ``table`` by its ``old`` name."""

    old: OldName


@dataclass(frozen=True)
class StartTransfer(TableChange):
    """Triggers that keep ``table`` in step with another, which gets what the rows have.

    ``back`` where the columns of ``table`` are new, and get what the other one has.
    """

    transfer: Transfer
    back: bool = False


@dataclass(frozen=True)
class EndTransfer(TableChange):
    """The end of what ``StartTransfer`` made."""

    transfer: Transfer


@dataclass(frozen=True)
class EndName(TableChange):
    """The end of what ``KeepName`` made."""

    old: OldName


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
    | AlterSyncTrigger
    | KeepName
    | EndName
    | StartTransfer
    | EndTransfer
)
