"""What components that were taken out have left: no migration drops it unasked."""

from collections.abc import Mapping, Sequence

from berceau.components import discover
from berceau.errors import MigrationError
from berceau.migration.left import NOTHING, Left, Settled, left_behind
from berceau.migration.migration import Migration
from berceau.schema.model import Schema
from berceau.schema.renames import path_of
from berceau.settings import Settings


def find_left(
    settings: Settings,
    declared: Schema,
    component_by_name: Mapping[str, str],
    migrations: Sequence[Migration],
    settled: Settled = NOTHING,
) -> Left:
    """Return what ``migrations`` made for components that the project doesn't have any more.

    ``component_by_name`` gives the component of what is ``declared``. What is ``settled`` isn't
    left. Raises ``MigrationError`` where a component shall be dropped that isn't gone.
    """
    present = {component.name for component in discover(settings.components)}
    known = {each for migration in migrations for each in migration.header.components}
    for name in settled.components:
        if name in present or name not in known:
            raise MigrationError(
                f"The component {name} has left nothing: "
                + ("it is there." if name in present else "no migration names it."),
                cure="Nothing was written. Components that aren't there: "
                f"{', '.join(sorted(known - present)) or 'none'}.",
            )
    return left_behind(declared, component_by_name, present, migrations, settled)


def refuse_taken(left: Left) -> None:
    """Raise ``MigrationError`` where an attribute would take a column over, with its values."""
    for place, component in left.taken.items():
        subclass = next(each for each in left.subclasses if left.subclasses[each] == component)
        raise MigrationError(
            f"The column {path_of(place)} was left by the component {component}, which isn't "
            "there, and another entity declares a column of this name now.",
            cure="Nothing was written. Give the attribute another name. If a subclass only has "
            f"another name: --rename {path_of(subclass)}=NEW. To drop what is left: "
            f"--drop-component {component}.",
        )
