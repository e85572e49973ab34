"""What a schema keeps only for the release that still runs, as the header of a migration has it."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from berceau.schema.meaning import Place
from berceau.schema.paths import PATH, from_path, to_path


class Kind(StrEnum):
    """What is kept, as a migration's header calls it."""

    TABLE = "table"
    COLUMN = "column"
    DEFAULT = "default"
    NULL = "null"  # a column may have no value, although its attribute is required
    LABEL = "value"
    NAME = "name"  # a table's name of before, as a view
    TRANSFER = "transfer"  # a table, and the one that has some of its facts by now
    FILL = "fill"  # a trigger gives a column a value where a row has none
    MAPPING = "mapping"  # a trigger gives a row of a subclass that goes to another one


_SIZES = {Kind.TABLE: 1, Kind.NAME: 1, Kind.MAPPING: 3}
_LINE = re.compile(rf"(\w+) ({PATH}(?:, {PATH})*)")


@dataclass(frozen=True, order=True)
class Kept:
    """Something that stays for the running release.

    ``place`` is a table or its name, a column or a label with what it is in, or the value of a
    subclass with its column.
    """

    kind: Kind
    place: Place

    @property
    def is_whole(self) -> bool:
        """Whether it is a table or a column, and no part of one."""
        return self.kind in (Kind.TABLE, Kind.COLUMN)

    @property
    def path(self) -> str:
        """The names of ``place`` as one, as headers have them."""
        return to_path(self.place)

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


def to_lines(kept: Iterable[Kept]) -> Iterator[str]:
    """Yield ``kept`` as text, one line for each kind."""
    lines: dict[Kind, list[str]] = {}
    for each in sorted(kept):
        lines.setdefault(each.kind, []).append(each.path)
    for kind, paths in lines.items():
        yield f"{kind} {', '.join(paths)}"


def from_line(line: str) -> tuple[Kept, ...]:
    """Read a line of ``to_lines``; raises ``ValueError``."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(line)
    kind = Kind(match[1])
    found = tuple(Kept(kind, from_path(path[0])) for path in re.finditer(PATH, match[2]))
    if any(len(each.place) != _SIZES.get(kind, 2) for each in found):
        raise ValueError(line)
    return found


def matching(kept: Iterable[Kept], patterns: Collection[str]) -> frozenset[Kept]:
    """Return those of ``kept`` that ``patterns``, with a shell's wildcards, match: all by default.

    A pattern is the path of what is kept: ``post.title``, ``state.DONE`` or ``tag``.
    """
    return frozenset(
        each
        for each in kept
        if not patterns or any(fnmatchcase(each.path, pattern) for pattern in patterns)
    )
