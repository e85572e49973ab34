"""The navigation: links that the components' manifests put into the layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from berceau.web.registry import NAVIGATION
from berceau.web.tenants import TenantPredicate


@dataclass(frozen=True)
class Item:
    """A link of the navigation: its text, the route it leads to, and who put it there."""

    title: str
    route_name: str
    package: str


@dataclass(frozen=True)
class Link:
    """An item as one request sees it; ``current`` is true on the page that it leads to."""

    title: str
    path: str
    package: str
    current: bool


def includeme(config: Configurator) -> None:
    """Add the directive ``config.add_navigation_item`` and ``request.navigation``."""
    config.registry[NAVIGATION] = []
    config.add_directive("add_navigation_item", add_navigation_item)
    config.add_request_method(navigation, reify=True)


def add_navigation_item(config: Configurator, title: str, route_name: str) -> None:
    """Link to the route ``route_name`` in the layout; the order of the calls is kept.

    The route takes no parameters. Raises ``ConfigurationError`` where it does, or isn't there.
    """
    item = Item(title, route_name, config.package.__name__)

    def register() -> None:
        route = config.get_routes_mapper().get_route(route_name)
        if route is None:
            raise ConfigurationError(
                f"The navigation item {title!r} leads to the route {route_name!r}, "
                "which doesn't exist."
            )
        try:
            route.generate({})
        except KeyError as missing:
            raise ConfigurationError(
                f"The navigation item {title!r} leads to the route {route_name!r}, "
                f"which needs {missing}."
            ) from None
        config.registry[NAVIGATION].append(item)

    # After Pyramid's last phase, which adds the routes: all of them are known by then.
    config.action((NAVIGATION, route_name), register, order=PHASE3_CONFIG + 1)


def navigation(request: Request) -> Sequence[Link]:
    """Return the links of the navigation as ``request`` sees them.

    Those are left out that its tenant doesn't have, or that no page without a tenant has.
    """
    route: Any = getattr(request, "matched_route", None)
    here = route.name if route is not None else None
    mapper = request.registry.getUtility(IRoutesMapper)
    return [
        Link(
            item.title,
            request.route_path(item.route_name),
            item.package,
            current=item.route_name == here,
        )
        for item in request.registry[NAVIGATION]
        if _is_there(mapper.get_route(item.route_name), request)
    ]


def _is_there(route: Any, request: Request) -> bool:
    return all(
        predicate(None, request)
        for predicate in route.predicates
        if isinstance(predicate, TenantPredicate)
    )
