"""The chain of parents: each migration follows the one that it was proven upon."""

from collections.abc import Sequence

from berceau.diagnostic import Diagnostic
from berceau.migration.codes import Code
from berceau.migration.header import NO_PARENT
from berceau.migration.migration import Migration


def branches(scripts: Sequence[Migration]) -> tuple[tuple[str, tuple[Migration, ...]], ...]:
    """Return the parents that several of ``scripts`` follow, each with those.

    A migration without a header follows the one before it.
    """
    children: dict[str, list[Migration]] = {}
    for script, before in _pairs(scripts):
        children.setdefault(_parent(script, before), []).append(script)
    return tuple((parent, tuple(each)) for parent, each in children.items() if len(each) > 1)


def descendants(scripts: Sequence[Migration], first: Migration) -> tuple[Migration, ...]:
    """Return ``first`` and those of ``scripts`` that follow it, directly or not, in order."""
    found: dict[str, Migration] = {}
    for script, before in _pairs(scripts):
        if script == first or _parent(script, before) in found:
            found[script.name] = script
    return tuple(found.values())


def breaks(scripts: Sequence[Migration]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the chain of ``scripts``, which come in order of name."""
    forks = branches(scripts)
    forked = {script.name for _, children in forks for script in children}
    conflicts = [_conflict(parent, children) for parent, children in forks]
    orphans = [
        _orphan(script, before, scripts)
        for script, before in _pairs(scripts)
        if script.name not in forked and not _follows(script, before)
    ]
    # A fork displaces what comes after it; once it is settled, that is in order again.
    return tuple(conflicts or orphans)


def _pairs(scripts: Sequence[Migration]) -> Sequence[tuple[Migration, Migration | None]]:
    return tuple(zip(scripts, (None, *scripts), strict=False))


def _parent(script: Migration, before: Migration | None) -> str:
    stated = script.header.parent
    # What was proven upon the last of those that a squash replaced was proven upon the squash.
    if stated is None or (before is not None and (stated,) == before.header.replaces[-1:]):
        return before.name if before is not None else NO_PARENT
    return stated


def _follows(script: Migration, before: Migration | None) -> bool:
    return _parent(script, before) == (before.name if before is not None else NO_PARENT)


def _conflict(parent: str, children: Sequence[Migration]) -> Diagnostic:
    names = [script.name for script in children]
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
    script: Migration, before: Migration | None, scripts: Sequence[Migration]
) -> Diagnostic:
    parent = script.header.parent
    known = parent in {each.name for each in scripts}
    place = before.name if before is not None else NO_PARENT
    squash = next((each.name for each in scripts if parent in each.header.replaces), None)
    gone = f"which {squash} replaced" if squash else "which isn't in migrations/"
    return Diagnostic(
        Code.ORPHAN,
        f"{script.name} names the parent {parent}, "
        + (f"but comes after {place}." if known else f"{gone}."),
        f"Restore the missing migration, or, if this one may follow {place}: "
        f"invoke migrate.rebase --branch {script.name}",
        migration=script.name,
    )
