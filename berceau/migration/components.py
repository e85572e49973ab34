"""Which component a change belongs to, also where that component is gone."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.schema.names import quote_name


def components_of(
    names: Iterable[str], component_by_name: Mapping[str, str], migrations: Sequence[Migration]
) -> dict[str, tuple[str, ...]]:
    """Return the component of each table or enum in ``names``, as far as it is known.

    ``component_by_name`` has those of what is declared today. What is no longer declared belongs to
    a component that the migration which created it names: one of several, where it names several.
    """
    present = set(component_by_name.values())
    return {
        name: (component_by_name[name],)
        if name in component_by_name
        else _former(name, present, migrations)
        for name in names
    }


def _former(name: str, present: set[str], migrations: Sequence[Migration]) -> tuple[str, ...]:
    created = re.compile(rf"CREATE (TABLE|TYPE) {re.escape(quote_name(name))}\s")
    for migration in reversed(migrations):
        if created.search(migration.sql):
            named = migration.header.components_of(name)
            gone = [each for each in named if each not in present] or list(named)
            return _by_name(name, gone)
    return ()


@dataclass(frozen=True)
class Left:
    """The tables and enums of components that are gone, by name, each with its component.

    ``newcomers`` are the names of what new components declare: a component may only have been
    renamed, with what is in it.
    """

    component_by_name: Mapping[str, str] = field(default_factory=dict)
    newcomers: Set[str] = frozenset()


def left_behind(
    declared: Mapping[str, str | None], present: Set[str], migrations: Sequence[Migration]
) -> Left:
    """Return what is left of the components that ``migrations`` name, and that aren't ``present``.

    ``declared`` gives the component of each table and enum that is declared. What may be of a
    component that is there isn't left.
    """
    known = {each for migration in migrations for each in migration.header.components}
    if known <= present:
        return Left()
    found = {}
    for name, components in made_by_entities(migrations).items():
        candidates = _by_name(name, components)
        if name not in declared and candidates and not set(candidates) & present:
            found[name] = " or ".join(candidates)
    newcomers = {name for name, component in declared.items() if component not in known}
    return Left(found, newcomers)


def _by_name(name: str, components: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``components`` whose name a table's begins with, or all of them."""
    return tuple(each for each in components if name.startswith(f"{each}_")) or tuple(components)
