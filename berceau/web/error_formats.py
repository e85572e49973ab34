"""Errors of an API in a form of its own, which its OpenAPI document describes, too."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from pyramid.config import Configurator
from pyramid.request import Request

from berceau.errors import ComponentError
from berceau.web.prefixes import full_prefix, is_below
from berceau.web.problems import Problem
from berceau.web.registry import ERROR_FORMATS

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger("berceau")


@dataclass(frozen=True)
class ErrorFormat:
    """How the errors below an address are written: ``show`` returns what ``adapter`` writes."""

    show: Callable[[Request, Problem], Any]
    adapter: "TypeAdapter[Any]"
    content_type: str

    def write(self, request: Request, problem: Problem) -> tuple[str, bytes] | None:
        """Return the media type and the text of ``problem``; where that fails, log it."""
        try:
            value = self.adapter.validate_python(self.show(request, problem), from_attributes=True)
            written = self.adapter.dump_json(value, by_alias=True)
        except Exception as error:  # whatever the component's code raises
            log.error("an error of the status %d has no form", problem.status, exc_info=error)
            return None
        return self.content_type, written


class ErrorFormats(dict[str, ErrorFormat]):
    """The forms by the prefixes that they hold for."""

    def of(self, path: str) -> ErrorFormat | None:
        """Return the form for ``path``, or a route's pattern: that of the longest prefix."""
        found = [prefix for prefix in self if is_below(path, prefix)]
        return self[max(found, key=len)] if found else None


def includeme(config: Configurator) -> None:
    """Add the directive ``config.format_errors()``."""
    config.registry[ERROR_FORMATS] = ErrorFormats()
    config.add_directive("format_errors", format_errors)


def format_errors(
    config: Configurator,
    show: Callable[[Request, Problem], Any],
    *,
    prefix: str,
    content_type: str = "application/json",
) -> None:
    """Write the errors below ``prefix`` as ``show(request, problem)`` returns them.

    Its return annotation is what the OpenAPI document has for them: a pydantic model, or another
    type that pydantic knows. Where a browser asks for a page, it gets one still. Raises
    ``ComponentError`` where there is no such annotation.
    """
    found = ErrorFormat(show, _adapter(show), content_type)
    place = full_prefix(config, prefix)
    note = config.registry[ERROR_FORMATS].__setitem__
    config.action((ERROR_FORMATS, place), note, args=(place, found))


def _adapter(show: Callable[..., Any]) -> "TypeAdapter[Any]":
    # pydantic takes a while to import: who has no API does without.
    from pydantic import TypeAdapter

    from berceau.web.api.signature import UNBUILDABLE

    try:
        return TypeAdapter(get_type_hints(show, include_extras=True)["return"])
    except (KeyError, NameError, *UNBUILDABLE) as error:
        reason = "has none" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ComponentError(
            f"The errors that {show.__name__} writes are described by its return annotation: "
            f"{reason}",
            cure="Annotate it by a pydantic model: -> Errors.",
        ) from error
