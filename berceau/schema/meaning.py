"""What names in the database stand for in the entities, where that doesn't follow from the name."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from berceau.schema.names import snake_case
from berceau.schema.paths import PATH, from_path, to_path

Place = tuple[str, ...]
"""A name in the database with those of what it is in: ``("person", "classtype", "Student")``."""


class Role(StrEnum):
    """What a name is, as a migration's header calls it."""

    TABLE = "table"
    COLUMN = "column"
    LINK = "link"
    LABEL = "value"
    SUBCLASS = "subclass"
    HELD = "held"  # a column that not all entities of a table have, by the value in their rows
    MIRROR = "mirror"  # the side of a one-to-one relation that has no column: never recorded


@dataclass(frozen=True)
class Meaning:
    """That the name at ``place`` stands for something of the entities: see ``Role``.

    ``place`` is the name with those of what it is in, ``of`` is the name in Python: ``Post``,
    ``Post.title``, ``State.ON``; of a composite key, each part: ``Post.author-id``.
    """

    role: str
    place: tuple[str, ...]
    of: str


_SIZES = {
    Role.TABLE: 1,
    Role.COLUMN: 2,
    Role.LINK: 2,
    Role.LABEL: 2,
    Role.SUBCLASS: 3,
    Role.HELD: 3,
}
_MADE = "~"
_MADE_SIDE = re.compile(rf"(?:\w+\.)?{_MADE}(\w+):(\w+)")
_ENTRY = re.compile(rf"({PATH})=([^\s\",=]*)")
_TEXT = re.compile(rf"(\w+) ({_ENTRY.pattern}(?:, {_ENTRY.pattern})*)")


def made_name(entity: str, relation: str) -> str:
    """Return the name of a side that nothing declares.

    No side that is written can have it, and it sorts after all of them: Pony gives the first side
    of a relation of an entity to itself the first column.
    """
    return f"{_MADE}{entity}:{relation}"


def is_made(side: str) -> bool:
    """Return whether nothing declares a ``side``, such as ``User.~Post:author``."""
    return _MADE in side


def as_written(text: str) -> str:
    """Return ``text`` with ``Post.author`` in place of ``User.~Post:author`` or its name alone."""
    return _MADE_SIDE.sub(r"\1.\2", text)


def is_usual(meaning: Meaning) -> bool:
    """Return whether a name follows from what it stands for, so that no migration has to record it.

    Those of link tables depend on the order of declaration, and those of subclasses are in rows.
    """
    match meaning.role:
        case Role.TABLE | Role.COLUMN:
            return meaning.place[-1] == _usual_name(meaning.of)
        case Role.LABEL:
            return _fold(meaning.place[-1]) == _fold(meaning.of.rpartition(".")[2])
    return False


def _usual_name(of: str) -> str:
    return snake_case(of.rpartition(".")[2].replace("-", "_"))


def _fold(name: str) -> str:
    return re.sub(r"\W", "_", name).casefold()


def to_lines(meanings: Iterable[Meaning]) -> Iterator[str]:
    """Yield ``meanings`` as text, one line for each role and table or enum."""
    lines: dict[tuple[str, str], list[str]] = {}
    for each in meanings:
        entry = f"{to_path(each.place)}={each.of}"
        lines.setdefault((str(each.role), each.place[0]), []).append(entry)
    for (role, _), entries in lines.items():
        yield f"{role} {', '.join(entries)}"


def from_line(line: str) -> tuple[Meaning, ...]:
    """Read a line of ``to_lines``; raises ``ValueError``."""
    match = _TEXT.fullmatch(line.strip())
    if match is None:
        raise ValueError(line)
    role = Role(match[1])
    found = tuple(
        Meaning(role, from_path(entry[1]), entry[2]) for entry in _ENTRY.finditer(match[2])
    )
    if any(len(each.place) != _SIZES[role] for each in found):
        raise ValueError(line)
    return found


def recorded(records: Iterable[Sequence[Meaning]]) -> tuple[Meaning, ...]:
    """Return what holds after ``records``, in order; one that stands for "" takes another back."""
    found: dict[tuple[str, Place], Meaning] = {}
    for each in (meaning for record in records for meaning in record):
        found.pop((each.role, each.place), None)
        if each.of:
            found[each.role, each.place] = each
    return tuple(found.values())


def subclasses(meanings: Iterable[Meaning]) -> Set[Place]:
    """Return the places of subclasses: each a table, its discriminator, and the value."""
    return {each.place for each in meanings if each.role == Role.SUBCLASS}


def usual_place(meaning: Meaning, there: Set[Place]) -> Place | None:
    """Return the place among those that are ``there`` whose name follows from ``meaning``."""
    parent = meaning.place[:-1]
    match meaning.role:
        case Role.TABLE | Role.COLUMN:
            place = (*parent, _usual_name(meaning.of))
            return place if place in there else None
        case Role.LABEL:
            name = _fold(meaning.of.rpartition(".")[2])
            same = (each for each in there if len(each) == 2 and each[:1] == parent)
            return min((each for each in same if _fold(each[1]) == name), default=None)
    return None


class Holders:
    """The table of each entity, and which of those that share it, if it is no root: "" if it is.

    What has its usual name isn't among the ``meanings``.
    """

    def __init__(self, meanings: Sequence[Meaning]) -> None:
        self._found = {
            each.of: (each.place[0], each.of)
            for each in meanings
            if each.role == Role.SUBCLASS and each.place[0] != snake_case(each.of)
        }
        self._found |= {
            each.of: (each.place[0], "") for each in meanings if each.role == Role.TABLE
        }

    def __getitem__(self, entity: str) -> tuple[str, str]:
        return self._found.get(entity) or (snake_case(entity), "")
