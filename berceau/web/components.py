"""A component's manifest and views become part of a Pyramid application."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pony.orm import ERDiagramError
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError

from berceau.components import Component, import_module, locate
from berceau.errors import (
    BerceauError,
    ComponentError,
    ComponentImportError,
    EntityError,
    Location,
    SettingsError,
)
from berceau.web.registry import ROUTES
from berceau.web.shared_configuration import conflict, refuse_reserved

# Modules that are no part of the running application, and may import what only tests have.
NOT_SCANNED = [".tests", ".conftest"]


def include_component(
    config: Configurator, component: Component, among: Sequence[Component]
) -> None:
    """Run the manifest of ``component`` and register its decorated views.

    Raises ``ComponentError`` with the file and line at fault; ``among`` are all components.
    """
    package = import_module(component.package, component, among)
    begin = len(config.action_state.actions)
    with _blame(component, among), config.registry[ROUTES].of(component.name, config):
        if hasattr(package, "includeme"):
            config.include(package)
        config.scan(package, ignore=NOT_SCANNED)
    refuse_reserved(config, begin, component)


@contextmanager
def _blame(component: Component, among: Sequence[Component]) -> Iterator[None]:
    try:
        yield
    except (ComponentError, SettingsError) as error:  # it knows the cure
        if error.where is not None:
            raise
        raise error.at(_place(error, component, among)) from error
    except ERDiagramError as error:
        raise EntityError(
            f"Component {component.name} declares an entity too late: {error}",
            where=_place(error, component, among),
            cure="Declare it in the component's entities.py: only that file is read in time.",
        ) from error
    except (Exception, SystemExit) as error:
        raise ComponentImportError(
            f"Component {component.name} doesn't load: {type(error).__name__}: {error}",
            where=_place(error, component, among),
            cure="Correct the line, or remove the component's folder.",
        ) from error


def _place(error: BaseException, component: Component, among: Sequence[Component]) -> Location:
    where = locate(error, among)
    return where if where.file else Location(component.name, component.path)


@contextmanager
def blame_configuration(components: Sequence[Component]) -> Iterator[None]:
    """Turn what Pyramid finds wrong when it puts all together into a ``ComponentError``.

    What no component caused passes through as it is.
    """
    try:
        yield
    except ConfigurationExecutionError as error:
        if isinstance(error.evalue, BerceauError):
            raise error.evalue from None
        where = component_location(error.info, components)
        if where is None:
            raise
        raise ComponentError(
            f"Component {where.component} can't be configured: {error.evalue}",
            where=where,
            cure="Correct the line, or remove the component's folder.",
        ) from error
    except ConfigurationConflictError as error:
        found = conflict(error, components)
        if found is None:
            raise
        raise found from error


def component_location(info: Any, components: Sequence[Component]) -> Location | None:
    """Return where Pyramid's action ``info`` points, if that is inside a component."""
    file = Path(getattr(info, "file", ""))
    for component in components:
        if file.is_relative_to(component.path):
            return Location(component.name, file, info.line)
    return None
