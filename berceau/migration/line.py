"""The line of what a database has applied: what stands in it, each migration behind its parent."""

from collections.abc import Sequence

from berceau.migration.history import Revision


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
