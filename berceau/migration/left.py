"""What components that are gone have left: tables, enums, and subclasses in tables of others."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from berceau.migration.components import by_name
from berceau.migration.migration import Migration
from berceau.migration.provenance import made_by_entities
from berceau.migration.subclasses import recorded_subclasses
from berceau.schema.meaning import Holders, Meaning, Place, Role, recorded
from berceau.schema.model import Schema
from berceau.schema.renames import path_of


@dataclass(frozen=True)
class Left:
    """What is left, each with its component.

    ``component_by_name`` has tables and enums. ``subclasses`` are in tables that are there: a
    table, its discriminator and the value of each; ``columns`` are those that no other entity has,
    and ``meanings`` is what names of all that stand for. ``newcomers`` are the names of what new
    components declare: a component may only have been renamed, with what is in it. Columns that are
    ``taken`` had only rows of ``subclasses``, and something else declares them now.
    """

    component_by_name: Mapping[str, str] = field(default_factory=dict)
    subclasses: Mapping[Place, str] = field(default_factory=dict)
    columns: Mapping[Place, str] = field(default_factory=dict)
    meanings: tuple[Meaning, ...] = ()
    newcomers: Set[str] = frozenset()
    taken: Mapping[Place, str] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, str]:
        """The component of each subclass and column, by its path."""
        places = {**self.subclasses, **self.columns}
        return {path_of(place): component for place, component in places.items()}

    @property
    def names(self) -> dict[str, str]:
        """The component of all that is left, by name or path."""
        return {**self.component_by_name, **self.parts}

    def over(self, declared: Schema) -> Schema:
        """Return ``declared`` with what the names of ``subclasses`` stand for."""
        return replace(declared, meanings=(*declared.meanings, *self.meanings))


@dataclass(frozen=True)
class Settled:
    """What isn't left, because somebody said what becomes of it.

    ``paths`` are those of subclasses whose rows become others, and ``components`` are dropped.
    """

    paths: Collection[str] = ()
    components: Collection[str] = ()


NOTHING = Settled()


def left_behind(
    declared: Schema,
    component_by_name: Mapping[str, str],
    present: Set[str],
    migrations: Sequence[Migration],
    settled: Settled = NOTHING,
) -> Left:
    """Return what is left of the components that ``migrations`` name, and that aren't ``present``.

    ``component_by_name`` gives the component of what is ``declared``. What may be of a component
    that is there isn't left, nor is what is ``settled``.
    """
    present = present | set(settled.components)
    known = {each for migration in migrations for each in migration.header.components}
    if known <= present:
        return Left()
    names = {each.name for each in declared.tables} | {each.name for each in declared.enums}
    values = {each.place for each in declared.meanings if each.role == Role.SUBCLASS}
    wholes = {
        name: " or ".join(candidates)
        for name, candidates in _candidates(migrations)
        if name not in names and _are_gone(candidates, present)
    }
    records = recorded(migration.header.means for migration in migrations)
    new_values = {each for each in values if component_by_name.get(path_of(each)) not in known}
    renamed = _alike(new_values, declared.meanings, records)
    subclasses = {
        place: " or ".join(components)
        for place, components in recorded_subclasses(migrations).items()
        if _are_gone(components, present)
        and place[0] in names
        and place not in values | renamed | _roots(declared, records)
        and path_of(place) not in settled.paths
    }
    columns = _columns(declared, subclasses, records)
    newcomers = {name for name in names if component_by_name.get(name) not in known}
    meanings = tuple(_meanings(declared, subclasses, columns, records))
    taken = _taken(declared, subclasses, records)
    return Left(wholes, subclasses, columns, meanings, newcomers, taken)


def _candidates(migrations: Sequence[Migration]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, components in made_by_entities(migrations).items():
        yield name, by_name(name, components)


def _are_gone(components: Collection[str], present: Set[str]) -> bool:
    return bool(components) and present.isdisjoint(components)


def _alike(new: Set[Place], declared: Sequence[Meaning], records: Sequence[Meaning]) -> Set[Place]:
    """Return the subclasses in ``records`` that have the columns of a ``new`` one, if any."""
    columns = _columns_by_value(declared)
    known = _columns_by_value(records)
    return {
        each.place
        for each in records
        if each.role == Role.SUBCLASS
        for other in new
        if each.place[:2] == other[:2]
        and (held := known.get((each.place[0], each.place[2])))
        and held == columns.get((other[0], other[2]))
    }


def _columns_by_value(meanings: Sequence[Meaning]) -> dict[Place, set[str]]:
    """Return the columns that rows of a value have and not all others, by table and value."""
    found: dict[Place, set[str]] = {}
    for each in meanings:
        if each.role == Role.HELD:
            found.setdefault((each.place[0], each.place[2]), set()).add(each.place[1])
    return found


def _taken(
    declared: Schema, subclasses: Mapping[Place, str], records: Sequence[Meaning]
) -> dict[Place, str]:
    """Return the ``declared`` columns that only rows of ``subclasses`` had."""
    there = {(table.name, column.name) for table in declared.tables for column in table.columns}
    components: dict[Place, str] = {
        (place[0], place[2]): component for place, component in subclasses.items()
    }
    holders: dict[Place, set[Place]] = {}
    for (table, value), columns in _columns_by_value(records).items():
        for column in columns:
            holders.setdefault((table, column), set()).add((table, value))
    return {
        place: components[min(values)]
        for place, values in holders.items()
        if place in there and values <= components.keys()
    }


def _roots(declared: Schema, records: Sequence[Meaning]) -> Set[Place]:
    """Return the places of values in ``records`` that are of the roots of tables."""
    holders = Holders(declared.meanings)
    found = (each for each in records if each.role == Role.SUBCLASS)
    return {each.place for each in found if holders[each.of] == (each.place[0], "")}


def _columns(
    declared: Schema, subclasses: Mapping[Place, str], records: Sequence[Meaning]
) -> dict[Place, str]:
    """Return the columns that rows of ``subclasses`` have, and that aren't ``declared``."""
    there = {(table.name, column.name) for table in declared.tables for column in table.columns}
    components = {(place[0], place[2]): component for place, component in subclasses.items()}
    return {
        each.place[:2]: components[each.place[0], each.place[2]]
        for each in records
        if each.role in (Role.SUBCLASS, Role.HELD)
        and (each.place[0], each.place[2]) in components
        and each.place[:2] not in there
    }


def _meanings(
    declared: Schema,
    subclasses: Mapping[Place, str],
    columns: Mapping[Place, str],
    records: Sequence[Meaning],
) -> Iterator[Meaning]:
    """Yield what ``records`` have of ``subclasses``, and of the root of a discriminator left."""
    values = {(place[0], place[2]) for place in subclasses}
    roots = _roots(declared, records)
    for each in records:
        match each.role:
            case Role.SUBCLASS:
                is_root = each.place[:2] in columns and each.place in roots
                is_left = each.place in subclasses or is_root
            case Role.HELD:
                is_left = (each.place[0], each.place[2]) in values
            case Role.COLUMN:
                is_left = each.place in columns
            case _:
                is_left = False
        if is_left:
            yield each
