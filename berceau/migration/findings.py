"""What can be wrong with a project's migrations: findings with stable codes."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The kinds of findings; a code never changes its meaning."""

    DIFFERENT = "M001"
    EDITED = "M002"
    MISSING = "M003"
    MALFORMED = "M004"
    CONFLICT = "M005"
    ORPHAN = "M006"
    BROKEN = "M007"
    DRIFT = "M008"
    FAILED = "M009"
    PARTLY_REPLACED = "M010"
    RISKY = "M011"
    NOT_UNDONE = "M012"
    STALE = "M013"
    EMPTY = "M014"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: ``detail`` holds SQL or a diff, of several lines or none.

    ``file`` is a path from the project's folder, and ``line`` one of its lines, from 1.
    """

    code: Code
    message: str
    cure: str
    migration: str | None = None
    detail: str = ""
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else ""
        lines = [f"{self.code} {place}{self.message}", self.cure, *self.detail.splitlines()]
        return "\n".join(("    " if n else "") + line for n, line in enumerate(lines)).rstrip()
