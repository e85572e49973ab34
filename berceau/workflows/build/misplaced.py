"""What refers from shared components to those of tenants, as a value that can be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from berceau.errors import EntityError, Location


@dataclass(frozen=True)
class Misplaced:
    """What is wrong with the scope of a component, and the line that shows it."""

    message: str
    cure: str
    component: str | None
    file: str
    line: int | None

    def to_error(self) -> EntityError:
        """Return it as an error."""
        where = Location(self.component, Path(self.file), self.line)
        return EntityError(self.message, where=where, cure=self.cure)


def refuse_misplaced(misplaced: Sequence[Misplaced]) -> None:
    """Raise ``EntityError`` for the first of what is ``misplaced``."""
    if misplaced:
        raise misplaced[0].to_error()
