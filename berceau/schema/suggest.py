"""What looks renamed: something is gone, and something much like it is new."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial
from typing import TypeVar

from berceau.schema.model import Column, Enum, Schema, Table
from berceau.schema.pairs import Keyed, Named, compare
from berceau.schema.renames import Kind, Rename
from berceau.schema.similarity import Nearest, Parts

LIKELY = 0.5
"""How much of two tables, enums or names must agree, from 0 to 1."""

Item = TypeVar("Item", bound=Named)
Likeness = float
"""The greater, the likelier; zero is out of the question."""


@dataclass(frozen=True)
class Question:
    """Whether what was called ``before`` is one of the ``candidates`` now, the likeliest first.

    ``note`` is why it is asked, where the names don't show it. ``place`` is that of the rows
    concerned, where what is asked is known by what it stands for: then it isn't one that was
    dropped, and no option but a rename settles it.
    """

    kind: Kind
    parent: str | None
    before: str
    candidates: tuple[str, ...]
    note: str = field(default="", compare=False)
    place: tuple[str, ...] = ()
    certain: bool = False

    @property
    def path(self) -> str:
        """The old name with its parent's: ``post.title``."""
        return self.options[0].path

    @property
    def options(self) -> tuple[Rename, ...]:
        """The renames that may be the answer."""
        return tuple(Rename(self.kind, self.parent, self.before, each) for each in self.candidates)


def suggest_wholes(
    before: Schema, after: Schema, given: Container[tuple[str | None, str]] = ()
) -> Iterator[Question]:
    """Yield a question for each enum and table that may have been renamed.

    Of many candidates, it has the likeliest. None is among those that are ``given`` away, as
    (None, name), by then.
    """
    enums = compare(before.enums, after.enums)
    yield from _wholes(Kind.ENUM, enums, _labels, _enum_agreement, given)
    tables = compare(before.tables, after.tables)
    yield from _wholes(Kind.TABLE, tables, _table_parts, _table_agreement, given)


def _wholes(
    kind: Kind,
    found: Keyed[Item],
    parts: Callable[[Item], Parts],
    agreement: Callable[[Item, Item], float],
    given: Container[tuple[str | None, str]],
) -> Iterator[Question]:
    nearest = Nearest(found.added, parts)

    def agrees(old: Item, new: Item) -> bool:
        return agreement(old, new) >= LIKELY

    def likeness(old: Item, new: Item) -> Likeness:
        share = agreement(old, new)
        return share + _same_name(old.name, new.name) if share >= LIKELY else 0

    for item in found.removed:
        near = nearest.to(item, agrees, lambda other: (None, other.name) not in given)
        yield from _question(kind, None, item, near, likeness)


def suggest_members(before: Schema, after: Schema) -> Iterator[Question]:
    """Yield a question for each label and column that may have been renamed."""
    for old, new in compare(before.enums, after.enums).changed:
        removed = [Label(each, old) for each in old.labels if each not in new.labels]
        added = [Label(each, new) for each in new.labels if each not in old.labels]
        for label in removed:
            yield from _question(Kind.LABEL, new.name, label, added, _label_likeness)
    for was, now in compare(before.tables, after.tables).changed:
        columns = compare(was.columns, now.columns)
        likeness = partial(_column_likeness, was, now)
        for column in columns.removed:
            if column.generated:
                continue  # a migration by hand made it, and it stays
            yield from _question(Kind.COLUMN, now.name, column, columns.added, likeness)


@dataclass(frozen=True)
class Label:
    """A label and the enum that it stands in."""

    name: str
    enum: Enum

    def neighbours(self, kept: Sequence[str]) -> tuple[str | None, str | None]:
        """Return the nearest labels before and after that are ``kept``."""
        place = self.enum.labels.index(self.name)
        before = [each for each in self.enum.labels[:place] if each in kept]
        after = [each for each in self.enum.labels[place:] if each in kept]
        return before[-1] if before else None, after[0] if after else None


def _question(
    kind: Kind,
    parent: str | None,
    item: Item,
    added: Iterable[Item],
    likeness: Callable[[Item, Item], Likeness],
) -> Iterator[Question]:
    found = sorted((-likeness(item, other), other.name) for other in added)
    candidates = tuple(name for negative, name in found if negative)
    if candidates:
        yield Question(kind, parent, item.name, candidates)


def _same_name(old: str, new: str) -> float:
    return SequenceMatcher(None, old, new, autojunk=False).ratio()


def _labels(enum: Enum) -> Parts:
    return frozenset(enum.labels)


def _enum_agreement(old: Enum, new: Enum) -> float:
    shared = set(old.labels) & set(new.labels)
    return len(shared) / max(len(old.labels), len(new.labels), 1)


def _columns(table: Table) -> set[tuple[str, str]]:
    """Return names and types; a numbered key agrees with every other, and is left out."""
    return {(column.name, column.type) for column in table.columns if not column.identity}


def _table_parts(table: Table) -> Parts:
    columns = _columns(table)
    # Two tables may agree by their types alone, but then by all of them.
    types = tuple(sorted(sql_type for _, sql_type in columns))
    return frozenset((*columns, (types,)))


def _table_agreement(old: Table, new: Table) -> float:
    """Count columns that agree; one of the same type under another name counts half."""
    columns, others = _columns(old), _columns(new)
    same = columns & others
    types = [sql_type for _, sql_type in others - same]
    half = 0
    for _, sql_type in columns - same:
        if sql_type in types:
            types.remove(sql_type)
            half += 1
    return (len(same) + half / 2) / max(len(columns), len(others), 1)


def _column_likeness(table: Table, new_table: Table, old: Column, new: Column) -> Likeness:
    """Ask for the same type, nullability and reference; defaults, keys and names rank."""
    if (old.type, old.not_null, old.identity) != (new.type, new.not_null, new.identity):
        return 0
    if _targets(table, old) != _targets(new_table, new):
        return 0
    agreement = (old.default == new.default) + (_roles(table, old) == _roles(new_table, new))
    return 1 + agreement + _same_name(old.name, new.name)


def _targets(table: Table, column: Column) -> set[str]:
    return {key.target for key in table.foreign_keys if column.name in key.columns}


def _roles(table: Table, column: Column) -> set[tuple[str, int]]:
    """Return the kinds and sizes of the keys and indexes that ``column`` is part of."""
    parts = [(type(each).__name__, each.columns) for each in table.uniques]
    parts += [(each.method, each.keys) for each in table.indexes]
    if table.primary_key is not None:
        parts.append(("PrimaryKey", table.primary_key.columns))
    return {(kind, len(columns)) for kind, columns in parts if column.name in columns}


def _label_likeness(old: Label, new: Label) -> Likeness:
    """Ask for the same neighbours, or for a name much like the other."""
    kept = [label for label in old.enum.labels if label in new.enum.labels]
    agreement = old.neighbours(kept) == new.neighbours(kept)
    likeness = _same_name(old.name.lower(), new.name.lower())
    return agreement + likeness if agreement or likeness > LIKELY else 0
