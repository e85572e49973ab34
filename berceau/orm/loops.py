"""Queries in a loop (N+1): the same shape, from the same line, and what makes one query of them."""

import sys
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pony.orm.core import Attribute, EntityMeta, Query, Set, SetInstance

from berceau.lines import Lines

_PONY = Query.__module__.rpartition(".")[0]
"""The package whose calls are between a line of the project and its query."""
_AROUND = ("pony.", "berceau.orm.")
"""What is between these calls."""


@dataclass
class Loop:
    """A line that sent queries of one shape ``count`` times; ``cure`` says what to write instead.

    ``line`` is as in ``components/blog/views.py:7``.
    """

    line: str
    text: str
    count: int = 0
    cure: str = ""

    @property
    def told(self) -> str:
        """A sentence on it, which the text of the query completes."""
        return f"{self.line} sends this query {self.count} times:"


class Loops:
    """Finds the lines that send one shape more than ``limit`` times."""

    def __init__(self, lines: Lines, limit: int) -> None:
        self._lines = lines
        self._limit = limit
        self._loops: dict[Hashable, Loop] = {}

    def add(self, text: str, call: Hashable = None, elsewhere: str = "") -> None:
        """Count a query with the shape ``text``, whose sender waits.

        Those of another ``call`` count apart. Where none of the lines sent it, but code of
        Berceau that read an attribute, ``elsewhere`` names that instead, if it is given.
        """
        line = self._lines.innermost() or elsewhere
        if not line:
            return
        key = line, text, call
        loop = self._loops.get(key)
        if loop is None:
            loop = self._loops[key] = Loop(line, text)
        loop.count += 1
        if loop.count > self._limit and not loop.cure:
            read = cure()
            loop.cure = read or ("" if line is elsewhere else _GENERAL)

    def found(self) -> list[Loop]:
        """Return the loops, with the one first that sent most queries."""
        return sorted(
            (each for each in self._loops.values() if each.cure), key=lambda loop: -loop.count
        )


def cure() -> str:
    """Return what would spare the query that Pony runs now, where that was in a loop.

    It is empty where somebody wrote SQL.
    """
    frame: FrameType | None = sys._getframe(1)
    outermost = None
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith(_PONY):
            outermost = frame
        elif not name.startswith(_AROUND) and outermost is not None:
            break
        frame = frame.f_back
    return _of(outermost.f_locals.values()) if outermost is not None else ""


_GENERAL = "Send one query before the loop, for all values at once: WHERE id = ANY(...)."


def _of(values: Iterable[Any]) -> str:
    """Return what helps where Pony was called with ``values``."""
    values = tuple(values)
    for kind, say in _CURES:
        for value in values:
            if isinstance(value, kind):
                return say(value)
    return ""


# What a frame holds is Pony's internals, which have no types.
def _of_collection(found: Any) -> str:
    return _of_set(found._attr_)


def _of_set(attribute: Any) -> str:
    owner = attribute.entity.__name__
    return (
        f"Add .prefetch({owner}.{attribute.name}) to the query that reads the {owner} objects: "
        "their items are read in one query then."
    )


def _of_attribute(attribute: Any) -> str:
    owner = attribute.entity.__name__
    what = f"{owner}.{attribute.name}" if attribute.lazy else owner
    return f"Add .prefetch({what}) to the query that leads to the {owner} objects."


def _of_entity(entity: Any) -> str:
    name = entity.__name__
    return (
        f"Read the {name} objects before the loop, in one query whose condition has `in`: "
        "it takes a list of values, or of objects."
    )


def _of_query(query: Any) -> str:
    found = query._translator.expr_type
    return _of_entity(found) if isinstance(found, EntityMeta) else ""


_CURES: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (SetInstance, _of_collection),
    (Set, _of_set),
    (Attribute, _of_attribute),
    (Query, _of_query),
    (EntityMeta, _of_entity),
)
