"""The chain of parents: each migration follows the one that it was proven upon."""

from collections.abc import Sequence

from berceau.diagnostic import Diagnostic
from berceau.migration.codes import Code
from berceau.migration.header import NO_PARENT
from berceau.migration.migration import Migration


def branches(migrations: Sequence[Migration]) -> tuple[tuple[str, tuple[Migration, ...]], ...]:
    """Return the parents that several of ``migrations`` follow, each with those.

    A migration without a header follows the one before it.
    """
    children: dict[str, list[Migration]] = {}
    for migration, before in _pairs(migrations):
        children.setdefault(_parent(migration, before), []).append(migration)
    return tuple((parent, tuple(each)) for parent, each in children.items() if len(each) > 1)


def parents(migrations: Sequence[Migration]) -> dict[str, str]:
    """Return which parent each of ``migrations`` follows, by name: ``NO_PARENT`` for the first."""
    return {each.name: _parent(each, before) for each, before in _pairs(migrations)}


def descendants(migrations: Sequence[Migration], first: Migration) -> tuple[Migration, ...]:
    """Return ``first`` and those of ``migrations`` that follow it, directly or not, in order."""
    found: dict[str, Migration] = {}
    for migration, before in _pairs(migrations):
        if migration == first or _parent(migration, before) in found:
            found[migration.name] = migration
    return tuple(found.values())


def breaks(migrations: Sequence[Migration]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the chain of ``migrations``, which come in order of name."""
    forks = branches(migrations)
    forked = {migration.name for _, children in forks for migration in children}
    conflicts = [_conflict(parent, children) for parent, children in forks]
    orphans = [
        _orphan(migration, before, migrations)
        for migration, before in _pairs(migrations)
        if migration.name not in forked and not _follows(migration, before)
    ]
    # A fork displaces what comes after it; once it is settled, that is in order again.
    return tuple(conflicts or orphans)


def _pairs(migrations: Sequence[Migration]) -> Sequence[tuple[Migration, Migration | None]]:
    return tuple(zip(migrations, (None, *migrations), strict=False))


def _parent(migration: Migration, before: Migration | None) -> str:
    stated = migration.header.parent
    # What was proven upon the last of those that a squash replaced was proven upon the squash.
    if stated is None or (before is not None and (stated,) == before.header.replaces[-1:]):
        return before.name if before is not None else NO_PARENT
    return stated


def _follows(migration: Migration, before: Migration | None) -> bool:
    return _parent(migration, before) == (before.name if before is not None else NO_PARENT)


def _conflict(parent: str, children: Sequence[Migration]) -> Diagnostic:
    names = [migration.name for migration in children]
    follow = "start the history" if parent == NO_PARENT else f"follow {parent}"
    return Diagnostic(
        Code.CONFLICT,
        f"{' and '.join(names)} both {follow}: they come from two branches, and neither was "
        "validated after the other.",
        "Run `invoke migrate.rebase`, or choose what moves: "
        f"invoke migrate.rebase --branch {names[-1]}",
        migration=names[-1],
    )


def _orphan(
    migration: Migration, before: Migration | None, migrations: Sequence[Migration]
) -> Diagnostic:
    parent = migration.header.parent
    known = parent in {each.name for each in migrations}
    place = before.name if before is not None else NO_PARENT
    squash = next((each.name for each in migrations if parent in each.header.replaces), None)
    gone = f"which {squash} replaced" if squash else "which isn't in migrations/"
    return Diagnostic(
        Code.ORPHAN,
        f"{migration.name} names the parent {parent}, "
        + (f"but comes after {place}." if known else f"{gone}."),
        f"Restore the missing migration, or, if this one may follow {place}: "
        f"invoke migrate.rebase --branch {migration.name}",
        migration=migration.name,
    )
