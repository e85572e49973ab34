"""What components share in the application's configuration: what none may set, and two can't."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.interfaces import (
    IAuthenticationPolicy,
    IAuthorizationPolicy,
    ICSRFStoragePolicy,
    IDefaultCSRFOptions,
    IDefaultPermission,
    IExecutionPolicy,
    ILocaleNegotiator,
    IRendererFactory,
    IRequestFactory,
    IResponseFactory,
    IRootFactory,
    ISecurityPolicy,
    ISessionFactory,
    IViewMapperFactory,
)

import berceau
from berceau.components import Component, by_folder, component_of
from berceau.errors import ComponentError, Location
from berceau.web.registry import ERROR_FORMATS, OPERATIONS

_ELSEWHERE = (
    "Remove the line. An application that includes Berceau may set it: "
    "docs/guide/own-project.md#inside-an-existing-pyramid-application"
)
_FREE_VIEW = (
    "Remove the line. Give require_csrf=False to a view that needs no token, or call "
    "config.token_api() where the component is an API."
)
_ONE_POLICY = "Call config.set_security_policy(), which Pyramid 2 has in its place."

REFUSED: Mapping[Any, tuple[str, str]] = {
    ISessionFactory: ("the session factory", _ELSEWHERE),
    ICSRFStoragePolicy: ("where tokens against forged requests are stored", _FREE_VIEW),
    IDefaultCSRFOptions: ("the protection from forged requests", _FREE_VIEW),
    IExecutionPolicy: ("the execution policy, which repeats requests", _ELSEWHERE),
    IRequestFactory: (
        "the class of requests",
        "Remove the line. config.add_request_method() adds what the component needs.",
    ),
    IResponseFactory: (
        "the class of responses",
        "Remove the line, and return responses of that class in the component's views.",
    ),
    IRootFactory: (
        "the root factory of all routes",
        "Give factory= to the component's routes: config.add_route(..., factory=...).",
    ),
    IDefaultPermission: (
        "the permission that all views need",
        "Give permission= to the component's views, as @view_defaults does for a class.",
    ),
    ILocaleNegotiator: (
        "the language of all pages",
        "Let a subscriber of pyramid.events.NewRequest set request._LOCALE_, which Pyramid's own "
        "negotiator looks at first.",
    ),
    IViewMapperFactory: (
        "how all views are called",
        "Give mapper= to the component's views.",
    ),
    IAuthenticationPolicy: ("the authentication policy", _ONE_POLICY),
    IAuthorizationPolicy: ("the authorization policy", _ONE_POLICY),
}
"""What the application has once, and what a component does in its place.

A component may set the security policy: that is how one brings accounts.
"""

CONFLICTS: Mapping[Any, tuple[str, str]] = {
    "route": (
        "a route called {}",
        "Rename one of the two: all components share the names of routes.",
    ),
    "view": (
        "the same view",
        "Remove one of the two, or let route_name= or a predicate tell them apart.",
    ),
    OPERATIONS: (
        "the same operation of an API, {}",
        "Remove one of the two, or leave one out of the OpenAPI document: document=False.",
    ),
    "request extensions": (
        "the attribute {} of requests",
        "Rename one of the two: all components share the names of requests' attributes.",
    ),
    ERROR_FORMATS: ("the form of the errors below {}", "Remove one of the two."),
    IRendererFactory: ("a renderer called {}", "Rename one of the two."),
    ISecurityPolicy: (
        "the security policy",
        "An application has one: take one of the two components out.",
    ),
}
OTHER = ("the same thing", "Remove one of the two lines, or rename what it adds.")
OF_BERCEAU = (
    "Berceau has such a view. Limit the component's own by route_name= or a predicate. If the page "
    "should look different, replace its template by config.override_asset()."
)


def refuse_reserved(config: Configurator, begin: int, component: Component) -> None:
    """Raise ``ComponentError`` where ``component`` set what only the application may set.

    Its part of the configuration are the actions from the number ``begin`` on.
    """
    for action in config.action_state.actions[begin:]:
        discriminator = action["discriminator"]
        # Others may not even be hashable yet: Pyramid defers them.
        for reserved, (what, cure) in REFUSED.items():
            if discriminator is reserved:
                info = action["info"]
                raise ComponentError(
                    f"Component {component.name} sets {what}, which is the application's.",
                    where=Location(component.name, Path(info.file), info.line),
                    cure=cure,
                )


def conflict(
    error: ConfigurationConflictError, components: Sequence[Component]
) -> ComponentError | None:
    """Return what is wrong where two lines configure the same; ``None`` if no component does."""
    folders = by_folder(components)
    for discriminator, infos in error._conflicts.items():
        places = sorted({(info.file, info.line) for info in infos})
        for file, line in places:
            component = component_of(Path(file), folders)
            if component is not None:
                what, cure = _wording(discriminator, [file for file, _ in places])
                lines = " and ".join(f"{file}:{line}" for file, line in places)
                return ComponentError(
                    f"Two lines configure {what}: {lines}",
                    where=Location(component.name, Path(file), line),
                    cure=cure,
                )
    return None


def _wording(discriminator: Any, files: Sequence[str]) -> tuple[str, str]:
    """Return what is configured twice, and the cure."""
    kind, *names = discriminator if isinstance(discriminator, tuple) else (discriminator,)
    what, cure = CONFLICTS.get(kind, OTHER)
    framework = Path(berceau.__file__).parent
    if kind == "view" and any(Path(file).is_relative_to(framework) for file in files):
        cure = OF_BERCEAU
    return what.format(*names[:1]), cure
