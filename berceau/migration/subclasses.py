"""Which subclasses migrations record, and of which components these are."""

from collections.abc import Mapping, Sequence

from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.schema.meaning import Place, Role
from berceau.schema.renames import path_of


def recorded_subclasses(migrations: Sequence[Migration]) -> Mapping[Place, tuple[str, ...]]:
    """Return the subclasses that ``migrations`` record, each with the components it may be of.

    A subclass stands for the place of its value: a table, its discriminator and the value. A header
    names its component where that isn't the one of the table.
    """
    tables = made_by_entities(migrations)
    found: dict[Place, tuple[str, ...]] = {}
    for header in (migration.header for migration in migrations):
        for each in header.means:
            if each.role == Role.SUBCLASS:
                found.pop(each.place, None)
                if each.of:
                    components = header.components_of(path_of(each.place))
                    told = len(components) == 1
                    found[each.place] = (
                        components if told else tables.get(each.place[0], components)
                    )
    return found
