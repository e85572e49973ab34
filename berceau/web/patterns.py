"""Which of two patterns of routes is the more specific one."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property

from pyramid.urldispatch import Route, old_route_re, route_re, star_at_end, update_pattern

ANY = "[^/]+"
"""What Pyramid lets a placeholder match that has no regular expression."""

SAMPLES = (
    *("0", "7", "42", "2026", "2026-11-28", "1.5", "-1", "0a", "00ff00aa"),
    *("a", "ab", "abc", "A", "Abc", "new", "a1", "a-b", "a_b", "a.b", "page-2", "é", "a b", "@a"),
    *("en", "de-CH", "123e4567-e89b-12d3-a456-426614174000"),
)
"""Texts that tell what a regular expression is for: how many of them it matches."""


class Rank(IntEnum):
    """What a part of a pattern between two slashes is; the more specific comes first."""

    LITERAL = 0
    MIXED = 1
    """A placeholder and other characters, as in ``{name}.json``."""
    PLACEHOLDER = 2
    SEVERAL = 3
    """A placeholder that matches slashes, too."""
    REST = 4
    """``*rest``, or a placeholder and ``*rest``."""
    END = 5
    """Where nothing follows. A longer pattern is more specific."""


@dataclass(frozen=True)
class Segment:
    """A part of a pattern between two slashes: its characters, and what its placeholders match."""

    literals: tuple[str, ...]
    expressions: tuple[str, ...]
    is_last: bool = False

    @property
    def specificity(self) -> tuple[int, int, int]:
        """A key to sort by: its rank, the number of its characters, the breadth of the rest."""
        characters = sum(map(len, self.literals))
        rank = self._rank(characters)
        if rank is Rank.LITERAL:
            return (rank, 0, 0)
        return (rank, -characters, sum(map(_breadth, self.expressions)))

    def _rank(self, characters: int) -> Rank:
        if self.is_last:
            return Rank.REST
        if any(map(_crosses_slashes, self.expressions)):
            return Rank.SEVERAL
        if not self.expressions:
            return Rank.LITERAL
        return Rank.MIXED if characters else Rank.PLACEHOLDER


class Pattern:
    """The pattern of a ``route``, compared with others."""

    def __init__(self, route: Route) -> None:
        self._match = route.match
        self._literals, self._expressions, self._rest = _parse(route.pattern)

    @cached_property
    def specificity(self) -> tuple[tuple[int, int, int], ...]:
        """A key to sort by: the most specific pattern comes first, compared from the left."""
        segments = [each.specificity for each in self._segments()]
        return (*segments, (Rank.END, 0, 0))

    @cached_property
    def bucket(self) -> tuple[object, ...]:
        """Equal for all patterns that are equally specific, and may match the same path."""
        literal = (
            None if each.expressions or each.is_last else each.literals for each in self._segments()
        )
        return (self.specificity, *literal)

    def overlaps(self, other: "Pattern") -> bool:
        """Return whether there is a path that both match, as far as ``SAMPLES`` tell."""
        if self._literals == other._literals:
            pairs = zip(self._expressions, other._expressions, strict=True)
            return all(a == b or _texts(a) & _texts(b) for a, b in pairs)
        return self._matches_some_of(other) or other._matches_some_of(self)

    def _matches_some_of(self, other: "Pattern") -> bool:
        words = re.findall(r"\w+", " ".join(self._literals))
        paths = (sample.join(other._literals) for sample in (*SAMPLES, *words))
        return any(self._match(path) and other._match(path) for path in paths)

    def _segments(self) -> list[Segment]:
        """Return the parts of the pattern between slashes."""
        segments: list[Segment] = []
        literals: list[str] = []
        expressions: list[str] = []
        for number, literal in enumerate(self._literals):
            if number:
                expressions.append(self._expressions[number - 1])
            head, *others = literal.split("/")
            literals.append(head)
            for other in others:
                segments.append(Segment(tuple(literals), tuple(expressions)))
                literals, expressions = [other], []
        segments.append(Segment(tuple(literals), tuple(expressions), is_last=self._rest))
        return segments


def _parse(pattern: str) -> tuple[list[str], list[str], bool]:
    """Return the literals of a pattern, the regular expressions between, and if ``*rest`` ends it.

    They are what Pyramid makes of it.
    """
    if old_route_re.search(pattern) and not route_re.search(pattern):
        pattern = old_route_re.sub(update_pattern, pattern)
    pattern = "/" + pattern.removeprefix("/")
    rest = star_at_end.search(pattern) is not None
    if rest:
        pattern = pattern.rpartition("*")[0]
    parts = route_re.split(pattern)
    placeholders = (part[1:-1].partition(":") for part in parts[1::2])
    return parts[::2], [expression or ANY for _, _, expression in placeholders], rest


@cache
def _texts(expression: str) -> frozenset[str]:
    try:
        return frozenset(each for each in SAMPLES if re.fullmatch(expression, each))
    except re.error:  # alone it means nothing: it refers to another placeholder
        return frozenset()


@cache
def _crosses_slashes(expression: str) -> bool:
    """Return whether ``expression`` also matches one of its texts with a slash in it."""
    return expression != ANY and any(
        re.fullmatch(expression, f"{text[:position]}/{text[position + 1 :]}")
        for text in _texts(expression)
        for position in range(len(text))
    )


def _breadth(expression: str) -> int:
    return len(SAMPLES) if expression == ANY else len(_texts(expression))
