"""What ``invoke advise`` found, and what of it the project dismisses with a reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from berceau.diagnostic import Diagnostic
from berceau.errors import Location, SettingsError
from berceau.lint.file_facts import FileFacts
from berceau.planner.codes import CODES
from berceau.planner.schema_findings import Finding
from berceau.settings import Settings
from berceau.workflows.advise.applying import relative
from berceau.workflows.advise.places import Declaration


@dataclass(frozen=True)
class Found:
    """A ``diagnostic``, the ``subject`` to dismiss it by, and the ``change`` that would settle it.

    Only what is missing has a change: what to remove, people decide. ``sql`` is the statement for
    a migration where no entity declares such a thing. ``plans`` are queries, each with its plan
    before and after.
    """

    diagnostic: Diagnostic
    subject: str
    change: Declaration | None = None
    sql: str | None = None
    plans: tuple[tuple[str, str, str], ...] = ()


def of_schema(finding: Finding, place: tuple[Path, int] | None, root: Path) -> Found:
    """Return what is found in the schema, at its ``place`` in the project's folder ``root``."""
    diagnostic = Diagnostic(
        finding.code,
        finding.message,
        finding.cure,
        level="warning",
        file=relative(place[0], root) if place else None,
        line=place[1] if place else None,
    )
    return Found(diagnostic, finding.subject)


class Dismissals:
    """What ``pyproject.toml`` dismisses by code and subject, and comments in code by their line.

    Raises ``SettingsError`` for what has no reason, or no code that there is.
    """

    def __init__(self, settings: Settings, facts: Mapping[Path, FileFacts]) -> None:
        self._settings = settings
        self._keys = set(self._in_project())
        self._lines = {
            (relative(file, settings.root), line, code)
            for file, each in facts.items()
            for line, code in each.ignores
            if code in CODES
        }

    def without(self, found: Iterable[Found]) -> tuple[tuple[Found, ...], tuple[str, ...]]:
        """Return what isn't dismissed, and sentences on what is dismissed and isn't found."""
        kept: list[Found] = []
        used: set[object] = set()
        for each in found:
            diagnostic = each.diagnostic
            place = (diagnostic.file, diagnostic.line, diagnostic.code)
            marks = {f"{diagnostic.code} {each.subject}", place} & {*self._keys, *self._lines}
            used |= marks
            if not marks:
                kept.append(each)
        notes = (
            *(f"Dismissed in pyproject.toml, and not found: {key}." for key in self._rest(used)),
            *(
                f"{file}:{line}: the comment `berceau: ignore[{code}]` silences nothing."
                for file, line, code in sorted(self._lines - used)
            ),
        )
        return tuple(kept), notes

    def _rest(self, used: set[object]) -> list[str]:
        return sorted(key for key in self._keys if key not in used)

    def _in_project(self) -> Iterator[str]:
        for text in self._settings.dismissed_advice:
            key, _, reason = text.partition(": ")
            if not reason.strip():
                raise self._wrong(f"{text!r} is dismissed without a reason, in pyproject.toml.")
            if key.split()[0] not in CODES:
                raise self._wrong(f"{text!r} in pyproject.toml doesn't begin with a code.")
            yield key.strip()

    def _wrong(self, message: str) -> SettingsError:
        return SettingsError(
            message,
            where=Location(file=self._settings.root / "pyproject.toml"),
            cure='Write "A202 post_title_idx: the yearly report needs it" in dismissed of '
            "[tool.berceau.advise].",
        )
