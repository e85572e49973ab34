"""How a page of the console is declared: a function, its address, its section and its template."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import venusian
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from berceau.console.guard import GUARD, SAFE, Guard
from berceau.console.layout import Layout
from berceau.console.sections import SECTIONS, TAKEN
from berceau.orm.unit import current_unit
from berceau.web.problems import FRAME
from berceau.web.registry import CONSOLE_PREFIX, settings_of

CATEGORY = "berceau.console"
PROBLEM = "berceau.console:templates/problem.pt"
"""Venusian's, of the functions that the console's scan registers."""

ROUTES = "berceau.console.routes"

View = Callable[..., Any]
V = TypeVar("V", bound=View)


def console_view(
    path: str,
    *,
    section: str,
    template: str | None = None,
    method: str = "GET",
    development: bool = False,
) -> Callable[[V], V]:
    """Let the decorated function answer ``path`` below ``/berceau``: ``/rows/{entity}``, say.

    It takes the request, and returns what the ``template`` in ``console/templates`` shows, or a
    response. ``section`` is the name of that which the navigation marks. A view of the method GET
    reads one snapshot of the database and can't write. Others need the CSRF token of the form that
    sends them, and aren't there in production; nor is a view that is only for ``development``.
    """

    def decorate(view: V) -> V:
        def register(scanner: Any, _name: str, found: View) -> None:
            if settings_of(scanner.config.get_settings()).development or (
                method in SAFE and not development
            ):
                page = Page(path, section, template, method)
                scanner.config.add_console_view(found, page)

        venusian.attach(view, register, category=CATEGORY)
        return view

    return decorate


@dataclass(frozen=True)
class Page:
    """Where a view is found, and how it is shown: see ``console_view``."""

    path: str
    section: str
    template: str | None
    method: str


def add_console_view(config: Configurator, view: View, page: Page) -> None:
    """Register ``view`` behind the guard: the directive that ``console_view`` calls."""
    if page.section not in {each.name for each in SECTIONS}:
        raise ValueError(f"The console has no section {page.section!r}: see console/sections.py.")
    known: set[str] = config.registry.setdefault(ROUTES, set())
    if _plain(page.path) not in known:
        config.add_route(_route(page.path), CONSOLE_PREFIX + page.path.rstrip("/"))
        known.add(_plain(page.path))
    config.registry.setdefault(TAKEN, set()).add(page.section)
    config.add_view(
        _guarded(view, page.section),
        route_name=_route(page.path),
        request_method=page.method,
        renderer=page.template and f"berceau.console:templates/{page.template}",
    )


def console_path(request: Request, path: str, **elements: Any) -> str:
    """Return the address of the page with this ``path``, as ``console_view`` has it.

    ``elements`` replace its placeholders; ``_query`` is as in Pyramid's ``route_path``.
    """
    found: str = request.route_path(_route(path), **elements)
    return found


def link_to(request: Request, path: str, **elements: Any) -> str | None:
    """Return what ``console_path`` does; ``None`` where no page has this ``path``."""
    if path not in request.registry[ROUTES]:
        return None
    return console_path(request, path, **elements)


def _route(path: str) -> str:
    """Return the name of the route to ``path``: its pattern, without what placeholders match."""
    return CONSOLE_PREFIX + _plain(path).rstrip("/")


def _plain(path: str) -> str:
    """Return ``/tables/{name}`` for ``/tables/{name:.+}``: so links refer to it."""
    return re.sub(r":[^{}]*\}", "}", path)


def _guarded(view: View, section: str) -> View:
    """Return ``view`` for those whom the guard lets in, with what the layout shows."""

    @wraps(view)
    def guarded(request: Request) -> Any:
        guard: Guard = request.registry[GUARD]
        answer = guard.check(request)
        if answer is not None:
            return answer
        layout = Layout(request, section)
        request.environ[FRAME] = PROBLEM, {"console": layout}
        unit = current_unit()
        if unit is not None and request.method in SAFE:
            unit.only_read()
        found = view(request)
        _keep_private(request, found)
        if isinstance(found, Mapping):
            return {**found, "console": layout}
        return found

    return guarded


def _keep_private(request: Request, found: Any) -> None:
    """Let no cache keep what the console shows."""
    response = found if isinstance(found, Response) else request.response
    response.headers["Cache-Control"] = "no-store"
