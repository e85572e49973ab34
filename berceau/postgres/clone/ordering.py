"""Definitions in an order in which each finds what it needs."""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from berceau.errors import CloneError
from berceau.postgres.clone.definition import Address, Definition, Rank

Edge = tuple[Address, Address, str]
"""A dependent object, what it depends on, and how (pg_depend's deptype)."""


def order(definitions: Sequence[Definition], edges: Sequence[Edge]) -> list[str]:
    """Return the texts of ``definitions``, in order of rank as far as ``edges`` allow.

    Where objects depend on each other in a circle, the promise of one is made first. Raises
    ``CloneError`` where none has one.
    """
    makers = {each.address: number for number, each in enumerate(definitions) if each.makes}
    needs = _needs(definitions, makers, edges)
    waiting = {number: set(needed) for number, needed in enumerate(needs)}
    dependents = defaultdict[int, set[int]](set)
    for number, needed in waiting.items():
        for each in needed:
            dependents[each].add(number)
    ready = [_key(definitions, n) for n, needed in waiting.items() if not needed]
    heapq.heapify(ready)
    texts, promised = [], set[int]()

    def release(done: int) -> None:
        for number in waiting.keys() & dependents[done]:
            waiting[number].discard(done)
            if not waiting[number]:
                heapq.heappush(ready, _key(definitions, number))

    objects = {number for number, each in enumerate(definitions) if each.rank < Rank.DETAIL}
    while waiting:
        # What is left of the objects when only details are ready waits for each other.
        if not ready or (ready[0][0] >= Rank.DETAIL and objects & waiting.keys()):
            number = _breakable(definitions, waiting, promised)
            promised.add(number)
            texts.append(str(definitions[number].promise))
        else:
            *_, number = heapq.heappop(ready)
            del waiting[number]
            texts.append(definitions[number].text)
        release(number)
    return texts


def _key(definitions: Sequence[Definition], number: int) -> tuple[int, str, int]:
    return definitions[number].rank, definitions[number].text, number


def _needs(
    definitions: Sequence[Definition], makers: Mapping[Address, int], edges: Sequence[Edge]
) -> list[set[int]]:
    """Return, for each definition, the numbers of those that have to come first."""
    wholes = whole_of(edges)

    def maker(address: Address) -> int | None:
        return next((makers[each] for each in upwards(address, wholes) if each in makers), None)

    needs: list[set[int]] = [set() for _ in definitions]
    for dependent, needed, _ in edges:
        first, second = maker(needed), maker(dependent)
        if first is not None and second is not None and first != second:
            needs[second].add(first)
    for number, definition in enumerate(definitions):
        others = definition.after if definition.makes else (definition.address, *definition.after)
        needs[number] |= {n for n in map(maker, others) if n is not None}
        needs[number].discard(number)
    return needs


def whole_of(edges: Sequence[Edge]) -> dict[Address, Address]:
    """Return of what an object is a part, or what it goes with: a type's array, a table's key."""
    wholes = {part: whole for part, whole, kind in edges if kind == "a"}
    return wholes | {part: whole for part, whole, kind in edges if kind == "i"}


def upwards(address: Address, wholes: Mapping[Address, Address]) -> Iterator[Address]:
    """Yield ``address``, what it is a part of, what that is a part of, and so on."""
    seen = set[Address]()
    while address not in seen:
        seen.add(address)
        yield address
        address = wholes.get(address, address)


def _breakable(
    definitions: Sequence[Definition], waiting: Mapping[int, set[int]], promised: set[int]
) -> int:
    for number in sorted(waiting, key=lambda n: _key(definitions, n)):
        if definitions[number].promise is not None and number not in promised:
            return number
    names = sorted(definitions[number].text.partition("\n")[0][:120] for number in waiting)
    raise CloneError(
        "These objects can't be copied, as each needs another one first:\n"
        + "\n".join(f"    {name}" for name in names[:10]),
        cure="Break the circle: let a function's body be a string instead of BEGIN ATOMIC.",
    )
