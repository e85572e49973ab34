"""Which component a change belongs to, also where that component is gone."""

import re
from collections.abc import Iterable, Mapping, Sequence

from berceau.migration.migration import Migration
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
            named = migration.header.components
            gone = [each for each in named if each not in present] or list(named)
            by_name = [each for each in gone if name.startswith(f"{each}_")]
            return tuple(by_name or gone)
    return ()
