"""Tables and indexes that can be made by two sessions at a time, as neither waits for the other."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from berceau.postgres.clone.definition import Address, Definition, Rank

End = tuple[int | None, int | None, Address]
"""The number of a definition, that of the one it needs, if there is one, and the object needed."""

_ALONGSIDE = (Rank.TABLE, Rank.INDEX)


def lanes(definitions: Sequence[Definition], ends: Sequence[End]) -> dict[int, int]:
    """Return a number from 1 for each table and index, by its number in ``definitions``.

    It is the same for those that need each other, directly or not, or the same relation elsewhere:
    a foreign key locks the table that it needs.
    """
    able = {n for n, each in enumerate(definitions) if each.rank in _ALONGSIDE}
    keys = {n for n, each in enumerate(definitions) if each.rank is Rank.FOREIGN_KEY}
    near = defaultdict[Hashable, set[Hashable]](set)
    for one, other, needed in ends:
        if one is None or (one not in able and one not in keys):
            continue
        end: Hashable = other if other in able or other in keys else None
        if other is None and needed[0] == "pg_class":
            end = needed
        if end not in (None, one):
            near[one].add(end)
            near[end].add(one)
    found: dict[int, int] = {}
    for number in sorted(able):
        if number not in found:
            lane = len(found) + 1
            found |= {each: lane for each in _reached(number, near) if each in able}
    return found


def _reached(start: Hashable, near: dict[Hashable, set[Hashable]]) -> Iterator[Hashable]:
    seen, new = {start}, [start]
    while new:
        one = new.pop()
        yield one
        more = near.get(one, set()) - seen
        seen |= more
        new += more


def runs(
    texts: Sequence[str], lanes: Sequence[int]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield pairs of texts to run at a time, each in order; the second is often empty."""
    start = 0
    while start < len(texts):
        end = start + 1
        while end < len(texts) and bool(lanes[end]) == bool(lanes[start]):
            end += 1
        if lanes[start]:
            yield _halves(texts[start:end], lanes[start:end])
        else:
            yield texts[start:end], ()
        start = end


def _halves(texts: Sequence[str], lanes: Sequence[int]) -> tuple[Sequence[str], Sequence[str]]:
    sizes = defaultdict[int, int](int)
    for lane in lanes:
        sizes[lane] += 1
    first, held = set[int](), 0
    for lane, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        if held + size <= (len(texts) + 1) // 2 or not first:
            first.add(lane)
            held += size
    return (
        [text for text, lane in zip(texts, lanes, strict=True) if lane in first],
        [text for text, lane in zip(texts, lanes, strict=True) if lane not in first],
    )
