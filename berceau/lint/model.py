"""What is wrong with the entities of all components together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from berceau.lint.file_facts import Notes
from berceau.orm.attributes import Attribute
from berceau.schema.lint import first_columns
from berceau.schema.model import Schema
from berceau.schema.names import quote_name

FREQUENT = 2
"""From how many places on an attribute is filtered by often."""

Owner = Callable[[Path], str | None]
"""Tells the component of a file."""


@dataclass(frozen=True)
class Fault:
    """What the rule ``code`` objects to in the declaration of an attribute."""

    code: str
    message: str
    attribute: Attribute


def implicit_cascades(
    attributes: Iterable[Attribute], notes: Mapping[Path, Notes]
) -> Iterator[Fault]:
    """Yield the sets that delete what they hold without saying so: rule L202."""
    for attribute in attributes:
        if not attribute.cascades or attribute.inherited or attribute.file not in notes:
            continue
        _, options = notes[attribute.file].declared.get(str(attribute), (0, ["**"]))
        if not {"cascade_delete", "**"}.intersection(options):
            yield Fault(
                "L202",
                f"{attribute} is deleted along with its owner, by default.",
                attribute,
            )


def circles(attributes: Sequence[Attribute], owner: Owner) -> Iterator[Fault]:
    """Yield one foreign key of each circle that the components' foreign keys form: rule L201."""
    homes = {each.entity: owner(each.file) for each in attributes if not each.inherited}
    edges: defaultdict[str, dict[str, Attribute]] = defaultdict(dict)
    for each in attributes:
        home, target = homes.get(each.owner), homes.get(each.target or "")
        if each.columns and home and target and home != target:
            edges[home].setdefault(target, each)
    while circle := _circle(edges):
        steps = [(a, edges[a][b]) for a, b in pairwise(circle)]
        way = "".join(f"{home} ({attribute}) → " for home, attribute in steps)
        message = f"Components depend on each other in a circle: {way}{circle[-1]}."
        yield Fault("L201", message, steps[0][1])
        del edges[circle[0]][circle[1]]


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
    attributes: Iterable[Attribute], schema: Schema, notes: Mapping[Path, Notes]
) -> Iterator[Fault]:
    """Yield what queries filter by in several places without an index: rule L302."""
    tables = {table.name: table for table in schema.tables}
    known = {f"{each.entity}.{each.name}": each for each in attributes}
    places: defaultdict[Attribute, list[str]] = defaultdict(list)
    for file, note in notes.items():
        for line, name in note.filters:
            attribute = known.get(name)
            if attribute is not None and attribute.columns:
                places[attribute].append(f"{file.name}:{line}")
    few = {"BOOLEAN", *(quote_name(enum.name) for enum in schema.enums)}
    for attribute, found in places.items():
        table = tables[attribute.table]
        column = next(each for each in table.columns if each.name == attribute.columns[0])
        covered = quote_name(column.name) in first_columns(table)
        if len(found) >= FREQUENT and not covered and column.type.upper() not in few:
            where = ", ".join(found)
            message = f"Queries filter by {attribute}, which has no index: {where}."
            yield Fault("L302", message, attribute)
