"""The migration files held against the database's ledger: what is pending, what contradicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from berceau.diagnostic import Diagnostic
from berceau.errors import HistoryError
from berceau.migration.batch_progress import BatchProgress
from berceau.migration.chain import breaks
from berceau.migration.codes import Code
from berceau.migration.migration import Migration

if TYPE_CHECKING:  # see Migration.groups
    from berceau.migration.transaction_groups import TransactionGroup


class State(StrEnum):
    """Where a migration stands in the ledger."""

    RUNNING = "running"
    APPLIED = "applied"
    FAILED = "failed"


class Direction(StrEnum):
    """Whether a migration is applied or undone."""

    UP = "up"
    DOWN = "down"


def groups_of(migration: Migration, direction: Direction) -> "tuple[TransactionGroup, ...]":
    """Return what ``migration`` carries out in ``direction``."""
    return migration.groups if direction is Direction.UP else migration.undoing


@dataclass(frozen=True)
class Revision:
    """A line of the ledger: a migration that was applied, or begun; times are aware.

    Of the ``total`` statements in ``direction`` the first ``position`` took effect; ``begun`` means
    that the next one, outside of a transaction, may have, and ``batches`` is how far it came in
    batches. ``sql``, ``down`` and ``data`` are the texts that were run. ``error`` is that of a
    failed one, with file and line, ``failed_at`` the number of its statement.
    """

    name: str
    checksum: str
    applied_at: datetime | None
    sql: str = ""
    down: str = ""
    data: str = ""
    state: State = State.APPLIED
    direction: Direction = Direction.UP
    position: int = 0
    total: int = 0
    begun: bool = False
    batches: BatchProgress | None = None
    failed_at: int | None = None
    error: str | None = None
    started_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of it is in the database: applied, and nothing undone."""
        untouched = self.direction is Direction.DOWN and self._got_nowhere
        return self.state is State.APPLIED or untouched

    @property
    def left_nothing(self) -> bool:
        """Whether it was begun, and nothing of it is in the database."""
        return self.direction is Direction.UP and self._got_nowhere

    @property
    def _got_nowhere(self) -> bool:
        begun = self.begun or self.batches is not None
        return self.state is State.FAILED and self.position == 0 and not begun

    @property
    def replaces(self) -> tuple[str, ...]:
        """The names of the migrations that it stands for, oldest first."""
        return self.to_migration().header.replaces

    def to_migration(self) -> Migration:
        """Return the migration as it was run."""
        return Migration(self.name, self.sql, self.down, self.data)

    @property
    def place(self) -> str:
        """How far it came, for a person."""
        after = f"after statement {self.position} of {self.total}"
        return f"{after}, and {self.batches} of the next" if self.batches else after

    def __str__(self) -> str:
        """Return how far it came."""
        if self.state is State.APPLIED:
            return f"{self.state} {self.name}"
        deed = "" if self.direction is Direction.UP else " (being undone)"
        at = f"{self.name}{deed} {self.place}"
        if self.state is State.RUNNING:
            return f"running {at}"
        if self.failed_at is None:
            return f"failed {at}: its deploy was interrupted"
        done = f" (done: {self.batches})" if self.batches else ""
        at = f"statement {self.failed_at} of {self.total}{done}"
        return f"failed {self.name}{deed} at {at}, {self.error}"


@dataclass(frozen=True)
class History:
    """The files and the ledger side by side.

    ``applied`` are whole, ``unfinished`` are running or failed; ``pending`` are to be applied or
    resumed. ``edited`` were changed on disk after they were applied; ``missing`` are in the
    database, but no longer on disk. ``replacing`` stand for migrations that were all applied:
    they are to be recorded, not run. ``void`` were begun and left nothing, and their files are
    gone. ``contradictions`` are all that keeps a deploy from being safe.
    """

    applied: tuple[Revision, ...]
    pending: tuple[Migration, ...]
    edited: tuple[Revision, ...]
    missing: tuple[Revision, ...]
    unfinished: tuple[Revision, ...] = ()
    replacing: tuple[Migration, ...] = ()
    void: tuple[Revision, ...] = ()
    contradictions: tuple[Diagnostic, ...] = ()

    def until(self, name: str | None) -> "History":
        """Return this history without what is pending behind the migration called ``name``."""
        if name is None:
            return self
        return replace(self, pending=tuple(each for each in self.pending if each.name <= name))

    def require_sound(self) -> None:
        """Raise ``HistoryError`` where the files and the ledger contradict each other."""
        if self.contradictions:
            first = self.contradictions[0]
            raise HistoryError(first.message, cure=first.cure)


def compare(migrations: Sequence[Migration], applied: Sequence[Revision]) -> History:
    """Compare the ``migrations`` on disk, in order, with the ``applied`` ones of the ledger."""
    by_name = {migration.name: migration for migration in migrations}
    whole = tuple(each for each in applied if each.is_whole)
    done = {name for each in whole for name in (each.name, *each.replaces)}
    begun = {each.name for each in applied if not each.is_whole and not each.left_nothing}
    known = by_name.keys() | {
        name for migration in migrations for name in migration.header.replaces
    }
    open_ = [migration for migration in migrations if migration.name not in done]
    replacing = tuple(migration for migration in open_ if _stands_for(migration, done, begun))
    edited = tuple(
        each
        for each in whole
        if each.name in by_name and by_name[each.name].checksum != each.checksum
    )
    void = tuple(each for each in applied if each.left_nothing and each.name not in by_name)
    missing = tuple(each for each in applied if each.name not in known and each not in void)
    pending = tuple(migration for migration in open_ if migration not in replacing)
    return History(
        applied=whole,
        pending=pending,
        edited=edited,
        missing=missing,
        unfinished=tuple(each for each in applied if not each.is_whole and each not in void),
        replacing=replacing,
        void=void,
        contradictions=(
            *breaks(migrations),
            *_edited(edited),
            *_missing(missing),
            *(
                _partly(migration, done)
                for migration in pending
                if (done | begun) & {*migration.header.replaces}
            ),
        ),
    )


def _edited(edited: Sequence[Revision]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            Code.EDITED,
            f"Changed on disk after it was applied: {each.name}.",
            "Restore the file (git checkout), and put the change in a new migration. Or, if it "
            f"still has the same effect: `invoke migrate.resolve {each.name} --applied`.",
            migration=each.name,
        )
        for each in edited
    )


def _missing(missing: Sequence[Revision]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            Code.MISSING,
            f"Applied to the database, but not in migrations/: {each.name}.",
            "Update the checkout: the database is ahead of it.",
            migration=each.name,
        )
        for each in missing
    )


def _stands_for(squash: Migration, done: set[str], begun: set[str]) -> bool:
    """Return whether all that ``squash`` replaces was applied: it is only to be recorded."""
    replaced = squash.header.replaces
    # History is a line: what the last of the replaced found applied is all that it follows.
    return bool(replaced) and replaced[-1] in done and begun.isdisjoint(replaced)


def _partly(migration: Migration, done: set[str]) -> Diagnostic:
    lacking = [name for name in migration.header.replaces if name not in done]
    return Diagnostic(
        Code.PARTLY_REPLACED,
        f"{migration.name} replaces migrations of which this database lacks {', '.join(lacking)}.",
        "Check out the version before the squash, run `invoke migrate.deploy`, and come back.",
        migration=migration.name,
    )


def in_line(lines: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return those of the ledger's ``lines`` that no other one replaces, the oldest first.

    The parent that a migration names comes before it, or what replaced that parent. Names decide
    only where the headers don't.
    """
    heirs = {name: line.name for line in lines if line.is_whole for name in line.replaces}
    left = sorted((line for line in lines if line.name not in heirs), key=lambda line: line.name)
    names = {line.name for line in left}
    ordered: list[Revision] = []
    while left:
        # Where parents go in a circle, names decide, too.
        following = next((each for each in left if _parent(each, heirs) not in names), left[0])
        left.remove(following)
        names.remove(following.name)
        ordered.append(following)
    return tuple(ordered)


def _parent(line: Revision, heirs: dict[str, str]) -> str | None:
    parent = line.to_migration().header.parent
    while parent in heirs:
        parent = heirs[parent]
    return parent
