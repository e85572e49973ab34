"""Compose: discover the components and turn all their entities into one declared ``Schema``."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from berceau.components import (
    Component,
    by_folder,
    component_of,
    discover,
    import_entities,
)
from berceau.errors import (
    BerceauError,
    ComponentImportError,
    DuplicateNameError,
    EntityError,
    Location,
)
from berceau.orm import db
from berceau.orm.database import is_mapped, map_entities
from berceau.orm.diagnosis import duplicate, file_of_module, place_of
from berceau.orm.distribution import check_distribution
from berceau.orm.mapping import declaring_modules, enum_classes, table_entities, to_schema
from berceau.orm.refused_classes import place_of_refusal
from berceau.postgres.core.own_tables import OWN_TABLES
from berceau.schema.model import Schema
from berceau.source import check_entities
from berceau.workflows.build.misplaced import Misplaced
from berceau.workflows.build.scopes import Scopes
from berceau.workflows.shared.phases import Phases

_ALREADY_EXISTS = re.compile(r"Entity (\w+) already exists")


@dataclass(frozen=True)
class Composition:
    """All components, the schema they declare together, and who declared what.

    ``component_by_name`` gives the component of each table and enum, and of each subclass by the
    path of its value; a link table belongs to the component that declares its relation, the later
    one where both sides are written. What is declared outside of every component has none.
    ``shared`` are the components whose tables all tenants share, and ``misplaced`` is what refers
    from these to others.
    """

    components: tuple[Component, ...]
    schema: Schema
    component_by_name: Mapping[str, str]
    shared: tuple[str, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()

    @cached_property
    def parts(self) -> Mapping[str, Schema]:
        """What each component declares, by the component's name."""
        enums, tables = defaultdict(list), defaultdict(list)
        for enum in self.schema.enums:
            enums[self.component_by_name.get(enum.name)].append(enum)
        for table in self.schema.tables:
            tables[self.component_by_name.get(table.name)].append(table)
        return {
            component.name: Schema(tuple(enums[component.name]), tuple(tables[component.name]))
            for component in self.components
        }


def compose(
    folder: Path,
    phases: Phases | None = None,
    components: tuple[Component, ...] | None = None,
) -> Composition:
    """Import and map the entities of ``components``, by default all, and compose their schema.

    ``folder`` holds the project's components. Works once per process, as Pony maps once; a
    second call gives the same entities again. Raises ``ComponentError`` and its kin, each with
    component, file and line.
    """
    phases = phases or Phases()
    if components is None:
        components = discover(folder)
    with phases.phase("check"):
        check_entities(components)
    with phases.phase("import"):
        _import(components, folder)
    with phases.phase("map"):
        schema = _map(components)
        component_by_name = _component_by_name(components)
        scopes = Scopes(components)
        misplaced = scopes.find_misplaced(schema, component_by_name)
    return Composition(components, schema, component_by_name, scopes.shared, misplaced)


def _import(components: tuple[Component, ...], folder: Path) -> None:
    try:
        with redirect_stdout(sys.stderr):  # what a component prints is no output of a command
            import_entities(components, folder)
    except ComponentImportError as error:
        match = _ALREADY_EXISTS.search(str(error.__cause__))
        if match is None:
            raise _at_attribute(error, components) from error.__cause__
        first = _place(db.entities[match[1]], components)
        raise DuplicateNameError(
            f"The entity {match[1]} is declared twice: first in {first}.",
            where=error.where,
            cure="Rename one of them; entities share one namespace across components.",
        ) from error
    except EntityError as error:
        raise _at_attribute(error, components) from error.__cause__


def _at_attribute(error: BerceauError, components: Iterable[Component]) -> BerceauError:
    """Return an ``error`` of an import at the attribute that it is about, if it is about one."""
    place = place_of_refusal(error.__cause__ or error)
    return error.at(_named(place, components)) if place else error


def _map(components: tuple[Component, ...]) -> Schema:
    try:
        if not is_mapped():
            map_entities()
        _check_names()
        schema = to_schema(db)
        check_distribution(db, schema)
        return schema
    except BerceauError as error:
        if error.where and error.where.file and error.where.component is None:
            raise error.at(_named(error.where, components)) from error
        raise


def _check_names() -> None:
    entities = table_entities(db)
    for name, enum_class in enum_classes(db).items():
        if name in entities:
            raise duplicate("table or enum type", name, entities[name][0], enum_class)
    for name in OWN_TABLES:
        if name in entities:
            raise EntityError(
                f"The table {name} is Berceau's own: it records what was done.",
                where=place_of(entities[name][0]),
                cure="Rename the class.",
            )


def _place(declared: type, components: Iterable[Component]) -> Location:
    return _named(place_of(declared), components)


def _named(where: Location, components: Iterable[Component]) -> Location:
    component = component_of(where.file, by_folder(components)) if where.file else None
    return Location(component.name if component else None, where.file, where.line)


def _component_by_name(components: tuple[Component, ...]) -> dict[str, str]:
    folders = by_folder(components)

    @cache
    def component(module: str) -> Component | None:
        return component_of(file_of_module(module), folders)

    rank = {component: position for position, component in enumerate(components)}
    component_by_name = {}
    for name, modules in declaring_modules(db).items():
        found = set(filter(None, map(component, modules)))
        if found:
            component_by_name[name] = max(found, key=rank.__getitem__).name
    return component_by_name
