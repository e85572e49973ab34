"""The changes of names: nothing else of what they name differs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RenameTable:
    """A table that keeps its rows under another name."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameColumn:
    """A column that keeps its values under another name; ``table`` is called so by then."""

    table: str
    before: str
    after: str


@dataclass(frozen=True)
class RenameEnum:
    """An enum type under another name."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameLabel:
    """A label of ``enum``, which is called so by then, under another name in all rows."""

    enum: str
    before: str
    after: str


@dataclass(frozen=True)
class RenameConstraint:
    """A foreign key or check under another name."""

    table: str
    before: str
    after: str


@dataclass(frozen=True)
class RenameIndex:
    """An index under another name, and with it the primary key or unique constraint behind it."""

    before: str
    after: str


@dataclass(frozen=True)
class RenameSequence:
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
