"""The migration files held against the database's ledger: what is pending, what contradicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from berceau.errors import HistoryError
from berceau.migration.chain import breaks
from berceau.migration.findings import Code, Finding
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
    no longer on disk. ``replacing`` stand for migrations that were all applied: they are to be
    recorded, not run. ``contradictions`` tells everything that keeps a deploy from being safe.
    """

    applied: tuple[Applied, ...]
    pending: tuple[Script, ...]
    edited: tuple[Applied, ...]
    missing: tuple[Applied, ...]
    replacing: tuple[Script, ...] = ()
    contradictions: tuple[Finding, ...] = ()

    def require_sound(self) -> None:
        """Raise ``HistoryError`` where the files and the ledger contradict each other."""
        if self.contradictions:
            first = self.contradictions[0]
            raise HistoryError(first.message, cure=first.cure)


def compare(scripts: Sequence[Script], applied: Sequence[Applied]) -> History:
    """Hold the ``scripts`` on disk, in order, against what the ledger says was ``applied``."""
    by_name = {script.name: script for script in scripts}
    done = {each.name for each in applied}
    known = by_name.keys() | {name for script in scripts for name in script.header.replaces}
    open_ = [script for script in scripts if script.name not in done]
    # History is a line: what the last of the replaced found applied is all that it follows.
    replacing = tuple(s for s in open_ if s.header.replaces and s.header.replaces[-1] in done)
    edited = tuple(
        each
        for each in applied
        if each.name in by_name and by_name[each.name].checksum != each.checksum
    )
    missing = tuple(each for each in applied if each.name not in known)
    pending = tuple(script for script in open_ if script not in replacing)
    return History(
        applied=tuple(applied),
        pending=pending,
        edited=edited,
        missing=missing,
        replacing=replacing,
        contradictions=(
            *breaks(scripts),
            *_edited(edited),
            *_missing(missing),
            *(_partly(script, done) for script in pending if done & {*script.header.replaces}),
        ),
    )


def _edited(edited: Sequence[Applied]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            Code.EDITED,
            f"Changed on disk after it was applied: {each.name}.",
            "Restore the file (git checkout), and put the change in a new migration.",
            each.name,
        )
        for each in edited
    )


def _missing(missing: Sequence[Applied]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            Code.MISSING,
            f"Applied to the database, but not in migrations/: {each.name}.",
            "Update the checkout: the database is ahead of it.",
            each.name,
        )
        for each in missing
    )


def _partly(script: Script, done: set[str]) -> Finding:
    lacking = [name for name in script.header.replaces if name not in done]
    return Finding(
        Code.PARTLY_REPLACED,
        f"{script.name} replaces migrations of which this database lacks {', '.join(lacking)}.",
        "Check out the version before the squash, `invoke migrate.deploy` it, and come back.",
        script.name,
    )
