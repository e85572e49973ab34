"""Where a template failed: Chameleon notes its file, line and expression beside the error."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from chameleon.exc import ExceptionFormatter, TemplateError

from berceau.components import Component, by_folder, component_of
from berceau.errors import Location


@dataclass(frozen=True)
class TemplateFailure:
    """The ``expression`` that failed, and ``where`` in a template it is.

    ``calls`` means that a component's Python failed that the expression called.
    """

    expression: str
    where: Location
    calls: bool


def template_failure(error: Exception, components: Iterable[Component]) -> TemplateFailure | None:
    """Return where the template failed that ``error`` came from; None where none did.

    Of nested templates it is the innermost, if possible in one of ``components``.
    """
    folders = by_folder(components)
    found = [
        (expression, Location(component.name if component else None, file, line))
        for expression, line, file in _noted(error)
        for component in [component_of(file, folders)]
    ]
    if not found:
        return None
    expression, where = next((each for each in found if each[1].component), found[0])
    return TemplateFailure(expression, where, _calls(error.__traceback__, folders))


def _noted(error: Exception) -> Iterable[tuple[str, int, Path]]:
    if isinstance(error, TemplateError):  # the template isn't well-formed
        if error.filename:
            yield str(error.token), error.location[0], Path(error.filename)
        return
    # Chameleon gives the error a class of its own, whose __str__ is this.
    formatter = error.__str__
    if isinstance(formatter, ExceptionFormatter):
        for expression, line, _, filename, _ in formatter._errors:
            if filename:
                yield str(expression), line, Path(filename)


def _calls(trace: TracebackType | None, folders: dict[Path, Component]) -> bool:
    """Return whether the traceback leads from a template into Python of a component."""
    inside = False
    while trace is not None:
        code = trace.tb_frame.f_code
        if "rcontext" in code.co_varnames:  # of Chameleon's compiled templates
            inside = False
        elif component_of(Path(code.co_filename), folders) is not None:
            inside = True
        trace = trace.tb_next
    return inside
