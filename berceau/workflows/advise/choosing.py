"""Which of the indexes that were tried are worth it, for all queries together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from berceau.planner.candidates import Candidate
from berceau.planner.plan import Node
from berceau.planner.statistics import QueryStatistics

HELPS = 0.7
"""An index is worth its writes where a query costs at most so much of what it did."""
WORTH = 100.0
"""A query that costs less, in PostgreSQL's unit, reads two dozen pages: it needs no index."""
ALIKE = 1.1
"""An index is as good as the best for a query that costs at most so much more with it,"""
REST = 0.01
"""or so much of what it costs without any."""
AGAIN = 1.25
"""An index is left out at the end, if its queries cost at most so much with the others."""
NEARLY = 0.9
"""An index that saves at least so much of what the best one saves is taken if it is cheaper."""
INCLUDES = 2.0
"""An index with columns that aren't keys has to be so much better than one without, or none."""
BY_HAND, GIN = 2.0, 4.0
"""How much more than by its size an index costs: one that no entity declares, and a GIN index."""

Trial = Callable[[str, Sequence[str]], Node]
"""Plans a text with some candidates, given by name."""


@dataclass(frozen=True)
class Planned:
    """A query, the ``text`` that is planned for it, and its ``plan`` without any candidate.

    ``weight`` is what one unit of its cost is worth: seconds, or 1 where none were counted.
    """

    query: QueryStatistics
    text: str
    plan: Node
    weight: float = 1.0


@dataclass(frozen=True)
class Helped:
    """A query that an index helps: the plans ``before`` and ``after``, and what that saves.

    Before may mean: with another index that was chosen for the same query.
    """

    planned: Planned
    before: Node
    after: Node

    @property
    def saved(self) -> float:
        """How many seconds it saves, or units of cost."""
        return self.planned.weight * (self.before.cost - self.after.cost)


def choose(
    planned: Iterable[Planned],
    names: Mapping[str, Candidate],
    sizes: Mapping[str, int],
    trial: Trial,
) -> dict[str, list[Helped]]:
    """Return the candidates that are worth it, by name, each with the queries that it helps.

    One index for several queries is better than one for each: the one that saves most is taken
    first, and then others only for what it leaves. ``sizes`` are in bytes.
    """
    queries = [_Query(each, trial, names) for each in planned]
    chosen: dict[str, list[Helped]] = {}
    while good := _good(queries):
        saved = {name: sum(each.saved for each in helped) for name, helped in good.items()}
        most = max(saved.values())
        name = min(
            (name for name in good if saved[name] >= NEARLY * most),
            key=lambda each: (
                0 if each in chosen else _burden(names[each], sizes.get(each, 0)),
                names[each],
            ),
        )
        # From now on it is there, for all queries.
        helped = [query.offer(name) for query in queries]
        chosen.setdefault(name, []).extend(each for each in helped if each is not None)
    _leave_out(queries, chosen)
    return chosen


def _leave_out(queries: Sequence["_Query"], chosen: dict[str, list[Helped]]) -> None:
    """Take out of ``chosen`` what later ones made superfluous, those that save least first."""
    for name in sorted(chosen, key=lambda each: sum(helped.saved for helped in chosen[each])):
        others = [each for each in chosen if each != name]
        users = [query for query in queries if query.uses(name)]
        plans = {query.text: query.plan_by(others) for query in users}
        if all(query.is_content(plans[query.text]) for query in users):
            for query in users:
                query.go_on(plans[query.text])
            for helped in chosen.pop(name):
                plan = plans.get(helped.planned.text, helped.after)
                heir = next((each for each in plan.indexes if each in chosen), None)
                if heir is not None:
                    chosen[heir].append(replace(helped, after=plan))


def _good(queries: Iterable["_Query"]) -> Mapping[str, Sequence[Helped]]:
    found: dict[str, list[Helped]] = {}
    for query in queries:
        for name, helped in query.good().items():
            found.setdefault(name, []).append(helped)
    return found


class _Query:
    """A query with the indexes that were chosen for it so far."""

    def __init__(self, planned: Planned, trial: Trial, names: Mapping[str, Candidate]) -> None:
        self._planned = planned
        self._trial = trial
        self._names = names
        self._taken: tuple[str, ...] = ()
        self._before = planned.plan
        self._tables = {each.relation for each in planned.plan.walk()}
        self._tried = self._try()

    def offer(self, name: str) -> Helped | None:
        """Go on with the index ``name``, if it is used; return that where it helps much."""
        found = self._tried.get(name)
        if self._names[name].table not in self._tables or name in self._taken:
            return None
        plan = found.after if found else self._trial(self._planned.text, [*self._taken, name])
        if name in plan.indexes and plan.cost < self._before.cost:
            self._taken = (*self._taken, name)
            self._before = plan
            self._tried = self._try()
        return found

    @property
    def text(self) -> str:
        """What is planned."""
        return self._planned.text

    def uses(self, name: str) -> bool:
        """Return whether its plan has the index ``name``."""
        return name in self._before.indexes

    def plan_by(self, names: Iterable[str]) -> Node:
        """Return the plan with these indexes only."""
        own = [each for each in names if self._names[each].table in self._tables]
        return self._trial(self.text, own) if own else self._planned.plan

    def is_content(self, plan: Node) -> bool:
        """Return whether ``plan`` costs about as much as the present one."""
        return plan.cost <= AGAIN * self._before.cost + REST * self._planned.plan.cost

    def go_on(self, plan: Node) -> None:
        """Take ``plan`` for the present one."""
        self._before = plan

    def good(self) -> Mapping[str, Helped]:
        """Return the candidates that help about as much as the best one."""
        if not self._tried:
            return {}
        prices = {
            name: each.after.cost * (INCLUDES if self._names[name].include else 1)
            for name, each in self._tried.items()
        }
        limit = ALIKE * min(prices.values()) + REST * self._planned.plan.cost
        return {name: self._tried[name] for name, price in prices.items() if price <= limit}

    def _try(self) -> Mapping[str, Helped]:
        """Return those with which the query costs much less than now."""
        names = [
            name
            for name, candidate in self._names.items()
            if candidate.table in self._tables and name not in self._taken
        ]
        before = self._before.cost
        if not names or before < WORTH:
            return {}
        # Where all together don't help, none does.
        if self._trial(self._planned.text, [*self._taken, *names]).cost > HELPS * before:
            return {}
        found = {}
        for name in names:
            plan = self._trial(self._planned.text, [*self._taken, name])
            part = 1 / INCLUDES if self._names[name].include else HELPS
            if name in plan.indexes and plan.cost <= part * before:
                found[name] = Helped(self._planned, self._before, plan)
        return found


def _burden(candidate: Candidate, size: int) -> float:
    """Return what an index costs, in bytes: its own, and more where it is written slowly."""
    if candidate.method == "gin":
        return size * GIN
    return size if candidate.columns else size * BY_HAND
