"""Which methods an address takes, as the views of its route declare them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

METHODS = "berceau.methods"

Methods = set[str]
"""Names of methods; an empty set stands for any."""


def includeme(config: Configurator) -> None:
    """Learn the methods of each route once all views are known."""
    config.action(METHODS, lambda: _learn(config), order=PHASE3_CONFIG + 1)


def methods_of(request: Request) -> tuple[str, ...]:
    """Return the methods that the address of ``request`` takes, sorted; empty where it takes any.

    It is empty, too, where no route has the address.
    """
    taken: dict[str, Methods] = request.registry.get(METHODS, {})
    route = getattr(request, "matched_route", None)
    mapper = request.registry.queryUtility(IRoutesMapper)
    if route is not None:
        routes = [route]
    elif mapper is not None:
        routes = [each for each in mapper.get_routes() if each.match(request.path_info) is not None]
    else:
        routes = []
    found = [taken.get(each.name, set()) for each in routes]
    return tuple(sorted(set().union(*found))) if all(found) else ()


def _learn(config: Configurator) -> None:
    """Note the methods of each route: its own, or else those of its views."""
    of_views: dict[str, list[Methods]] = defaultdict(list)
    for view in _introspected(config, "views"):
        if view["route_name"] is not None and not view["exception_only"]:
            of_views[view["route_name"]].append(_methods(view))
    config.registry[METHODS] = {
        route["name"]: _methods(route)
        or (set().union(*of_views[route["name"]]) if all(of_views[route["name"]]) else set())
        for route in _introspected(config, "routes")
    }


def _introspected(config: Configurator, category: str) -> Iterator[Any]:
    for entry in config.introspector.get_category(category, ()):
        yield entry["introspectable"]


def _methods(declared: Any) -> Methods:
    """Return the methods of a view or a route as Pyramid reads them: GET answers HEAD, too."""
    given = declared["request_methods"] or ()
    methods = {given} if isinstance(given, str) else set(given)
    return methods | {"HEAD"} if "GET" in methods else methods
