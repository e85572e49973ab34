"""Constraints and indexes matched by what they do, whatever they are called."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from berceau.schema.model import Check, Constraint, ForeignKey, Index, RawConstraint, Table, Unique


class Named(Protocol):
    """Anything of a schema."""

    @property
    def name(self) -> str:
        """Its name, unique among its kind."""


Item = TypeVar("Item", bound=Named)
Part = Constraint | Index


@dataclass(frozen=True)
class Keyed(Generic[Item]):
    """What stands on one side only, and the pairs that share a key."""

    removed: tuple[Item, ...]
    added: tuple[Item, ...]
    pairs: tuple[tuple[Item, Item], ...]

    @property
    def changed(self) -> tuple[tuple[Item, Item], ...]:
        """The pairs that differ."""
        return tuple(pair for pair in self.pairs if pair[0] != pair[1])


def compare(
    before: Iterable[Item],
    after: Iterable[Item],
    key: Callable[[Item], Hashable] = lambda item: item.name,
) -> Keyed[Item]:
    """Match two collections by ``key``, each item once; the result keeps each side's order.

    Of several with one key, those of one name belong together.
    """
    old: dict[Hashable, list[Item]] = defaultdict(list)
    for item in before:
        old[key(item)].append(item)
    added, pairs = [], []
    for item in after:
        twins = old.get(key(item))
        if not twins:
            added.append(item)
            continue
        twin = next((each for each in twins if each.name == item.name), twins[0])
        twins.remove(twin)
        pairs.append((twin, item))
    removed = (item for twins in old.values() for item in twins)
    return Keyed(tuple(removed), tuple(added), tuple(pairs))


def structure(part: Part) -> Part:
    """Return what a constraint or index does: itself without its name."""
    match part:
        case Index() | ForeignKey():
            return replace(part, name="", valid=True, named=False)
        case Check():
            return replace(part, name="", valid=True)
        case Unique():
            return replace(part, name="", named=False)
    return replace(part, name="")


def parts(table: Table) -> tuple[Part, ...]:
    """Return the constraints and indexes of a table."""
    return (*table.constraints, *table.indexes)


def matched(before: Table, after: Table) -> Keyed[Part]:
    """Match the constraints and indexes of two tables by what they do."""
    return compare(parts(before), parts(after), structure)


def is_relation(part: Part) -> bool:
    """Return whether a part's name is one of those that tables have, too: it is an index's."""
    return not isinstance(part, Check | ForeignKey) and not (
        isinstance(part, RawConstraint) and part.definition.startswith("CHECK")
    )


def relation_names(table: Table) -> Iterator[str]:
    """Yield the names that a table's keys and indexes take from other relations."""
    return (part.name for part in parts(table) if is_relation(part))
