"""What a developer's browser shows where the application can't be loaded, or a view failed."""

import linecache
import logging
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from berceau.components import Component, locate
from berceau.errors import BerceauError, Location
from berceau.settings import Settings
from berceau.settings.secrets import hide
from berceau.web.failures import template_failure
from berceau.web.problems import Problem, answer
from berceau.web.registry import EXPLAIN, RUNNING, SETTINGS, settings_of

log = logging.getLogger("berceau")

CRASHED = ("This request failed", "berceau.web:templates/crashed.pt")
BROKEN = ("The application can't be loaded", "berceau.web:templates/broken.pt")

CONTEXT = 3
"""How many lines are shown above and below the culprit."""


@dataclass(frozen=True)
class Line:
    """A line of source, with its number; ``culprit`` marks the one at fault."""

    number: int
    text: str
    culprit: bool


def includeme(config: Configurator) -> None:
    """Let the page of a failed request show why; never in production."""
    if settings_of(config.get_settings()).development:
        components = config.registry[RUNNING].components
        config.registry[EXPLAIN] = lambda error, request: answer_explained(
            request, explain(error, components), CRASHED
        )


def broken_app(settings: Settings, error: Exception) -> Any:
    """Return the WSGI application that answers everything with ``error``."""
    log.error("the application can't be loaded: %s", error, exc_info=_unforeseen(error))
    config = Configurator(settings={SETTINGS: settings, "reload_templates": True})
    config.include("berceau.web.renderer")
    config.include("berceau.web.navigation")
    config.include("berceau.web.messages")
    config.include("berceau.web.security")
    config.add_static_view("static/berceau", "berceau.web:static")
    explanation = explain(error)
    config.add_notfound_view(lambda request: answer_explained(request, explanation, BROKEN))
    return config.make_wsgi_app()


def answer_explained(
    request: Request, explanation: Mapping[str, Any], shown: tuple[str, str]
) -> Response:
    """Answer a developer by the ``explanation``; what is ``shown`` is a title and a template."""
    title, page = shown
    points = {name: explanation[name] for name in ("where", "cure") if explanation[name]}
    if explanation["template"]:
        points["expression"] = explanation["template"].expression
    for line in explanation["lines"]:
        if line.culprit:
            points["line"] = line.text.strip()
    problem = Problem(500, title, explanation["message"], points)
    return answer(request, problem, page, explanation)


def explain(error: Exception, components: Iterable[Component] = ()) -> dict[str, Any]:
    """Return what the page shows of ``error``: message, place, cure, source, and a traceback.

    An error that doesn't know its place is shown where it passed through ``components`` last; that
    may be a template, of which the page shows the expression, too.
    """
    known = isinstance(error, BerceauError)
    told = error.where if isinstance(error, BerceauError) else None
    failure = None if known else template_failure(error, components)
    where = told or (failure.where if failure and not failure.calls else locate(error, components))
    return {
        "message": hide(error.message if isinstance(error, BerceauError) else repr(error)),
        "where": str(where),
        "template": failure,
        "cure": error.cure if isinstance(error, BerceauError) else None,
        "lines": source(where),
        "traceback": None if known else hide("".join(traceback.format_exception(error))),
    }


def source(where: Location) -> list[Line]:
    """Return the lines around a place; none where it has no line that can be read."""
    if where.file is None or where.line is None:
        return []
    linecache.checkcache(str(where.file))
    lines = linecache.getlines(str(where.file))
    first = max(where.line - CONTEXT, 1)
    return [
        Line(number, text.rstrip("\n"), number == where.line)
        for number, text in enumerate(lines[first - 1 : where.line + CONTEXT], first)
    ]


def _unforeseen(error: Exception) -> Exception | None:
    return None if isinstance(error, BerceauError) else error
