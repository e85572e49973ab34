"""``Statistics``: what the planner of a database knows of its tables, without their rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_DAYS = 30
PART_USED = 0.25


@dataclass(frozen=True)
class Values:
    """What the statistics of a column quote from rows; names and forms are those of ``pg_stats``.

    Arrays of values are PostgreSQL's text, as in ``{a,b}``.
    """

    most_common_vals: str | None = None
    most_common_freqs: tuple[float, ...] | None = None
    histogram_bounds: str | None = None
    most_common_elems: str | None = None
    most_common_elem_freqs: tuple[float, ...] | None = None
    elem_count_histogram: tuple[float, ...] | None = None
    range_length_histogram: str | None = None
    range_empty_frac: float | None = None
    range_bounds_histogram: str | None = None


@dataclass(frozen=True)
class ColumnStatistics:
    """The statistics of a column, or of an expression of an index: see ``pg_stats``.

    ``inherited`` is whether they include the rows of partitions or children.
    """

    name: str
    null_frac: float
    avg_width: int
    n_distinct: float
    correlation: float | None = None
    inherited: bool = False
    values: Values | None = None


@dataclass(frozen=True)
class Size:
    """How large a relation was at its last VACUUM or ANALYZE, and how many ``blocks`` it has now.

    ``reltuples`` is -1 where it was never analysed. Names are those of ``pg_class``.
    """

    relpages: int
    reltuples: float
    blocks: int
    relallvisible: int = 0
    relallfrozen: int | None = None


@dataclass(frozen=True)
class IndexStatistics:
    """The size of an index, the ``height`` of a B-tree where it could be read, and its use.

    ``columns`` are its expressions. ``scans`` counts since ``Statistics.since``.
    """

    name: str
    size: Size
    height: int | None = None
    scans: int = 0
    columns: tuple[ColumnStatistics, ...] = ()


@dataclass(frozen=True)
class TableStatistics:
    """What is known of a table or a materialized view; writes count since ``Statistics.since``."""

    name: str
    size: Size
    columns: tuple[ColumnStatistics, ...] = ()
    indexes: tuple[IndexStatistics, ...] = ()
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def analysed(self) -> bool:
        """Whether the planner has statistics of it, or needs none since it is empty."""
        return bool(self.columns) or (self.size.blocks == 0)


@dataclass(frozen=True)
class QueryStatistics:
    """A query of ``pg_stat_statements`` without values, with what all its calls took.

    ``lines`` are those of the code that sent it, as in ``components/blog/views.py:7``, where that
    is known: it isn't in a file of statistics.
    """

    text: str
    calls: int
    seconds: float
    rows: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberStatistics:
    """A column that the server numbers: the ``last`` number given, of at most ``most``."""

    table: str
    column: str
    last: int
    most: int


@dataclass(frozen=True)
class ExtensionStatistics:
    """An extension of another ``version`` than the ``available`` one, which its server brings."""

    name: str
    version: str
    available: str


@dataclass(frozen=True)
class Statistics:
    """What the planner of one schema of a ``database`` knows; all parts are sorted by name.

    ``postgresql`` is the server's version as in 180006. ``settings`` are those that the planner
    reads and that aren't the default. ``collation`` is the database's: ``C`` sorts by bytes, and
    lets more indexes answer LIKE. ``since`` is when the counts of use began, and ``days`` how long
    ago that was; more than ``MOST_DAYS`` aren't told. ``numbers`` are of columns with at least
    ``PART_USED`` of their numbers given, and ``extensions`` those that are behind.
    """

    postgresql: int
    schema: str
    collation: str = "C"
    settings: dict[str, str] = field(default_factory=dict)
    since: str | None = None
    tables: tuple[TableStatistics, ...] = ()
    queries: tuple[QueryStatistics, ...] = ()
    days: int = 0
    numbers: tuple[NumberStatistics, ...] = ()
    extensions: tuple[ExtensionStatistics, ...] = ()
    database: str = ""

    def table(self, name: str) -> TableStatistics | None:
        """Return the table called ``name``, if it is known."""
        return next((each for each in self.tables if each.name == name), None)

    @property
    def columns(self) -> Iterator[ColumnStatistics]:
        """All columns, and expressions of indexes."""
        for table in self.tables:
            yield from table.columns
            for index in table.indexes:
                yield from index.columns


def rounded(count: int) -> int:
    """Return ``count`` with three digits: a file changes only where use does, and not each time."""
    return int(float(f"{count:.2e}"))
