"""The comments that a migration opens with: its parent, what it touches, what names stand for."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from berceau.errors import Location, MigrationFileError
from berceau.schema.meaning import from_line, to_lines
from berceau.schema.model import Meaning

NO_PARENT = "none"
"""The parent of the first migration, as the header writes it."""

_LINE = re.compile(
    r"--\s*(Parent|Components|Creates|Replaces|Unmanaged|Generated|Means)\s*:(.*)", re.IGNORECASE
)
_PLACE = re.compile(r"--\s*(Migration\s|Parent\s*:)", re.IGNORECASE)
_SINGLE = ("Parent", "Generated")
_NAME = re.compile(r"[^\s,]+")


@dataclass(frozen=True)
class Header:
    """What the header of a migration declares.

    ``parent`` is the name of the migration that it was proven upon, ``NO_PARENT`` for the first
    one, and ``None`` where it is missing: then that is the one before it. ``creates`` gives the
    component of each table and enum that it creates, as ``blog.post``, where it has several
    components, and of subclasses in another's table, as ``staff.person.classtype.Manager``.
    ``replaces`` names the migrations that it stands for, oldest first. ``unmanaged``
    are the tables and enums that it makes for no entity. ``generated`` is the ``checksum`` of the
    SQL that Berceau wrote below it. ``means`` are names that stand for something else from it on.
    """

    parent: str | None = None
    components: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    generated: str | None = None
    unmanaged: tuple[str, ...] = ()
    means: tuple[Meaning, ...] = ()
    creates: tuple[str, ...] = ()

    def components_of(self, name: str) -> tuple[str, ...]:
        """Return the components that a table, enum or subclass, which it creates, may be of."""
        places = (each.partition(".") for each in self.creates)
        return (
            tuple(component for component, _, there in places if there == name) or self.components
        )

    def to_sql(self, name: str) -> str:
        """Return the comments for the migration called ``name``, and the empty line below."""
        lines = [f"-- Migration {name}", f"-- Parent: {self.parent or NO_PARENT}"]
        if self.components:
            lines.append(f"-- Components: {', '.join(self.components)}")
        if self.creates:
            lines.append(f"-- Creates: {', '.join(self.creates)}")
        if self.replaces:
            lines.append(f"-- Replaces: {', '.join(self.replaces)}")
        if self.unmanaged:
            lines.append(f"-- Unmanaged: {', '.join(self.unmanaged)}")
        if self.generated:
            lines.append(f"-- Generated: {self.generated}")
        lines += (f"-- Means: {line}" for line in to_lines(self.means))
        return "\n".join(lines) + "\n\n"


def nameable(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``names`` that a header can list."""
    return tuple(name for name in names if _NAME.fullmatch(name))


def parse(sql: str) -> Header:
    """Read the header of a migration: the comments above its first line of anything else.

    Raises ``MigrationFileError`` with the line, where a field is given twice or names nothing.
    """
    found: dict[str, tuple[str, ...]] = {}
    means: list[Meaning] = []
    for number, line in enumerate(_comments(sql), 1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        field, names = match[1].capitalize(), _names(match[2])
        if field == "Means":
            try:
                means += from_line(match[2])
            except ValueError:
                raise _malformed(f"Means says {match[2].strip() or 'nothing'}", number) from None
            continue
        if field in found:
            raise _malformed(f"{field} is given twice", number)
        if not names or (field in _SINGLE and len(names) > 1):
            raise _malformed(f"{field} names {match[2].strip() or 'nothing'}", number)
        found[field] = names
    return Header(
        found.get("Parent", (None,))[0],
        found.get("Components", ()),
        found.get("Replaces", ()),
        found.get("Generated", (None,))[0],
        found.get("Unmanaged", ()),
        tuple(means),
        found.get("Creates", ()),
    )


def moved(sql: str, name: str, parent: str) -> str:
    """Return ``sql`` as the migration ``name`` that follows ``parent``; other comments stay."""
    comments = _comments(sql)
    kept = [line for line in comments if not _PLACE.match(line)]
    rest = sql.removeprefix("\ufeff").splitlines()[len(comments) :]
    return "\n".join([f"-- Migration {name}", f"-- Parent: {parent}", *kept, *rest]) + "\n"


def without(sql: str) -> str:
    """Return ``sql`` without the comments that it opens with."""
    return "\n".join(sql.splitlines()[len(_comments(sql)) :]).strip() + "\n"


def checksum(sql: str) -> str:
    """Return a checksum of ``sql``, which stands below a header."""
    return hashlib.sha256("\n".join(sql.strip().splitlines()).encode()).hexdigest()[:16]


def _comments(sql: str) -> Sequence[str]:
    lines = sql.lstrip("\ufeff").splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return lines[:end]


def _names(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(","))
    return parts if all(_NAME.fullmatch(part) for part in parts) else ()


def _malformed(what: str, line: int) -> MigrationFileError:
    return MigrationFileError(
        f"The header is malformed: {what}.",
        where=Location(line=line),
        cure="Write one migration's name after `-- Parent:` (or none), and names with commas "
        "between them after `-- Components:`, `-- Creates:`, `-- Replaces:` and `-- Unmanaged:`.",
    )
