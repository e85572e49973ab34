"""What components that were taken out have left: no migration drops it unasked."""

from collections.abc import Collection, Mapping, Sequence

from berceau.components import discover
from berceau.migration.left import Left, left_behind
from berceau.migration.migration import Migration
from berceau.schema.model import Schema
from berceau.settings import Settings


def find_left(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    migrations: Sequence[Migration],
    settled: Collection[str] = (),
) -> Left:
    """Return what ``migrations`` made for components that the project doesn't have any more.

    ``component_by_name`` gives the component of what is ``declared``. Subclasses whose paths are
    ``settled`` aren't left: somebody said what their rows become.
    """
    present = {component.name for component in discover(settings.components)}
    return left_behind(declared, component_by_name, present, migrations, settled)
