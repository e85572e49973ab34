"""What an application's configuration has for APIs: their views, and the OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from inspect import isclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.config.actions import ActionInfo
from pyramid.request import Request
from pyramid.response import Response
from pyramid.urldispatch import route_re

from berceau.errors import ComponentError, Location
from berceau.web.components import component_location
from berceau.web.prefixes import is_below
from berceau.web.rate_limits import LIMITS, RateLimit
from berceau.web.registry import ERROR_FORMATS, OPENAPI, OPERATIONS, RUNNING
from berceau.web.token_apis import APIS, TokenApis

if TYPE_CHECKING:
    from berceau.web.api.openapi import Documented
    from berceau.web.api.operation import Operation

AFTER_ROUTES = PHASE3_CONFIG + 1
AFTER_OPERATIONS = AFTER_ROUTES + 1

BEARER: Mapping[str, Any] = {"token": {"type": "http", "scheme": "bearer"}}

OURS = {"returns": None, "status": None, "errors": (), "operation_id": None, "tags": None}
"""The options of an API view that Pyramid's views don't have, and what they are by default."""


def includeme(config: Configurator) -> None:
    """Add the directives ``config.add_api_view`` and ``config.add_openapi``."""
    config.registry[OPERATIONS] = {}
    config.include("berceau.web.api.invalid")
    config.add_directive("add_api_view", add_api_view)
    config.add_directive("add_openapi", add_openapi)


def add_api_view(config: Configurator, view: Any, **options: Any) -> None:
    """Register ``view`` as ``@api_view`` does, with its options. Raises ``ComponentError``."""
    view = config.maybe_dotted(view)
    if isclass(view):
        options = {**getattr(view, "__view_defaults__", {}), **options}
    try:
        _add(config, view, options)
    except ComponentError as error:
        raise _at_component(config, error) from error.__cause__


def _add(config: Configurator, view: Any, options: dict[str, Any]) -> None:
    # pydantic takes a while to import: who has no API view does without.
    from berceau.web.api.operation import Operation
    from berceau.web.api.view import OperationMapper

    operation = Operation.describe(view, options)
    documented = options.pop("document", True)
    for name in OURS:
        options.pop(name, None)
    config.add_view(view, mapper=partial(OperationMapper, operation), **options)
    known = partial(_check_parts, config, operation)
    config.action(None, known, order=AFTER_ROUTES)
    for method in operation.methods if documented else ():
        key = operation.route_name, method
        registered = operation, config.package.__name__
        note = partial(config.registry[OPERATIONS].__setitem__, key, registered)
        config.action((OPERATIONS, *key), note, order=AFTER_ROUTES)


def _check_parts(config: Configurator, operation: "Operation") -> None:
    """Raise ``ComponentError`` where the view takes what the route's pattern doesn't have."""
    route = config.get_routes_mapper().get_route(operation.route_name)
    wrong = sorted(operation.signature.parts.keys() - parts_of(route.pattern))
    if wrong:
        error = operation.signature.error(
            f"takes {', '.join(wrong)}, which the pattern {route.pattern} of the route "
            f"{route.name} doesn't have",
            "Call it body, query, or as a part of the pattern.",
        )
        raise _at_component(config, error)


def parts_of(pattern: str) -> set[str]:
    """Return the names of the parts in a route's pattern, such as ``/posts/{id}/*rest``."""
    names = {part[1:-1].partition(":")[0] for part in route_re.findall(pattern)}
    _, star, rest = pattern.rpartition("*")
    return names | ({rest} if star and rest.isidentifier() else set())


def add_openapi(
    config: Configurator,
    *,
    title: str,
    version: str = "1",
    path: str = "/openapi.json",
    security: Mapping[str, Any] = BEARER,
) -> None:
    """Serve the OpenAPI 3.1 document of the API views below the folder of ``path``.

    These are all of the application where it is ``/openapi.json``. ``security`` has OpenAPI's
    security schemes for token APIs, by name. Raises ``ComponentError`` at the start where
    something can't be described.
    """
    written: dict[str, bytes] = {}

    def write() -> None:
        from berceau.web.api.openapi import Security, describe

        try:
            document = describe(
                _documented(config, name), {"title": title, "version": version}, Security(security)
            )
        except ComponentError as error:
            raise _at_component(config, error) from error.__cause__
        written["document"] = json.dumps(document, ensure_ascii=False, indent=2).encode()
        pattern = config.get_routes_mapper().get_route(name).pattern
        config.registry.setdefault(OPENAPI, {})[pattern] = document

    def show(_request: Request) -> Response:
        return Response(written["document"], content_type="application/json")

    name = f"berceau.openapi:{path}"
    config.add_route(name, path)
    config.add_view(show, route_name=name, request_method="GET")
    config.action(name, write, order=AFTER_OPERATIONS)


def _documented(config: Configurator, name: str) -> Iterator["Documented"]:
    """Yield the operations below the folder of the document's own route, called ``name``."""
    from berceau.web.api.openapi import Documented

    routes = config.get_routes_mapper()
    folder = routes.get_route(name).pattern.rpartition("/")[0]
    apis: TokenApis = config.registry[APIS]
    limits: list[RateLimit] = config.registry[LIMITS]
    for (route_name, method), (operation, package) in config.registry[OPERATIONS].items():
        component = _component(config, operation.signature.where)
        pattern = routes.get_route(route_name).pattern
        if not is_below(pattern, folder):
            continue
        yield Documented(
            operation=operation,
            method=method,
            pattern=pattern,
            component=component.component if component else None,
            takes_tokens=apis.has(operation.options.get("token_api"), package, pattern),
            error_format=config.registry[ERROR_FORMATS].of(pattern),
            is_limited=any(each.holds_for(pattern, route_name) for each in limits),
        )


def _at_component(config: Configurator, error: ComponentError) -> ComponentError:
    """Return ``error`` with the component that its file is in, or else the line that runs."""
    where = error.where or Location()
    if where.file is None:
        line = config.action_info
        where = Location(None, Path(line.file), line.line)
    return error.at(_component(config, where) or where)


def _component(config: Configurator, where: Location) -> Location | None:
    line = ActionInfo(where.file, where.line, "", "")
    return component_location(line, config.registry[RUNNING].components)
