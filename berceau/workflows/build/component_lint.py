"""What the rules of ``berceau.lint`` find in a project's components."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from berceau.components import by_folder, component_of
from berceau.diagnostic import Diagnostic
from berceau.lint.entity_rules import (
    circles,
    entangled,
    idle_options,
    implicit_cascades,
    lost,
    unindexed_filters,
)
from berceau.lint.file_facts import FileFacts
from berceau.lint.places import Places
from berceau.lint.read_rules import check_reads
from berceau.lint.rules import RULES, diagnose
from berceau.lint.schema_rules import check_schema
from berceau.orm import db
from berceau.orm.attributes import Attribute, read_attributes
from berceau.orm.lost import lost_attributes
from berceau.orm.mapping import enum_classes
from berceau.planner.codes import CODES
from berceau.workflows.build.compose import Composition
from berceau.workflows.build.dependencies import dependencies

Facts = Mapping[Path, FileFacts]


def examine(
    root: Path, composition: Composition, facts: Facts
) -> tuple[tuple[Diagnostic, ...], Mapping[str, tuple[str, ...]]]:
    """Return what is wrong with the components, and which others each of them needs."""
    attributes = list(read_attributes(db))
    return (
        lint(root, composition, attributes, facts),
        dependencies(composition.components, attributes, facts),
    )


def lint(
    root: Path, composition: Composition, attributes: Sequence[Attribute], facts: Facts
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the files that there are ``facts`` of, in order of their lines.

    ``root`` is the project's folder, and ``attributes`` are those of the composed entities.
    """
    folders = by_folder(composition.components)

    @cache
    def home(file: Path) -> str | None:
        component = component_of(file, folders)
        return component.name if component else None

    places = Places(attributes, enum_classes(db), facts)
    found = (
        *_of_files(facts),
        *implicit_cascades(places, facts),
        *entangled(places, facts),
        *lost(places, lost_attributes(db)),
        *idle_options(places, facts),
        *circles(places, home),
        *unindexed_filters(places, composition.schema, facts),
        *check_reads(places.attributes, facts),
        *check_schema(composition.schema, places),
    )
    kept = []
    for each in _silenced(found, facts):
        file = Path(each.file or "")
        if file in facts and home(file) is not None:
            kept.append(replace(each, file=str(file.relative_to(root)), component=home(file)))
    return tuple(sorted(kept, key=lambda each: (each.file, each.line, each.code, each.message)))


def _of_files(facts: Facts) -> Iterator[Diagnostic]:
    for file, each in facts.items():
        yield from (diagnose(code, (file, line), message) for line, code, message in each.faults)


def _silenced(found: Iterable[Diagnostic], facts: Facts) -> Iterator[Diagnostic]:
    """Yield what no comment on its line silences, and the comments that silence nothing."""
    comments = {(str(file), *line) for file, each in facts.items() for line in each.ignores}
    used = set()
    for each in found:
        comment = (str(each.file), each.line, each.code)
        if comment in comments:
            used.add(comment)
        else:
            yield each
    # Whether one of `invoke advise` silences something, only that knows.
    for file, line, code in comments - used:
        if code in CODES:
            continue
        what = "silences nothing" if code in RULES else "names no rule"
        message = f"The comment `berceau: ignore[{code}]` {what}."
        yield diagnose("L001", (Path(file), line), message)
