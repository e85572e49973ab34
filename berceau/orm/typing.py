"""The types of a project's entities: stubs of Pony that know them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from berceau.orm.added_stub import added_stub
from berceau.orm.extension import is_added
from berceau.orm.groups import UNKNOWN_MEMBER, grouped, overloaded, overloads
from berceau.orm.signatures import HEAD, IMPLICIT_KEY, PROJECT_TYPES, Signatures, is_importable

_STUBS = Path(__file__).parent / "stubs"
_PROJECT = "pony/orm/_project.pyi"
_OVERLOADED = "pony/orm/_overloaded.pyi"
_ADDED = "pony/orm/_added.pyi"
_AFAR = "# for each "
_ALL = "# for all "


def to_stubs(database: Any) -> dict[str, str]:
    """Return the stubs for the mapped entities of ``database``: file names and contents.

    The names are relative to a folder in which type checkers look for stubs. An entity that
    another module can't import, as one declared in a function, stays unknown.
    """
    found = filter(is_importable, database.entities.values())
    # Derived ones before their bases: checkers take the first signature that fits.
    entities = sorted(found, key=lambda each: (-len(each.__mro__), each.__name__))
    marks = {_AFAR: _related_from_afar(entities), _ALL: entities}
    stubs = {
        path.relative_to(_STUBS).as_posix(): _repeat(path.read_text(encoding="utf-8"), marks)
        for path in sorted(_STUBS.rglob("*.pyi"))
    }
    if entities:
        signatures = [Signatures(each) for each in entities]
        stubs[_PROJECT] = _project(signatures)
        stubs[_OVERLOADED] = _overloaded(signatures)
    if added := added_stub(database):
        stubs[_ADDED] = added
    return stubs


def _related_from_afar(entities: list[Any]) -> list[Any]:
    """Return the entities that relations in other modules may name as a string.

    Only for these are overloads needed, and each costs time at every attribute.
    """
    relations = [
        attr
        for each in entities
        for attr in each._attrs_
        if attr.is_relation and not is_added(attr)
    ]
    found = {
        attr.py_type for attr in relations if attr.py_type.__module__ != attr.entity.__module__
    }
    return [each for each in entities if each in found]


def _repeat(text: str, marks: Mapping[str, list[Any]]) -> str:
    """Return ``text`` with its marked lines repeated: once a module, or once an entity."""
    lines: list[str] = []
    for mark, group in groupby(text.splitlines(keepends=True), lambda line: _mark(line, marks)):
        block = "".join(group)
        lines += _filled(block.replace(mark, ""), marks[mark]) if mark else [block]
    return "".join(lines)


def _mark(line: str, marks: Iterable[str]) -> str:
    return next((mark for mark in marks if line.lstrip().startswith(mark)), "")


def _filled(block: str, entities: list[Any]) -> Iterator[str]:
    if "MODULE" in block:
        for module in sorted({each.__module__ for each in entities}):
            yield block.replace("MODULE", module)
    elif block:
        for each in entities:
            name = each.__name__
            yield block.replace("ENTITY", f"{each.__module__}.{name}").replace("NAME", name)


def _project(entities: list[Signatures]) -> str:
    """Return the stub of what differs from entity to entity."""
    groups = grouped(entities)
    keyed = " | ".join(each.reference for each in entities if each.has_implicit_key)
    return "\n".join(
        (
            HEAD,
            *_imports(entities),
            PROJECT_TYPES,
            *(definition for each in entities for definition in each.values()),
            "MYPY: Literal[False]",
            "if not MYPY:",
            *((f'    _Keyed = TypeVar("_Keyed", bound={keyed})', IMPLICIT_KEY) if keyed else ()),
            *(line for group in groups for line in group.lines()),
            "    class ProjectEntity:",
            *(("        id = ImplicitKey()",) if keyed else ()),
            *overloads((*(each.member() for each in groups), UNKNOWN_MEMBER)),
            "",
        )
    )


def _overloaded(entities: list[Signatures]) -> str:
    """Return the stub for ty and pyrefly, with overloads for each entity."""
    definitions = (definition for each in entities for definition in each.values())
    names = (re.split("[ :]", definition)[0] for definition in definitions)
    return "\n".join(
        (
            HEAD,
            *_imports(entities),
            f"from pony.orm._project import {', '.join(names)}, ProjectEntity",
            *overloaded(entities),
            "",
        )
    )


def _imports(entities: list[Signatures]) -> Iterator[str]:
    for module in sorted({module for each in entities for module in each.modules()}):
        yield f"import {module}"
