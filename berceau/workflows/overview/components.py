"""What each component consists of, read from its folder and from what is declared."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from berceau.components import Component
from berceau.workflows.build.declared import Declared

_TEST = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)


@dataclass(frozen=True)
class ComponentFacts:
    """A component: the names of its tables and enums, and how many test functions it has.

    ``place`` is its folder from the project's, or where it is installed.
    """

    name: str
    description: str
    place: str
    tables: tuple[str, ...]
    enums: tuple[str, ...]
    tests: int
    is_installed: bool


def component_facts(
    components: Sequence[Component], declared: Declared, root: Path
) -> tuple[ComponentFacts, ...]:
    """Return what ``components``, which are imported, consist of, in their order."""
    tables = _by_component([each.name for each in declared.schema.tables], declared)
    enums = _by_component([each.name for each in declared.schema.enums], declared)
    return tuple(
        ComponentFacts(
            each.name,
            each.description,
            _place(each.path, root),
            tuple(tables[each.name]),
            tuple(enums[each.name]),
            _tests(each.path),
            not each.path.is_relative_to(root),
        )
        for each in components
    )


def _by_component(names: Sequence[str], declared: Declared) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[declared.component_by_name.get(name, "")].append(name)
    return found


def _tests(folder: Path) -> int:
    """Return how many functions below ``folder`` are called like a test."""
    files = (folder / "tests").rglob("test_*.py")
    return sum(len(_TEST.findall(file.read_text(errors="replace"))) for file in files)


def _place(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
