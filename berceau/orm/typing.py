"""The types of a project's entities: stubs of Pony that know them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from berceau.orm.added_stub import added_stub
from berceau.orm.extension import is_added
from berceau.orm.signatures import HEAD, IMPLICIT_KEY, UNKNOWN_QUERIED, Signatures, is_importable

_STUBS = Path(__file__).parent / "stubs"
_PROJECT = "pony/orm/_project.pyi"
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
        stubs[_PROJECT] = _project([Signatures(each) for each in entities])
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
    imports = sorted({module for each in entities for module in each.modules()})
    keyed = " | ".join(each.reference for each in entities if each.has_implicit_key)
    return "\n".join(
        (
            HEAD,
            *(f"import {module}" for module in imports),
            *(definition for each in entities for definition in each.values()),
            "MYPY: Literal[False]",
            "if not MYPY:",
            *((f'    _Keyed = TypeVar("_Keyed", bound={keyed})', IMPLICIT_KEY) if keyed else ()),
            "    class ProjectMeta(type):",
            *_overloads(each.key() for each in entities),
            *_overloads(each.find("get", "{} | None") for each in entities),
            *_overloads(each.find("get_for_update", "{} | None") for each in entities),
            *_overloads(each.find("exists", "bool") for each in entities),
            *_overloads(each.create("get_or_create") for each in entities),
            *_overloads(each.create("upsert") for each in entities),
            *_overloads(each.create_many() for each in entities),
            *_overloads(each.find("select", "Query[{}]") for each in entities),
            "    class ProjectEntity:",
            *(("        id = ImplicitKey()",) if keyed else ()),
            *_overloads(each.construct() for each in entities),
            *_overloads(each.change() for each in entities),
            *_overloads((*(each.queried() for each in entities), UNKNOWN_QUERIED)),
            "",
        )
    )


def _overloads(definitions: Iterable[str]) -> Iterator[str]:
    found = list(definitions)
    for definition in found:
        if len(found) > 1:
            yield "        @overload"
        yield f"        def {definition}: ..."
