"""A diagnostic: one thing that is wrong in a project, with a stable code, a place and a cure."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Diagnostic:
    """What a rule finds, in the words for a person.

    ``file`` is a path from the project's folder, and ``line`` one of its lines, from 1.
    ``component`` or ``migration`` names what the file belongs to. ``detail`` holds SQL or a diff,
    of several lines or none. A ``code`` never changes its meaning.
    """

    code: str
    message: str
    cure: str
    _: KW_ONLY
    level: Level = "error"
    file: str | None = None
    line: int | None = None
    component: str | None = None
    migration: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else ""
        head = f"{place}{self.level} {self.code}: {self.message}"
        lines = (head, self.cure, *self.detail.splitlines())
        return "\n    ".join(lines).rstrip()
