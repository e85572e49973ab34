"""Queries that can't be planned, so that nothing is known of them but that."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.planner.statistics import QueryStatistics

LONGEST = 300


@dataclass(frozen=True)
class Unplanned:
    """A ``query``, the ``reason`` that PostgreSQL gives, and its ``share`` of the time of all.

    The share, from 0 to 1, is ``None`` where no time was counted.
    """

    query: QueryStatistics
    reason: str
    share: float | None = None


def note(unplanned: Sequence[Unplanned]) -> str:
    """Return a sentence on the queries, the most expensive first, of which there is one at least.

    It has the text of that one.
    """
    first, *others = unplanned
    count = "1 query" if not others else f"{len(unplanned)} queries"
    shares = [each.share for each in unplanned if each.share is not None]
    spent = f", with {sum(shares):.1%} of the time" if shares else ""
    which = "the first of them" if others else "it"
    if others and first.share is not None:
        which = f"the most expensive one ({first.share:.1%})"
    text = " ".join(first.query.text.split())[:LONGEST]
    return f"{count} can't be planned{spent}. PostgreSQL says of {which}: {first.reason}: {text}"
