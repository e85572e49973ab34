"""Phases: which pending migrations come before the new release, and which wait for the old one."""

from collections.abc import Sequence
from dataclasses import dataclass

from berceau.migration.header import Phase
from berceau.migration.history import History
from berceau.migration.migration import Migration


@dataclass(frozen=True)
class Phases:
    """The pending migrations: those that are ``ready`` to be applied, and those ``waiting``.

    The first of the waiting ones is a contract. What stands behind it waits, too, since migrations
    are applied in their order.
    """

    ready: tuple[Migration, ...] = ()
    waiting: tuple[Migration, ...] = ()

    @property
    def needed(self) -> tuple[Migration, ...]:
        """Those without which the new release can't run: all but contracts, wherever they stand."""
        return tuple(each for each in (*self.ready, *self.waiting) if not is_contract(each))


def phases(history: History) -> Phases:
    """Return which of the pending migrations of ``history`` wait.

    None does where nothing was applied: no process can run on an empty database.
    """
    pending = history.pending
    first = next((n for n, each in enumerate(pending) if is_contract(each)), len(pending))
    if not history.applied:
        first = len(pending)
    return Phases(pending[:first], pending[first:])


def is_contract(migration: Migration) -> bool:
    """Return whether ``migration`` waits for the processes of the release before."""
    return migration.header.phase is Phase.CONTRACT


def required(migrations: Sequence[Migration], contract: Migration) -> Migration:
    """Return the migration that a process has to know, so that it can run behind ``contract``.

    What ends only what others kept is fit for every release that came after these: it needs the
    last of them, which is the newest expanding one before it. Nothing is known of another one, such
    as one that was written by hand: it needs a release that has it.
    """
    before = migrations[: migrations.index(contract)]
    expanding = [each for each in before if not is_contract(each)]
    return expanding[-1] if contract.header.ends and expanding else contract


def knows(newest: str | None, migration: Migration) -> bool:
    """Return whether the code whose ``newest`` migration is called so has ``migration``, too.

    A squash is known to whoever knows the last of those that it replaces.
    """
    if newest is None:
        return False
    return newest >= migration.name or newest in migration.header.replaces[-1:]
