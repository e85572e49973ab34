"""Inspect: what the rules of ``berceau.lint`` find in a project's components."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from berceau.components import by_folder, component_of
from berceau.lint.file_facts import Notes
from berceau.lint.finding import Finding
from berceau.lint.model import circles, implicit_cascades, unindexed_filters
from berceau.lint.rules import RULES
from berceau.orm import db
from berceau.orm.attributes import Attribute, read_attributes
from berceau.orm.diagnosis import file_of
from berceau.orm.mapping import enum_classes
from berceau.schema.lint import faults
from berceau.workflows.build.compose import Composition

Found = tuple[Path, int, str, str]
"""A file, a line, a rule's code, and what is wrong."""


def inspect(
    root: Path, composition: Composition, notes: Mapping[Path, Notes]
) -> tuple[Finding, ...]:
    """Return what is wrong with the files that there are ``notes`` on, in order of their lines.

    ``root`` is the project's folder.
    """
    folders = by_folder(composition.components)
    found = []
    for file, line, code, message in _silenced(_all(composition, notes), notes):
        component = component_of(file, folders)
        if component is not None and file in notes:
            rule = RULES[code]
            place = str(file.relative_to(root))
            found.append(Finding(place, line, code, rule.level, message, rule.cure, component.name))
    return tuple(sorted(found))


def _all(composition: Composition, notes: Mapping[Path, Notes]) -> Iterator[Found]:
    """Yield what every rule finds, silenced or not."""
    for file, note in notes.items():
        yield from ((file, line, code, message) for line, code, message in note.faults)
    attributes = list(read_attributes(db))
    folders = by_folder(composition.components)

    @cache
    def owner(file: Path) -> str | None:
        component = component_of(file, folders)
        return component.name if component else None

    for fault in (
        *implicit_cascades(attributes, notes),
        *circles(attributes, owner),
        *unindexed_filters(attributes, composition.schema, notes),
    ):
        yield (*_place(fault.attribute, notes), fault.code, fault.message)
    flaws = list(faults(composition.schema))
    places = _places(attributes, notes) if flaws else {}
    for flaw in flaws:
        place = places.get((flaw.table, flaw.column)) or places.get((flaw.table, None))
        if place is not None:
            yield (*place, flaw.code, flaw.message)


def _line(notes: Mapping[Path, Notes], file: Path, *names: str) -> int:
    """Return the line that declares the first of ``names`` that ``file`` has, or its first line."""
    declared = notes[file].declared if file in notes else {}
    return next((declared[name][0] for name in names if name in declared), 1)


def _place(attribute: Attribute, notes: Mapping[Path, Notes]) -> tuple[Path, int]:
    line = _line(notes, attribute.file, str(attribute), attribute.owner)
    return attribute.file, line


def _places(
    attributes: Iterable[Attribute], notes: Mapping[Path, Notes]
) -> dict[tuple[str, str | None], tuple[Path, int]]:
    """Return where each column, table and enum type is declared."""
    found: dict[tuple[str, str | None], tuple[Path, int]] = {}
    for each in attributes:
        place = _place(each, notes)
        found.setdefault((each.table, None), (each.file, _line(notes, each.file, each.owner)))
        if each.link:
            found.setdefault((each.link, None), place)
        for column in each.columns:
            found.setdefault((each.table, column), place)
    for name, enum_class in enum_classes(db).items():
        file = file_of(enum_class)
        found.setdefault((name, None), (file, _line(notes, file, enum_class.__name__)))
    return found


def _silenced(found: Iterable[Found], notes: Mapping[Path, Notes]) -> Iterator[Found]:
    """Yield what no comment on its line silences, and the comments that silence nothing."""
    comments = {(file, *place) for file, note in notes.items() for place in note.ignores}
    used = set()
    for file, line, code, message in found:
        if (file, line, code) in comments:
            used.add((file, line, code))
        else:
            yield file, line, code, message
    for file, line, code in comments - used:
        what = "silences nothing" if code in RULES else "names no rule"
        yield file, line, "L001", f"The comment `berceau: ignore[{code}]` {what}."
