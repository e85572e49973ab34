"""Declared: what the components declare, from the last composition where nothing changed since."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from berceau.components import Component, discover
from berceau.schema.model import Schema
from berceau.settings import Settings
from berceau.tenancy import Scope
from berceau.workflows.build import inputs
from berceau.workflows.build.input_tracking import watch
from berceau.workflows.build.inputs import Inputs
from berceau.workflows.build.misplaced import Misplaced, refuse_misplaced
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.phases import Phases

if TYPE_CHECKING:
    from berceau.workflows.build.compose import Composition

_START = time.time_ns()
"""No module of the project that is edited later is what this process imported, for certain."""

_INPUTS = "inputs"
_DECLARED = "declared"


@dataclass(frozen=True)
class Declared:
    """The schema that all components declare, and the component of each part of it by name.

    The tables of the ``shared`` components belong to all tenants together, where there are some.
    What is ``misplaced`` refers from these to others.
    """

    schema: Schema
    component_by_name: Mapping[str, str]
    shared: tuple[str, ...] = ()
    misplaced: tuple[Misplaced, ...] = ()

    def part(self, scope: Scope) -> "Declared":
        """Return what of it belongs to one ``scope``. Raises ``EntityError``."""
        refuse_misplaced(self.misplaced)

        def ours(name: str) -> bool:
            return (self.component_by_name.get(name) in self.shared) == (scope == "shared")

        return replace(
            self,
            schema=Schema(
                tuple(each for each in self.schema.enums if ours(each.name)),
                tuple(each for each in self.schema.tables if ours(each.name)),
                tuple(each for each in self.schema.meanings if ours(each.place[0])),
            ),
        )


@dataclass(frozen=True)
class Sources:
    """The components as they lie on disk, ``fingerprint`` of all that they are composed from.

    It is ``None`` where the project was never composed.
    """

    components: tuple[Component, ...]
    own: str = field(repr=False)
    fingerprint: str | None


def declared(settings: Settings, sources: Sources | None = None) -> Declared:
    """Return what the components of the project declare.

    Nothing is imported where no source changed since the last composition. Who looked at the
    ``sources`` already passes them. Raises ``ComponentError`` and its kin, as ``compose`` does.
    """
    if sources is None:
        sources = look(settings)
    if sources.fingerprint is not None:
        kept = SchemaCache(settings.cache).find(Declared, _DECLARED, (sources.fingerprint,))
        if kept is not None:
            return kept
    composition, _ = compose_uncached(settings, sources)
    return of(composition)


def look(settings: Settings, phases: Phases | None = None) -> Sources:
    """Discover the project's components and read their files; nothing is imported."""
    phases = phases or Phases()
    with phases.phase("discover"):
        components = discover(settings.components)
    with phases.phase("compare"):
        own = inputs.of_sources(components)
        kept = SchemaCache(settings.cache).find(Inputs, _INPUTS, ())
        return Sources(components, own, kept.fingerprint(own) if kept is not None else None)


def compose_uncached(
    settings: Settings, sources: Sources, phases: Phases | None = None, *, keep: bool = True
) -> tuple["Composition", str | None]:
    """Compose ``sources``, by importing them, and ``keep`` what they declare for the next command.

    Also returns the fingerprint of all that the composition follows from, or ``None`` where that
    can't be told: a file changed meanwhile, or this process had imported components before, and
    what they read wasn't recorded. Raises ``ComponentError`` and its kin.
    """
    unwatched = any(component.package in sys.modules for component in sources.components)
    with watch() as reads:
        from berceau.workflows.build.compose import compose

        composition = compose(settings.components, phases, sources.components)
    read = inputs.found(sources.components, settings.root, reads)
    if unwatched or read.changed_since(_START):
        return composition, None
    # The components' own files count as they were: a change since then is seen the next time.
    fingerprint = read.fingerprint(sources.own)
    if keep:
        cache = SchemaCache(settings.cache)
        cache.keep(_INPUTS, (), read)
        cache.keep(_DECLARED, (fingerprint,), of(composition))
    return composition, fingerprint


def of(composition: "Composition") -> Declared:
    """Return what is declared in ``composition``."""
    return Declared(
        composition.schema,
        composition.component_by_name,
        composition.shared,
        composition.misplaced,
    )
