"""What components that were taken out have left: no migration drops it unasked."""

from collections.abc import Mapping, Sequence

from berceau.components import discover
from berceau.migration.components import Left, left_behind
from berceau.migration.migration import Migration
from berceau.schema.model import Schema
from berceau.settings import Settings


def find_left(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    migrations: Sequence[Migration],
) -> Left:
    """Return what ``migrations`` made for components that the project doesn't have any more.

    ``component_by_name`` gives the component of what is ``declared``.
    """
    present = {component.name for component in discover(settings.components)}
    names = [*(table.name for table in declared.tables), *(enum.name for enum in declared.enums)]
    return left_behind({name: component_by_name.get(name) for name in names}, present, migrations)
