"""The comments that a migration opens with: its parent, its phase, what it touches and keeps."""

import hashlib
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from berceau.errors import Location, MigrationFileError

if TYPE_CHECKING:  # what few headers have is imported where one has it
    from berceau.schema.kept import Kept
    from berceau.schema.meaning import Meaning

NO_PARENT = "none"
"""The parent of the first migration, as the header writes it."""

_LINE = re.compile(
    r"--\s*(Parent|Phase|Components|Creates|Replaces|Unmanaged|Generated|Means|Keeps|Ends)"
    r"\s*:(.*)",
    re.IGNORECASE,
)
_PLACE = re.compile(r"--\s*(Migration\s|Parent\s*:)", re.IGNORECASE)
_SINGLE = ("Parent", "Phase", "Generated")
_PHASE = re.compile(r"--\s*Phase\s*:\s*(expand|contract)", re.IGNORECASE)
_NAME = re.compile(r"[^\s,]+")
_NAMES = (
    "Write one migration's name after `-- Parent:` (or none), and names with commas between them "
    "after `-- Components:`, `-- Creates:`, `-- Replaces:` and `-- Unmanaged:`."
)
_PHASES = (
    "Write `-- Phase: expand` or `-- Phase: contract` once, into the comments that the file begins "
    "with. Without it, the phase is expand."
)


class Phase(StrEnum):
    """When a migration is applied, seen from the release that needs it.

    ``EXPAND`` comes before its first process: the release before it can still run afterwards.
    ``CONTRACT`` comes after the last process of the release before it.
    """

    EXPAND = "expand"
    CONTRACT = "contract"


@dataclass(frozen=True)
class Header:
    """What the header of a migration declares.

    ``parent`` is the name of the migration that it was proven upon, ``NO_PARENT`` for the first
    one, and ``None`` where it is missing: then that is the one before it. ``phase`` says whether
    processes of the release before may run once it is applied. ``creates`` gives the
    component of each table and enum that it creates, as ``blog.post``, where it has several
    components, and of subclasses in another's table, as ``staff.person.classtype.Manager``.
    ``replaces`` names the migrations that it stands for, oldest first. ``unmanaged``
    are the tables and enums that it makes for no entity. ``generated`` is the ``checksum`` of the
    SQL that Berceau wrote below it. ``means`` are names that stand for something else from it on.
    ``keeps`` is what it leaves only for the release that still runs, and ``ends`` what it takes
    away of what earlier ones left.
    """

    parent: str | None = None
    components: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    generated: str | None = None
    unmanaged: tuple[str, ...] = ()
    means: "tuple[Meaning, ...]" = ()
    creates: tuple[str, ...] = ()
    phase: Phase = Phase.EXPAND
    keeps: "tuple[Kept, ...]" = ()
    ends: "tuple[Kept, ...]" = ()

    def components_of(self, name: str) -> tuple[str, ...]:
        """Return the components that a table, enum or subclass, which it creates, may be of."""
        places = (each.partition(".") for each in self.creates)
        return (
            tuple(component for component, _, there in places if there == name) or self.components
        )

    def to_sql(self, name: str) -> str:
        """Return the comments for the migration called ``name``, and the empty line below."""
        from berceau.schema import kept, meaning

        lines = [f"-- Migration {name}", f"-- Parent: {self.parent or NO_PARENT}"]
        if self.phase is not Phase.EXPAND:
            lines.append(f"-- Phase: {self.phase}")
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
        lines += (f"-- Means: {line}" for line in meaning.to_lines(self.means))
        lines += (f"-- Keeps: {line}" for line in kept.to_lines(self.keeps))
        lines += (f"-- Ends: {line}" for line in kept.to_lines(self.ends))
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
    lists: dict[str, list[Kept]] = {"Keeps": [], "Ends": []}
    comments = _comments(sql)
    for number, line in enumerate(comments, 1):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        field, text = match[1].capitalize(), match[2]
        try:
            if field == "Means":
                from berceau.schema import meaning

                means += meaning.from_line(text)
            elif field in lists:
                from berceau.schema import kept

                lists[field] += kept.from_line(text)
            else:
                found[field] = _only(field, text, found.keys(), number)
        except ValueError:
            cure = _kept_cure() if field in lists else _NAMES
            raise _malformed(f"{field} says {text.strip() or 'nothing'}", number, cure) from None
    _require_phase_above(sql, len(comments))
    return Header(
        found.get("Parent", (None,))[0],
        found.get("Components", ()),
        found.get("Replaces", ()),
        found.get("Generated", (None,))[0],
        found.get("Unmanaged", ()),
        tuple(means),
        found.get("Creates", ()),
        Phase(*found.get("Phase", (Phase.EXPAND,))),
        tuple(lists["Keeps"]),
        tuple(lists["Ends"]),
    )


def _kept_cure() -> str:
    from berceau.schema import kept

    return (
        "Write a kind and names with commas between them, as in `-- Keeps: column post.note`. The "
        f"kinds are {', '.join(kept.Kind)}. A comment of your own begins otherwise."
    )


def _only(field: str, text: str, known: Container[str], number: int) -> tuple[str, ...]:
    """Return the names of a field that stands in one line."""
    names = _names(text)
    if field in known:
        raise _malformed(f"{field} is given twice", number)
    if not names or (field in _SINGLE and len(names) > 1):
        cure = _PHASES if field == "Phase" else _NAMES
        raise _malformed(f"{field} names {text.strip() or 'nothing'}", number, cure)
    if field == "Phase" and names[0] not in {*Phase}:
        raise _malformed(f"Phase says {names[0]}", number, _PHASES)
    return names


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


def _require_phase_above(sql: str, end: int) -> None:
    """Refuse a phase below line ``end``, where the header ends: it would silently have no effect.

    Most files have none at all.
    """
    if not _PHASE.search(sql):
        return
    for number, line in enumerate(sql.splitlines()[end:], end + 1):
        if _PHASE.fullmatch(line.strip()):
            raise _malformed("Phase stands below it", number, _PHASES)


def _malformed(what: str, line: int, cure: str = _NAMES) -> MigrationFileError:
    return MigrationFileError(
        f"The header is malformed: {what}.", where=Location(line=line), cure=cure
    )
