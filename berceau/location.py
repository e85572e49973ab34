"""Where in a project something is, as an error or a finding of a rule names it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Location:
    """Where a mistake is: a component, a file and a line, as far as each is known."""

    component: str | None = None
    file: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = []
        if self.component is not None:
            parts.append(f"component {self.component}")
        if self.file is not None:
            parts.append(str(self.file) if self.line is None else f"{self.file}:{self.line}")
        return ", ".join(parts)
