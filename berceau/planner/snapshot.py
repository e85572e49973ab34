"""The plans of all queries of a test run, as a file to commit, and what got worse since."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from berceau.errors import StatisticsError
from berceau.planner.json_reading import loads
from berceau.planner.plan import Node

TOLERANCE = 1.01
"""So much more may another plan cost."""
GROWTH = 1.25
"""So much more may the same plan cost: by statistics that were saved again, for example."""
LIKENESS = 0.6
"""A query shares so many of its words with what it was before somebody changed it."""
_WIDTH = 72
_LONGEST_NAME = 63
_WORD = re.compile(r"\w+|[^\w\s]+")


@dataclass(frozen=True)
class Planned:
    """How a query is planned: its cost, and the nodes without numbers."""

    cost: float
    outline: tuple[str, ...]

    @classmethod
    def of(cls, plan: Node) -> "Planned":
        """Return what is kept of ``plan``."""
        return cls(plan.cost, plan.outline)


@dataclass(frozen=True)
class Worse:
    """A query whose plan got worse; ``was`` is its text before, where that was changed."""

    query: str
    before: Planned
    now: Planned
    was: str = ""

    def __str__(self) -> str:
        times = f", {self.now.cost / self.before.cost:.1f} times" if self.before.cost else ""
        lines = [f"was: {self.was}", f"now: {self.query}"] if self.was else [self.query]
        lines += [f"cost {self.before.cost:.2f} -> {self.now.cost:.2f}{times}"]
        pairs = zip_longest(
            ("before:", *self.before.outline), ("now:", *self.now.outline), fillvalue=""
        )
        for pair in pairs:
            cells = zip_longest(*map(_wrapped, pair), fillvalue="")
            lines += [f"  {left:{_WIDTH}} | {right}".rstrip() for left, right in cells]
        return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    """Return ``line`` in parts that fit beside others."""
    indent = min(len(line) - len(line.lstrip()) + 6, _WIDTH - _LONGEST_NAME)
    return wrap(line, _WIDTH, subsequent_indent=" " * indent) or [""]


def to_text(plans: Mapping[str, Planned]) -> str:
    """Return the text of the file, sorted by query."""
    data = {
        query: {"cost": plans[query].cost, "plan": list(plans[query].outline)}
        for query in sorted(plans)
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def from_text(text: str) -> dict[str, Planned]:
    """Return what ``to_text`` made a text of. Raises ``StatisticsError``."""
    try:
        return {
            query: Planned(float(each["cost"]), tuple(map(str, each["plan"])))
            for query, each in loads(text).items()
        }
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StatisticsError(
            f"It isn't a file of plans ({type(error).__name__}: {error}).",
            cure="Take it from version control, or delete it and run the tests with "
            "--update-plans.",
        ) from error


def worse(before: Mapping[str, Planned], now: Mapping[str, Planned]) -> Iterator[Worse]:
    """Yield the queries of both whose plan got worse, sorted."""
    for query in sorted(before.keys() & now.keys()):
        old, new = before[query], now[query]
        allowed = GROWTH if old.outline == new.outline else TOLERANCE
        if new.cost > old.cost * allowed:
            yield Worse(query, old, new)


def worse_changed(before: Mapping[str, Planned], now: Mapping[str, Planned]) -> Iterator[Worse]:
    """Yield the queries that took the place of similar ones, and cost more, sorted.

    ``now`` has all queries: what it lacks isn't asked any more.
    """
    gone = {text: _words(text) for text in sorted(before.keys() - now.keys())}
    for query in sorted(now.keys() - before.keys()):
        words = _words(query)
        was = max(gone, key=lambda text: _likeness(gone[text], words), default="")
        if was and _likeness(gone[was], words) >= LIKENESS:
            old, new = before[was], now[query]
            if new.cost > old.cost * TOLERANCE:
                yield Worse(query, old, new, was)
            del gone[was]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return which share of the words is in both, from 0 to 1."""
    return len(one & other) / len(one | other)
