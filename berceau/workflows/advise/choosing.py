"""Which of the indexes that were tried are worth it, for all queries together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

Team = tuple[str, ...]
"""An index, or several that help together only: as for an OR, which reads one for each arm."""
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
        saved = {team: sum(each.saved for each in helped) for team, helped in good.items()}
        most = max(saved.values())
        team = min(
            (team for team in good if saved[team] >= NEARLY * most),
            key=lambda each: (
                sum(_burden(names[n], sizes.get(n, 0)) for n in each if n not in chosen),
                [names[n] for n in each],
            ),
        )
        # From now on they are there, for all queries.
        for query in queries:
            for name, helped in query.offer(team):
                chosen.setdefault(name, []).append(helped)
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
            _inherit(chosen, chosen.pop(name), plans)


def _inherit(
    chosen: dict[str, list[Helped]], left: Sequence[Helped], plans: Mapping[str, Node]
) -> None:
    """Give the queries that are ``left`` without their index to those that ``plans`` use instead.

    What helped a query together with that index has the new plan, too.
    """
    for helped in left:
        plan = plans.get(helped.planned.text, helped.after)
        for name in plan.indexes:
            if name in chosen:
                others = [each for each in chosen[name] if each.planned is not helped.planned]
                chosen[name] = [*others, replace(helped, after=plan)]


def _good(queries: Iterable["_Query"]) -> Mapping[Team, Sequence[Helped]]:
    found: dict[Team, list[Helped]] = {}
    for query in queries:
        for team, helped in query.good().items():
            found.setdefault(team, []).append(helped)
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

    def offer(self, team: Team) -> Iterator[tuple[str, Helped]]:
        """Go on with the indexes of ``team`` that are used; yield those that help much, and how."""
        for part in [team] if team in self._tried else [(name,) for name in team]:
            found = self._tried.get(part)
            new = [name for name in part if name in self._others()]
            if not new:
                continue
            plan = found.after if found else self._trial(self.text, [*self._taken, *new])
            if {*new} <= {*plan.indexes} and plan.cost < self._before.cost:
                self._taken = (*self._taken, *new)
                self._before = plan
                self._tried = self._try()
            if found:
                yield from ((name, found) for name in part)

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

    def good(self) -> Mapping[Team, Helped]:
        """Return the candidates that help about as much as the best one."""
        if not self._tried:
            return {}
        prices = {
            team: each.after.cost * (INCLUDES if self._has_more(team) else 1)
            for team, each in self._tried.items()
        }
        limit = ALIKE * min(prices.values()) + REST * self._planned.plan.cost
        return {team: self._tried[team] for team, price in prices.items() if price <= limit}

    def _try(self) -> Mapping[Team, Helped]:
        """Return those with which the query costs much less than now."""
        others = self._others()
        before = self._before.cost
        if not others or before < WORTH:
            return {}
        together = self._trial(self.text, [*self._taken, *others])
        # Where all together don't help, none does.
        if together.cost > HELPS * before:
            return {}
        alone = self._helping((name,) for name in others)
        return alone or self._helping([tuple(n for n in together.indexes if n in others)])

    def _helping(self, teams: Iterable[Team]) -> Mapping[Team, Helped]:
        found = {}
        for team in teams:
            plan = self._trial(self.text, [*self._taken, *team])
            part = 1 / INCLUDES if self._has_more(team) else HELPS
            if {*team} <= {*plan.indexes} and plan.cost <= part * self._before.cost:
                found[team] = Helped(self._planned, self._before, plan)
        return found

    def _others(self) -> list[str]:
        """Return the candidates on tables of the query that aren't taken."""
        return [
            name
            for name, candidate in self._names.items()
            if candidate.table in self._tables and name not in self._taken
        ]

    def _has_more(self, team: Team) -> bool:
        """Return whether one of the ``team`` has columns that aren't keys."""
        return any(self._names[name].include for name in team)


def _burden(candidate: Candidate, size: int) -> float:
    """Return what an index costs, in bytes: its own, and more where it is written slowly."""
    if candidate.method == "gin":
        return size * GIN
    return size if candidate.columns else size * BY_HAND
