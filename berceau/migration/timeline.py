"""The line of history as people look at it: each migration with its state, and where lines fork."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from berceau.migration.chain import parents
from berceau.migration.history import History, Revision, State
from berceau.migration.migration import Migration


class Standing(StrEnum):
    """How a migration stands between the files and the ledger."""

    APPLIED = "applied"
    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    EDITED = "changed on disk"
    MISSING = "missing on disk"
    REPLACING = "to be recorded"


@dataclass(frozen=True)
class Cell:
    """What is drawn in one lane beside a migration, newest above.

    ``up`` and ``down`` are halves of a line; ``joins`` leads from above to the lane at the left.
    """

    node: bool = False
    up: bool = False
    down: bool = False
    joins: bool = False


@dataclass(frozen=True)
class Entry:
    """A migration in the line; ``file`` is ``None`` where it isn't on disk.

    ``line`` is that of the ledger, if there is one. ``cells`` has one for each lane.
    """

    name: str
    standing: Standing
    file: Migration | None
    line: Revision | None
    cells: tuple[Cell, ...] = (Cell(node=True),)

    @property
    def slug(self) -> str:
        """Its name without the time, with spaces."""
        return self.name[15:].replace("_", " ") or self.name

    @property
    def written_at(self) -> datetime | None:
        """When it was written, as its name says; ``None`` where that is no time."""
        try:
            return datetime.strptime(self.name[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def seconds(self) -> float | None:
        """How long it took; ``None`` where that isn't known."""
        line = self.line
        if line is None or line.started_at is None or line.applied_at is None:
            return None
        return (line.applied_at - line.started_at).total_seconds()

    @property
    def migration(self) -> Migration:
        """The file, or what was applied where that is gone."""
        if self.file is not None:
            return self.file
        if self.line is None:
            raise ValueError(f"{self.name} is nowhere")
        return self.line.to_migration()


def timeline(migrations: Sequence[Migration], history: History) -> tuple[Entry, ...]:
    """Return all migrations that there are on disk or in the ledger, the newest first."""
    files = {each.name: each for each in migrations}
    lines = {each.name: each for each in (*history.applied, *history.unfinished, *history.missing)}
    standings = dict(_standings(history))
    names = sorted(files.keys() | lines.keys(), reverse=True)
    cells = _cells(names, parents([files[name] for name in sorted(files)]))
    return tuple(
        Entry(
            name,
            standings.get(name, Standing.PENDING),
            files.get(name),
            lines.get(name),
            cells[name],
        )
        for name in names
    )


def _standings(history: History) -> Iterator[tuple[str, Standing]]:
    """Yield how each migration stands; what comes later counts."""
    yield from ((each.name, Standing.PENDING) for each in history.pending)
    yield from ((each.name, Standing.REPLACING) for each in history.replacing)
    yield from ((each.name, Standing.APPLIED) for each in history.applied)
    yield from ((each.name, Standing.EDITED) for each in history.edited)
    yield from ((each.name, Standing.MISSING) for each in history.missing)
    for each in history.unfinished:
        yield each.name, Standing.RUNNING if each.state is State.RUNNING else Standing.FAILED


def _cells(names: Sequence[str], parent_of: Mapping[str, str]) -> dict[str, tuple[Cell, ...]]:
    """Return the cells of each of ``names``, which come newest first."""
    if not names:
        return {}
    lanes, begins = _lanes(names, parent_of)
    count = max(lanes.values(), default=0) + 1
    row = {name: number for number, name in enumerate(names)}
    tops = {lane: min(row[name] for name in names if lanes[name] == lane) for lane in range(count)}
    ends = {lane: row[parent] for lane, parent in begins.items() if parent in row}
    last = len(names) - 1

    def cell(number: int, lane: int) -> Cell:
        end = ends.get(lane, last if lane == 0 else tops[lane])
        within = tops[lane] <= number <= end
        joins = lane > 0 and number == ends.get(lane)
        return Cell(
            node=lanes[names[number]] == lane,
            up=within and number > tops[lane] and not joins,
            down=within and number < end,
            joins=joins,
        )

    return {name: tuple(cell(row[name], lane) for lane in range(count)) for name in names}


def _lanes(
    names: Sequence[str], parent_of: Mapping[str, str]
) -> tuple[dict[str, int], dict[int, str]]:
    """Return the lane of each name, and the parent at which each lane but the first begins.

    The first that follows a parent stays in its lane; each further one gets one of its own.
    """
    lanes: dict[str, int] = {}
    begins: dict[int, str] = {}
    followed: set[str] = set()
    for name in reversed(names):
        parent = parent_of.get(name)
        if parent is not None and parent in followed:
            lanes[name] = len(begins) + 1
            begins[lanes[name]] = parent
        else:
            lanes[name] = lanes.get(parent or "", 0)
        if parent is not None:
            followed.add(parent)
    return lanes, begins
