"""Where a migration that was begun goes on: behind what is done, which must not have changed."""

from collections.abc import Sequence

from berceau.errors import HistoryError, Location
from berceau.migration.history import Direction, Revision, groups_of
from berceau.migration.migration import UP, Migration
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import TransactionGroup, cut


def resume(line: Revision | None, migration: Migration, direction: Direction) -> tuple[int, bool]:
    """Return how many statements of ``migration`` are done, and whether the next one may be.

    ``line`` is the ledger's. Raises ``HistoryError`` with the place where the migration differs
    from what was run.
    """
    if line is None or line.is_whole or line.direction is not direction:
        return 0, False
    before = _numbered(groups_of(line.to_migration(), direction))
    now = _numbered(groups_of(migration, direction))
    for number in range(line.position):
        if number >= len(now) or not _same(now[number][1], before[number][1]):
            raise _changed(migration, direction, before[number], now[number : number + 1])
    next_ones = [found[line.position][1] for found in (before, now) if line.position < len(found)]
    return line.position, line.begun and len(next_ones) == 2 and _same(*next_ones)


def taken_effect(line: Revision) -> Migration:
    """Return as a migration what the database may hold of the migration of ``line``.

    Of one that is half undone, that is all that it made.
    """
    migration = line.to_migration()
    if line.is_whole or line.direction is Direction.DOWN:
        return migration
    statements = [statement for _, statement in _numbered(cut(migration.sql, migration.file(UP)))]
    return Migration(line.name, "".join(map(_written, statements[: line.position])))


def _written(statement: ParsedStatement) -> str:
    rows = "" if statement.data is None else f"{statement.data}\\.\n"
    return f"{statement.text};\n{rows}"


def _numbered(
    groups: Sequence[TransactionGroup],
) -> list[tuple[TransactionGroup, ParsedStatement]]:
    return [(group, statement) for group in groups for statement in group.statements]


def _same(one: ParsedStatement, other: ParsedStatement) -> bool:
    return (one.text.splitlines(), one.data) == (other.text.splitlines(), other.data)


def _changed(
    migration: Migration,
    direction: Direction,
    before: tuple[TransactionGroup, ParsedStatement],
    now: Sequence[tuple[TransactionGroup, ParsedStatement]],
) -> HistoryError:
    group, statement = now[0] if now else before
    where = Location(file=group.file, line=statement.line if now else None)
    again = "invoke migrate.deploy" if direction is Direction.UP else "invoke migrate.down"
    return HistoryError(
        f"{migration.name} was started, and a statement that took effect was changed later. "
        f"It was:\n    {before[1].text}",
        where=where,
        cure=f"Restore it, and run `{again}` again: only later statements may be changed. "
        f"Or settle it: `invoke migrate.resolve {migration.name} --applied` or `--rolled-back`.",
    )
