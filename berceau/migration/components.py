"""Which component a change belongs to, also where that component is gone."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set

from berceau.migration.migration import Migration
from berceau.migration.subclasses import recorded_subclasses
from berceau.schema.names import quote_name
from berceau.schema.renames import path_of


def components_of(
    names: Iterable[str], component_by_name: Mapping[str, str], migrations: Sequence[Migration]
) -> dict[str, tuple[str, ...]]:
    """Return the component of each table, enum or subclass in ``names``, as far as it is known.

    ``component_by_name`` has those of what is declared today. What is no longer declared belongs to
    a component that the migration which created it names: one of several, where it names several.
    """
    present = set(component_by_name.values())
    names = set(names)
    gone = names - component_by_name.keys()
    subclasses = recorded_subclasses(migrations) if gone else {}
    former = {path_of(place): components for place, components in subclasses.items()}
    return {
        name: (component_by_name[name],)
        if name in component_by_name
        else _gone(former[name], present)
        if name in former
        else _former(name, present, migrations)
        for name in names
    }


def _gone(components: Sequence[str], present: Set[str]) -> tuple[str, ...]:
    """Return those of ``components`` that aren't ``present``, or all of them."""
    return tuple(each for each in components if each not in present) or tuple(components)


def _former(name: str, present: Set[str], migrations: Sequence[Migration]) -> tuple[str, ...]:
    created = re.compile(rf"CREATE (TABLE|TYPE) {re.escape(quote_name(name))}\s")
    for migration in reversed(migrations):
        if created.search(migration.sql):
            return by_name(name, _gone(migration.header.components_of(name), present))
    return ()


def by_name(name: str, components: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``components`` whose name a table's begins with, or all of them."""
    return tuple(each for each in components if name.startswith(f"{each}_")) or tuple(components)
