"""APIs whose clients send a token: without cookies, sessions and CSRF, and with errors in JSON."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.events import BeforeTraversal
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from pyramid.viewderivers import INGRESS

from berceau.components import Component
from berceau.errors import ComponentError
from berceau.web.components import component_location
from berceau.web.no_session import NoSession
from berceau.web.prefixes import full_prefix, is_below
from berceau.web.registry import RUNNING, WITHOUT_COOKIES

APIS = "berceau.token_apis"


@dataclass
class TokenApis:
    """What belongs to token APIs: ``packages`` of components, addresses by prefix, and routes.

    ``prefixes`` maps each to the packages that declared it, and ``shared`` has those that hold for
    the routes of all components. ``views`` has for each route whether
    each of its views does.
    """

    packages: set[str] = field(default_factory=set)
    prefixes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    shared: set[str] = field(default_factory=set)
    views: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def has_path(self, path: str) -> bool:
        """Return whether ``path``, or a route's pattern, begins with one of the prefixes."""
        return any(is_below(path, each) for each in self.prefixes)

    def has_view(self, info: Any) -> bool:
        """Return whether the view that Pyramid's ``info`` describes belongs to one."""
        return self.has(info.options.get("token_api"), info.package.__name__, _pattern(info))

    def has(self, declared: bool | None, package: str, pattern: str) -> bool:
        """Return whether a view does: one of ``package``, at a route's ``pattern``.

        ``declared`` is its option ``token_api``, which has the last word.
        """
        if declared is not None:
            return declared
        return any(f"{package}.".startswith(f"{each}.") for each in self.packages) or (
            self.has_path(pattern)
        )

    def has_route(self, name: str) -> bool:
        """Return whether all views of the route do."""
        return all(self.views.get(name, [False]))


def includeme(config: Configurator) -> None:
    """Add the directive ``config.token_api()`` and the view option ``token_api``."""
    config.registry[APIS] = TokenApis()
    config.add_directive("token_api", token_api)
    config.add_view_deriver(derive, "token_api", under=INGRESS, over="secured_view")
    config.add_view_deriver(free_of_csrf)
    config.add_subscriber(find_route, BeforeTraversal)
    config.add_tween(
        "berceau.web.token_apis.token_api_tween_factory",
        under="berceau.web.requests.request_log_tween_factory",
        over=EXCVIEW,
    )
    config.action(APIS, lambda: check_prefixes(config), order=PHASE3_CONFIG + 1)


def token_api(config: Configurator, prefix: str | None = None, *, shared: bool = False) -> None:
    """Make all below the address ``prefix`` a token API, or else all views of the component.

    Its requests have neither cookies nor a session, its forms need no token against forgery, and
    its errors are problem+json. Where the prefix is ``shared``, other components may have routes
    below it without declaring it, too.
    """
    apis: TokenApis = config.registry[APIS]
    if prefix is None:
        apis.packages.add(config.package.__name__)
        return
    place = full_prefix(config, prefix)
    apis.prefixes[place].add(config.package.__name__)
    if shared:
        apis.shared.add(place)


def token_api_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that takes the cookies from requests whose address has one of the prefixes."""
    apis: TokenApis = registry[APIS]
    if not apis.prefixes:
        return handler

    def token_api_tween(request: Request) -> Response:
        if apis.has_path(request.environ.get("PATH_INFO", "")):
            take_cookies(request)
        return handler(request)

    return token_api_tween


def find_route(event: BeforeTraversal) -> None:
    """Take the cookies before anything asks who the visitor is, where the route says enough."""
    route = getattr(event.request, "matched_route", None)
    if route is not None and event.request.registry[APIS].has_route(route.name):
        take_cookies(event.request)


def derive(view: Any, info: Any) -> Any:
    """Let a view of a token API run without cookies, whatever its route says."""
    if info.exception_only:  # it may answer for any request
        return view
    apis: TokenApis = info.registry[APIS]
    belongs = apis.has_view(info)
    apis.views[info.options.get("route_name")].append(belongs)
    if not belongs:
        return view

    def tokens_only(context: Any, request: Request) -> Response:
        take_cookies(request)
        return view(context, request)

    return tokens_only


derive.options = ("token_api",)  # type: ignore[attr-defined] # how Pyramid learns of a view's option


def free_of_csrf(view: Any, info: Any) -> Any:
    """Check no token of a form: a request without cookies does nothing in its visitor's name."""
    if info.registry[APIS].has_view(info):
        info.options["require_csrf"] = False  # what Pyramid reads next
    return view


def take_cookies(request: Request) -> None:
    """Make ``request`` one without cookies and session, whose errors are problem+json."""
    request.environ[WITHOUT_COOKIES] = True
    request.environ.pop("HTTP_COOKIE", None)
    vars(request)["session"] = NoSession()  # Pyramid would make one when it is asked for


def is_token_api(request: Request) -> bool:
    """Return whether ``request`` is one of a token API: it has no cookies, and programs read it."""
    return bool(request.environ.get(WITHOUT_COOKIES))


def check_prefixes(config: Configurator) -> None:
    """Refuse a prefix that takes the cookies of another component. Raises ``ComponentError``."""
    components = config.registry[RUNNING].components
    apis: TokenApis = config.registry[APIS]
    for prefix, packages in apis.prefixes.items():
        owners = {_component(package, components) for package in packages}
        if None in owners or prefix in apis.shared:  # the application itself wants it so
            continue
        for entry in config.introspector.get_category("routes", ()):
            route = entry["introspectable"]
            where = component_location(route.action_info, components)
            if where and where.component not in owners and is_below(route["pattern"], prefix):
                raise ComponentError(
                    f"The route {route['name']!r} of component {where.component} is in {prefix}, "
                    f"which component {min(map(str, owners))} makes a token API: it would have "
                    "no session.",
                    where=where,
                    cure=f'Call config.token_api(prefix="{prefix}") in its includeme, too, or '
                    "add shared=True to the first call, or give the route another address.",
                )


def _component(package: str, components: Sequence[Component]) -> str | None:
    """Return the name of the component that ``package`` is in; ``None``: the application's."""
    found = (each.name for each in components if f"{package}.".startswith(f"{each.package}."))
    return next(found, None)


def _pattern(info: Any) -> str:
    mapper = info.registry.queryUtility(IRoutesMapper)
    route = mapper and mapper.get_route(info.options.get("route_name") or "")
    return route.pattern if route else ""
