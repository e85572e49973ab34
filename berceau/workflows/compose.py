"""Compose: discover the components and turn all their entities into one declared ``Schema``."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from berceau.components import Component, discover, import_entities
from berceau.errors import BerceauError, ComponentImportError, DuplicateNameError, Location
from berceau.orm import db
from berceau.orm.database import is_mapped, map_entities
from berceau.orm.diagnosis import place_of
from berceau.orm.mapping import enum_classes, table_entities, to_schema
from berceau.schema.model import Schema
from berceau.source import check_entities
from berceau.workflows.phases import Phases

_ALREADY_EXISTS = re.compile(r"Entity (\w+) already exists")


@dataclass(frozen=True)
class Composition:
    """All components, the schema they declare together, and who declared what.

    ``owners`` gives the component of each table and enum by name; a link table belongs to the
    later of the two components that it links. What is declared outside of every component has
    no owner.
    """

    components: tuple[Component, ...]
    schema: Schema
    owners: Mapping[str, str]

    def part(self, component: Component) -> Schema:
        """Return what ``component`` declares."""
        return self.schema.only(
            frozenset(name for name, owner in self.owners.items() if owner == component.name)
        )


def compose(folder: Path, phases: Phases | None = None) -> Composition:
    """Discover the components, import and map their entities, and compose their schema.

    ``folder`` holds the project's components. Works once per process, as Pony maps once; a
    second call gives the same entities anew. Raises ``ComponentError`` and its kin, each with
    component, file and line.
    """
    phases = phases or Phases()
    with phases.phase("discover"):
        components = discover(folder)
    with phases.phase("check"):
        check_entities(components)
    with phases.phase("import"):
        _import(components, folder)
    with phases.phase("map"):
        _map(components)
        schema = to_schema(db)
        owners = _owners(components)
    return Composition(components, schema, owners)


def _import(components: tuple[Component, ...], folder: Path) -> None:
    try:
        import_entities(components, folder)
    except ComponentImportError as error:
        match = _ALREADY_EXISTS.search(str(error.__cause__))
        if match is None:
            raise
        first = _place(db.entities[match[1]], components)
        raise DuplicateNameError(
            f"The entity {match[1]} is declared twice: first in {first}.",
            where=error.where,
            cure="Rename one of them; entities share one namespace across components.",
        ) from error


def _map(components: tuple[Component, ...]) -> None:
    if is_mapped():
        return
    try:
        map_entities()
        enum_classes(db)
    except BerceauError as error:
        if error.where and error.where.file and error.where.component is None:
            component = _component_of(error.where.file, components)
            error.where = Location(component, error.where.file, error.where.line)
        raise


def _place(declared: type, components: Iterable[Component]) -> Location:
    where = place_of(declared)
    return Location(_component_of(_file(declared), components), where.file, where.line)


def _component_of(file: Path, components: Iterable[Component]) -> str | None:
    return next((c.name for c in components if file.is_relative_to(c.path)), None)


def _owners(components: tuple[Component, ...]) -> dict[str, str]:
    rank = {component.name: position for position, component in enumerate(components)}
    declared: dict[str, Iterable[type]] = {
        name: (enum_class,) for name, enum_class in enum_classes(db).items()
    }
    declared |= table_entities(db)
    owners = {}
    for name, classes in declared.items():
        names = {_component_of(_file(each), components) for each in classes} - {None}
        if names:
            owners[name] = max(names, key=lambda owner: rank[str(owner)])
    return {name: str(owner) for name, owner in owners.items()}


def _file(declared: type) -> Path:
    return Path(str(sys.modules[declared.__module__].__file__))
