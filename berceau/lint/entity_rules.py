"""What is wrong with the entities of all components together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.lint.file_facts import FileFacts
from berceau.lint.places import Places
from berceau.lint.rules import diagnose
from berceau.lint.schema_rules import first_columns
from berceau.orm.attributes import Attribute
from berceau.orm.lost import Lost
from berceau.schema.model import Schema
from berceau.schema.names import quote_name

FREQUENT = 2
"""From how many places on an attribute is filtered by often."""

_TABLE_OPTIONS = "_table_options_"

ComponentOf = Callable[[Path], str | None]
"""Returns the component of a file."""


def implicit_cascades(places: Places, facts: Mapping[Path, FileFacts]) -> Iterator[Diagnostic]:
    """Yield the relations that delete objects with others without saying so: rule L202."""
    for attribute in places.attributes:
        if not attribute.cascades or attribute.inherited or attribute.file not in facts:
            continue
        _, options = facts[attribute.file].declared.get(attribute.written, (0, ["**"]))
        if not {"cascade_delete", "**"}.intersection(options):
            what = f"{attribute} is deleted with its owner"
            if attribute.made:
                what = (
                    f"{attribute.target} is deleted with the {attribute.declared_by} of {attribute}"
                )
            yield diagnose("L202", places.of(attribute), f"{what}, by default.")


def entangled(places: Places, facts: Mapping[Path, FileFacts]) -> Iterator[Diagnostic]:
    """Yield relations of an entity to itself that Pony links without being told: rule L203."""
    one = {str(each): each for each in places.attributes if not (each.inherited or each.many)}
    for attribute in one.values():
        other = one.get(attribute.reverse or "")
        if other is None or attribute.declared_by != other.declared_by or other.made:
            continue
        declared = facts[attribute.file].declared if attribute.file in facts else {}
        options = [declared.get(each.written, (0, ["**"]))[1] for each in (attribute, other)]
        said = any({"reverse", "**"}.intersection(each) for each in options)
        if attribute.name < other.name and not (attribute.made or said):
            message = f"{attribute} and {other} are taken as the two sides of one relation."
            yield diagnose("L203", places.of(attribute), message)


def lost(places: Places, found: Iterable[Lost]) -> Iterator[Diagnostic]:
    """Yield the attributes that are declared, and that no entity has: rule L701."""
    for each in found:
        message = f"{each.entity} has no attribute {each.name}: {each.why}."
        yield diagnose("L701", places.of_lost(each), message)


def idle_options(places: Places, facts: Mapping[Path, FileFacts]) -> Iterator[Diagnostic]:
    """Yield the options that do nothing: rule L702."""
    for attribute in places.attributes:
        if attribute.inherited or attribute.made or attribute.file not in facts:
            continue
        declared = facts[attribute.file].declared
        _, options = declared.get(attribute.written, (0, []))
        for option, why in attribute.idle:
            if option in options:
                message = f"{option}= does nothing for {attribute}: {why}."
                yield diagnose("L702", places.of(attribute), message)
    for file, entity in dict.fromkeys((each.home, each.entity) for each in places.attributes):
        declared = facts[file].declared if file in facts else {}
        if found := declared.get(f"{entity}.{_TABLE_OPTIONS}"):
            message = f"{_TABLE_OPTIONS} does nothing for {entity}: Berceau writes its own SQL."
            yield diagnose("L702", (file, found[0]), message)


def circles(places: Places, component_of: ComponentOf) -> Iterator[Diagnostic]:
    """Yield one foreign key of each circle that the components' foreign keys form: rule L201."""
    homes = {each.entity: component_of(each.home) for each in places.attributes}
    edges: defaultdict[str, dict[str, Attribute]] = defaultdict(dict)
    for each in places.attributes:
        home, target = component_of(each.file), homes.get(_needed(each) or "")
        if home and target and home != target:
            edges[home].setdefault(target, each)
    while circle := _circle(edges):
        steps = [(a, edges[a][b]) for a, b in pairwise(circle)]
        way = "".join(f"{home} ({attribute}) → " for home, attribute in steps)
        message = f"Components depend on each other in a circle: {way}{circle[-1]}."
        yield diagnose("L201", places.of(steps[0][1]), message)
        del edges[circle[0]][circle[1]]


def _needed(attribute: Attribute) -> str | None:
    """Return the entity whose table a foreign key of ``attribute`` refers to."""
    if attribute.link and attribute.added:
        return attribute.declared_by  # the link table is that of the component which declares it
    return attribute.target if attribute.columns else None


def _circle(edges: Mapping[str, Mapping[str, Attribute]]) -> list[str]:
    """Return the components of a circle, its first one last again; none where there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        # graphlib goes from what is depended on; of a circle, begin with the first by name.
        circle: list[str] = error.args[1][:0:-1]
        start = circle.index(min(circle))
        return [*circle[start:], *circle[: start + 1]]
    return []


def unindexed_filters(
    places: Places, schema: Schema, facts: Mapping[Path, FileFacts]
) -> Iterator[Diagnostic]:
    """Yield what queries filter by in several places without an index: rule L302."""
    tables = {table.name: table for table in schema.tables}
    few = {"BOOLEAN", *(quote_name(enum.name) for enum in schema.enums)}
    for attribute, found in _filtered(places.attributes, facts).items():
        table = tables[attribute.table]
        column = next(each for each in table.columns if each.name == attribute.columns[0])
        covered = quote_name(column.name) in first_columns(table)
        if len(found) >= FREQUENT and not covered and column.type.upper() not in few:
            where = ", ".join(found)
            message = f"Queries filter by {attribute}, which has no index: {where}."
            yield diagnose("L302", places.of(attribute), message)


def _filtered(
    attributes: Sequence[Attribute], facts: Mapping[Path, FileFacts]
) -> Mapping[Attribute, list[str]]:
    """Return in which places, as ``file:line``, queries filter by each attribute with a column."""
    known = {f"{each.entity}.{each.name}": each for each in attributes}
    found: defaultdict[Attribute, list[str]] = defaultdict(list)
    for file, each in facts.items():
        for line, name in each.filters:
            attribute = known.get(name)
            if attribute is not None and attribute.columns:
                found[attribute].append(f"{file.name}:{line}")
    return found
