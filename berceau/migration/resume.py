"""Where a script that was begun goes on: behind what is done, which must not have changed."""

from collections.abc import Sequence

from berceau.errors import HistoryError, Location
from berceau.migration.history import Direction, Revision
from berceau.migration.migration import UP, Migration
from berceau.migration.splitter import ParsedStatement
from berceau.migration.transaction_groups import TransactionGroup, cut


def segments_of(script: Migration, direction: Direction) -> tuple[TransactionGroup, ...]:
    """Return what ``script`` carries out in ``direction``."""
    return script.segments if direction is Direction.UP else script.undoing


def resume(line: Revision | None, script: Migration, direction: Direction) -> tuple[int, bool]:
    """Return how many statements of ``script`` are done, and whether the next one may be.

    ``line`` is the ledger's. Raises ``HistoryError`` with the place where the script differs from
    what was run.
    """
    if line is None or line.is_whole or line.direction is not direction:
        return 0, False
    before = _numbered(segments_of(line.to_script(), direction))
    now = _numbered(segments_of(script, direction))
    for number in range(line.position):
        if number >= len(now) or not _same(now[number][1], before[number][1]):
            raise _changed(script, direction, before[number], now[number : number + 1])
    next_ones = [found[line.position][1] for found in (before, now) if line.position < len(found)]
    return line.position, line.begun and len(next_ones) == 2 and _same(*next_ones)


def taken_effect(line: Revision) -> Migration:
    """Return as a script what the database may hold of the migration that ``line`` tells of.

    Of one that is half undone, that is all that it made.
    """
    script = line.to_script()
    if line.is_whole or line.direction is Direction.DOWN:
        return script
    pieces = [piece for _, piece in _numbered(cut(script.sql, script.file(UP)))]
    return Migration(line.name, "".join(map(_written, pieces[: line.position])))


def _written(piece: ParsedStatement) -> str:
    rows = "" if piece.data is None else f"{piece.data}\\.\n"
    return f"{piece.text};\n{rows}"


def _numbered(
    segments: Sequence[TransactionGroup],
) -> list[tuple[TransactionGroup, ParsedStatement]]:
    return [(segment, piece) for segment in segments for piece in segment.statements]


def _same(one: ParsedStatement, other: ParsedStatement) -> bool:
    return (one.text.splitlines(), one.data) == (other.text.splitlines(), other.data)


def _changed(
    script: Migration,
    direction: Direction,
    before: tuple[TransactionGroup, ParsedStatement],
    now: Sequence[tuple[TransactionGroup, ParsedStatement]],
) -> HistoryError:
    segment, piece = now[0] if now else before
    where = Location(file=segment.file, line=piece.line if now else None)
    again = "invoke migrate.deploy" if direction is Direction.UP else "invoke migrate.down"
    return HistoryError(
        f"{script.name} was started, and a statement that took effect was changed later. It was:\n"
        f"    {before[1].text}",
        where=where,
        cure=f"Restore it, and run `{again}` again: only later statements may be changed. "
        f"Or settle it: `invoke migrate.resolve {script.name} --applied` or `--rolled-back`.",
    )
