"""The migration files held against the database's ledger: what is pending, what contradicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from berceau.errors import HistoryError
from berceau.migration.script import Script


@dataclass(frozen=True)
class Applied:
    """A line of the ledger; ``applied_at`` is aware."""

    name: str
    checksum: str
    applied_at: datetime


@dataclass(frozen=True)
class History:
    """The files and the ledger side by side.

    ``edited`` were changed on disk after they were applied; ``missing`` were applied, but are
    no longer on disk.
    """

    applied: tuple[Applied, ...]
    pending: tuple[Script, ...]
    edited: tuple[Applied, ...]
    missing: tuple[Applied, ...]

    def require_sound(self) -> None:
        """Raise ``HistoryError`` where the files and the ledger contradict each other."""
        if self.edited:
            names = ", ".join(each.name for each in self.edited)
            raise HistoryError(
                f"Changed on disk after it was applied: {names}.",
                cure="Restore the file (git checkout), and put the change in a new migration.",
            )
        if self.missing:
            names = ", ".join(each.name for each in self.missing)
            raise HistoryError(
                f"Applied to the database, but not in migrations/: {names}.",
                cure="Update the checkout: the database is ahead of it.",
            )


def compare(scripts: Sequence[Script], applied: Sequence[Applied]) -> History:
    """Hold the ``scripts`` on disk, in order, against what the ledger says was ``applied``."""
    by_name = {script.name: script for script in scripts}
    done = {each.name for each in applied}
    return History(
        applied=tuple(applied),
        pending=tuple(script for script in scripts if script.name not in done),
        edited=tuple(
            each
            for each in applied
            if each.name in by_name and by_name[each.name].checksum != each.checksum
        ),
        missing=tuple(each for each in applied if each.name not in by_name),
    )
