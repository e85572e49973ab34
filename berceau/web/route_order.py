"""The order of components' routes: the more specific pattern comes first, whoever declares it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.urldispatch import Route

from berceau.errors import ComponentError, Location
from berceau.web.patterns import Pattern
from berceau.web.predicates import tell_apart
from berceau.web.registry import ROUTES

LAST = PHASE3_CONFIG + 1
"""The phase of what needs all routes."""


@dataclass
class ComponentRoutes:
    """The names of the routes that components add, and the orders that they declare.

    ``owners`` has the component of each route, ``orders`` pairs of names: the first one is matched
    before the second.
    """

    owners: dict[str, str] = field(default_factory=dict)
    orders: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def of(self, component: str, config: Configurator) -> Iterator[None]:
        """Note the routes that the body adds as those of ``component``."""
        before = set(_names(config))
        yield
        for name in _names(config):
            if name not in before:
                self.owners.setdefault(name, component)


def includeme(config: Configurator) -> None:
    """Give components the directive."""
    config.registry[ROUTES] = ComponentRoutes()
    config.add_directive("order_routes", order_routes)


def sort_at_last(config: Configurator) -> None:
    """Sort the routes of components once all are known."""
    config.action(None, lambda: sort(config, config.registry[ROUTES]), order=LAST)


def order_routes(config: Configurator, *names: str) -> None:
    """Let the routes with these ``names`` be matched in this order; some needn't exist."""
    routes: ComponentRoutes = config.registry[ROUTES]
    routes.orders += pairwise(names)


def _names(config: Configurator) -> Iterator[str]:
    """Yield the names of all routes so far, whether they are in force already or not."""
    yield from config.get_routes_mapper().routes
    for action in config.action_state.actions:
        discriminator = action["discriminator"]
        if isinstance(discriminator, tuple) and discriminator[0] == "route":
            yield discriminator[1]


@dataclass
class _Entry:
    """A route of a component."""

    route: Route
    component: str
    where: Location

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern(self.route)

    @cached_property
    def predicates(self) -> dict[str, Any]:
        """What else has to be true of a request, by kind."""
        return {type(each).__name__: each for each in self.route.predicates if each.phash()}

    @property
    def specificity(self) -> tuple[Any, int]:
        return (self.pattern.specificity, -len(self.predicates))

    def __str__(self) -> str:
        return f"{self.route.name} ({self.route.pattern}) of {self.where}"


def sort(config: Configurator, routes: ComponentRoutes) -> None:
    """Put the routes of components in order. Those of the application itself keep their places.

    Raises ``ComponentError`` where two components have routes that can't be told apart.
    """
    routelist: list[Route] = config.get_routes_mapper().routelist
    places = [number for number, each in enumerate(routelist) if each.name in routes.owners]
    entries = [_entry(config, routelist[place], routes) for place in places]
    _refuse_ambiguous(entries, routes.orders)
    entries.sort(key=lambda entry: entry.specificity)
    for place, entry in zip(places, _declared_order(entries, routes.orders), strict=True):
        routelist[place] = entry.route


def _entry(config: Configurator, route: Route, routes: ComponentRoutes) -> _Entry:
    component = routes.owners[route.name]
    introspectable = config.introspector.get("routes", route.name)
    info = introspectable.action_info if introspectable else None
    file = Path(info.file) if info else None
    return _Entry(route, component, Location(component, file, info.line if info else None))


def _refuse_ambiguous(entries: Iterable[_Entry], orders: Sequence[tuple[str, str]]) -> None:
    buckets: dict[object, list[_Entry]] = defaultdict(list)
    for entry in entries:
        buckets[entry.pattern.bucket, len(entry.predicates)].append(entry)
    for bucket in buckets.values():
        for first, second in combinations(bucket, 2):
            if (
                first.component != second.component
                and _may_match_the_same(first, second)
                and not _are_ordered(first.route.name, second.route.name, orders)
            ):
                raise ComponentError(
                    f"Two routes match the same addresses: {first}, and {second}.",
                    where=second.where,
                    cure="Change one of the patterns, or say which is matched first, in the "
                    "includeme of one of the components: "
                    f'config.order_routes("{second.route.name}", "{first.route.name}")',
                )


def _may_match_the_same(first: _Entry, second: _Entry) -> bool:
    differing = (
        tell_apart(first.predicates[kind], second.predicates[kind])
        for kind in first.predicates.keys() & second.predicates.keys()
    )
    return not any(differing) and first.pattern.overlaps(second.pattern)


def _are_ordered(first: str, second: str, orders: Sequence[tuple[str, str]]) -> bool:
    return second in _after(first, orders) or first in _after(second, orders)


def _after(name: str, orders: Sequence[tuple[str, str]]) -> set[str]:
    """Return the names of the routes that are declared to come after the one called ``name``."""
    found: set[str] = set()
    pending = [name]
    while pending:
        here = pending.pop()
        following = {later for earlier, later in orders if earlier == here} - found
        found |= following
        pending += following
    return found


def _declared_order(
    entries: Sequence[_Entry], orders: Sequence[tuple[str, str]]
) -> Iterator[_Entry]:
    """Yield ``entries`` in their order, but each after those that ``orders`` put before it."""
    position = {entry.route.name: number for number, entry in enumerate(entries)}
    pairs = {(position[a], position[b]) for a, b in orders if a in position and b in position}
    waiting = {number: sum(later == number for _, later in pairs) for number in position.values()}
    ready = [number for number, count in waiting.items() if not count]
    heapify(ready)
    while ready:
        number = heappop(ready)
        del waiting[number]
        yield entries[number]
        for later in {later for earlier, later in pairs if earlier == number}:
            waiting[later] -= 1
            if not waiting[later]:
                heappush(ready, later)
    if waiting:
        names = ", ".join(entries[number].route.name for number in waiting)
        raise ComponentError(
            f"The orders that are declared for these routes contradict each other: {names}.",
            where=entries[next(iter(waiting))].where,
            cure="Correct config.order_routes(...) in the includeme of one of the components.",
        )
