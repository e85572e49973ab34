"""Definitions in an order in which each finds what it needs."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache

from berceau.errors import CloneError
from berceau.postgres.clone.definition import Address, Definition, Edge, Rank
from berceau.postgres.clone.lanes import End, lanes

NOTHING = -1
"""In the place of a definition's number, where a promise is made."""


def order(definitions: Sequence[Definition], edges: Sequence[Edge]) -> tuple[list[str], list[int]]:
    """Return the texts of ``definitions``, in order of rank as far as ``edges`` allow, with lanes.

    A table is made with its foreign keys where what they need is there already: PostgreSQL looks
    for rows that break one that is added later. Where objects depend on each other in a circle, the
    promise of one is made first. Raises ``CloneError`` where none has one.
    """
    ordered = _Order(definitions, edges)
    texts = ordered.texts()
    return texts, [ordered.lanes.get(number, 0) for number in ordered.made]


def put_together(
    definitions: Sequence[Definition], wholes: Mapping[Address, Address], like: Collection[str]
) -> set[str]:
    """Return the texts of ``definitions`` as the texts ``like`` are put together, in no order.

    A table comes without those foreign keys that are apart there, and what has a promise there
    comes with it.
    """
    makers = {each.address for each in definitions if each.makes}
    parts = defaultdict[Address, list[str]](list)
    texts = set[str]()
    for each in definitions:
        if each.part and each.text not in like:
            whole = next(one for one in upwards(wholes[each.address], wholes) if one in makers)
            parts[whole].append(f", {each.part}")
    for each in definitions:
        if not each.part or each.text in like:
            more = "".join(sorted(parts[each.address])) if each.makes else ""
            texts.add(f"{each.text}{more}{each.end}")
        if each.promise is not None and each.promise in like:
            texts.add(each.promise)
    return texts


class _Order:
    """Definitions by number: what each waits for, and which of them are ready."""

    def __init__(self, definitions: Sequence[Definition], edges: Sequence[Edge]) -> None:
        self.definitions = definitions
        makers = {each.address: number for number, each in enumerate(definitions) if each.makes}
        wholes = whole_of(edges)

        @cache
        def maker(address: Address) -> int | None:
            if address in makers:
                return makers[address]
            return next((makers[each] for each in upwards(address, wholes) if each in makers), None)

        ends = [(maker(dependent), maker(needed), needed) for dependent, needed, _ in edges]
        needs = _needs(definitions, maker, ends)
        self.waiting = dict(enumerate(needs))
        self.dependents = defaultdict[int, list[int]](list)
        for number, needed in enumerate(needs):
            for each in needed:
                self.dependents[each].append(number)
        self.whole = {
            number: whole
            for number, each in enumerate(definitions)
            if each.part and (whole := maker(wholes[each.address])) is not None
        }
        self.parts = defaultdict[int, list[int]](list)
        for part, whole in self.whole.items():
            self.parts[whole].append(part)
        self.ready = [self._key(number) for number, needed in enumerate(needs) if not needed]
        heapq.heapify(self.ready)
        self.promised = set[int]()
        self.lanes = lanes(definitions, ends)
        self.made = list[int]()

    def texts(self) -> list[str]:
        """Return the texts in order."""
        texts = []
        objects = {n for n, each in enumerate(self.definitions) if each.rank < Rank.DETAIL}
        while self.waiting:
            # What is left of the objects when only details are ready waits for each other.
            if not self.ready or (
                self.ready[0][0] >= Rank.DETAIL and objects & self.waiting.keys()
            ):
                texts.append(self._promise())
                continue
            *_, number = heapq.heappop(self.ready)
            if number in self.waiting:
                texts.append(self._make(number))
        return texts

    def _make(self, number: int) -> str:
        """Return the text of what is ready, together with those parts that are."""
        parts = [part for part in self.parts[number] if self.waiting[part] == {number}]
        for each in (number, *parts):
            del self.waiting[each]
        for each in (number, *parts):
            self._release(each)
        self.made.append(number)
        definition = self.definitions[number]
        more = "".join(sorted(f", {self.definitions[part].part}" for part in parts))
        return f"{definition.text}{more}{definition.end}"

    def _promise(self) -> str:
        """Return the promise of one of those that wait for each other."""
        for number in sorted(self.waiting, key=self._key):
            promise = self.definitions[number].promise
            circle = self._needed_by(number) if promise and number not in self.promised else ()
            if promise is not None and number in circle:
                self.promised.add(number)
                self.made.append(NOTHING)
                self._release(number, circle)
                return promise
        names = sorted(
            self.definitions[number].text.partition("\n")[0][:120] for number in self.waiting
        )
        raise CloneError(
            "These objects can't be copied, as each needs another one first:\n"
            + "\n".join(f"    {name}" for name in names[:10]),
            cure="Break the circle: let a function's body be a string instead of BEGIN ATOMIC.",
        )

    def _needed_by(self, number: int) -> set[int]:
        """Return all that ``number`` still waits for, directly or not."""
        found, new = set[int](), [number]
        while new:
            needed = self.waiting.get(new.pop(), set()) - found
            found |= needed
            new += needed
        return found

    def _release(self, done: int, among: Collection[int] | None = None) -> None:
        """Let those who wait for ``done`` wait no longer, by default all."""
        for number in self.dependents[done]:
            if number not in self.waiting or (among is not None and number not in among):
                continue
            self.waiting[number].discard(done)
            if not self.waiting[number]:
                heapq.heappush(self.ready, self._key(number))
            elif number in self.whole:
                self._hurry(self.whole[number])

    def _hurry(self, whole: int) -> None:
        """Let what is ready be made earlier, now that more parts would be."""
        if whole in self.waiting and not self.waiting[whole]:
            heapq.heappush(self.ready, self._key(whole))

    def _key(self, number: int) -> tuple[int, int, str, int]:
        left_out = sum(self.waiting[part] != {number} for part in self.parts.get(number, ()))
        definition = self.definitions[number]
        return definition.rank, left_out, definition.text, number


def _needs(
    definitions: Sequence[Definition],
    maker: Callable[[Address], int | None],
    ends: Sequence[End],
) -> list[set[int]]:
    """Return, for each definition, the numbers of those that have to come first."""
    needs: list[set[int]] = [set() for _ in definitions]
    for second, first, _ in ends:
        if first is not None and second is not None and first != second:
            needs[second].add(first)
    for number, definition in enumerate(definitions):
        others = definition.after if definition.makes else (definition.address, *definition.after)
        needs[number] |= {n for n in map(maker, others) if n is not None}
        needs[number].discard(number)
    return needs


def whole_of(edges: Sequence[Edge]) -> dict[Address, Address]:
    """Return of what an object is a part, or what it goes with: a type's array, a table's key.

    What a family of operators holds goes with its function, too, but is a part of the family.
    """
    wholes = {
        part: whole
        for part, whole, kind in edges
        if kind == "a"
        and (part[0] not in ("pg_amop", "pg_amproc") or whole[0] in ("pg_opclass", "pg_opfamily"))
    }
    return wholes | {part: whole for part, whole, kind in edges if kind == "i"}


def upwards(address: Address, wholes: Mapping[Address, Address]) -> Iterator[Address]:
    """Yield ``address``, what it is a part of, what that is a part of, and so on."""
    seen = set[Address]()
    while address not in seen:
        seen.add(address)
        yield address
        address = wholes.get(address, address)
