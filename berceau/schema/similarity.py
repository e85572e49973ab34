"""The few of many things that are most like one, without comparing it with each of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Generic, TypeVar

from berceau.schema.pairs import Named

Item = TypeVar("Item", bound=Named)
Parts = frozenset[Hashable]

ENOUGH = 20
"""So many are compared in full; where there are no more, all are."""

_LOOKUPS = 2000
"""How many are counted at most: what many share shows little about any."""


class Nearest(Generic[Item]):
    """Finds, among ``items``, those whose structure agrees, and of these the likest names.

    ``parts`` are what the structure of one consists of: of two with the same, both agree with
    something or none.
    """

    def __init__(self, items: Sequence[Item], parts: Callable[[Item], Parts]) -> None:
        self._items = items
        self._parts = parts
        self._kinds: list[list[int]] = []
        """The places of the items of each structure."""
        self._having: dict[Hashable, list[int]] = defaultdict(list)
        """The structures that have a part."""
        self._named: dict[Hashable, list[int]] = defaultdict(list)
        """The places of the items of a structure whose names have a pair of letters."""
        if len(items) > ENOUGH:
            self._index()

    def _index(self) -> None:
        numbers: dict[Parts, int] = {}
        for place, item in enumerate(self._items):
            parts = self._parts(item)
            number = numbers.setdefault(parts, len(numbers))
            if number == len(self._kinds):
                self._kinds.append([])
                for part in parts:
                    self._having[part].append(number)
            self._kinds[number].append(place)
            for pair in _pairs(item.name):
                self._named[number, pair].append(place)

    def to(
        self, item: Item, agrees: Callable[[Item, Item], bool], is_free: Callable[[Item], bool]
    ) -> list[Item]:
        """Return the items that are free; of many, ``ENOUGH`` of which ``item`` ``agrees``."""
        if len(self._items) <= ENOUGH:
            return [each for each in self._items if is_free(each)]
        kinds = [
            number
            for number in _sharing(self._having, self._parts(item))
            if agrees(item, self._items[self._kinds[number][0]])
        ]
        keys = ((number, pair) for number in kinds for pair in _pairs(item.name))
        near = self._free(_sharing(self._named, keys), is_free)
        like = self._free(chain(*(self._kinds[number] for number in kinds)), is_free)
        # Half for the likest names: what is built alike may be called anything.
        found = dict.fromkeys(chain(islice(near, ENOUGH // 2), islice(like, ENOUGH), near))
        return [self._items[place] for place in islice(found, ENOUGH)]

    def _free(self, places: Iterable[int], is_free: Callable[[Item], bool]) -> Iterator[int]:
        return (place for place in places if is_free(self._items[place]))


def _sharing(having: Mapping[Hashable, list[int]], parts: Iterable[Hashable]) -> list[int]:
    """Return who has some of ``parts``: first those with the most, and the rarest."""
    known = sorted(having[part] for part in parts if part in having)
    shared: Counter[int] = Counter()
    looked = 0
    for places in sorted(known, key=len):
        if looked > _LOOKUPS:
            break
        looked += len(places)
        shared.update(places)
    return [place for place, _ in shared.most_common()]


def _pairs(name: str) -> set[str]:
    return {name[place : place + 2] for place in range(len(name) - 1)}
