"""What is wrong with the indexes and keys of a schema, by itself and by how production uses it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from berceau.planner.codes import COVERED, NEVER_ANALYSED, NO_KEY, UNINDEXED_KEY, UNUSED
from berceau.planner.existing import constraint_indexes, is_plain
from berceau.planner.statistics import IndexStatistics, Statistics
from berceau.schema.model import ForeignKey, Index, Schema, Table
from berceau.schema.names import quote_name

LARGE_BLOCKS = 128
"""An unused index of less than a megabyte is worth no words."""
BUSY_SCANS = 1000
"""So often the indexes of a table were used before it says something that one wasn't."""
LONG_DAYS = 7
"""So long the use of indexes has to be counted before it says something."""
MANY_ROWS = 1000
"""In a smaller table, rows that refer to another are found soon."""


@dataclass(frozen=True)
class Finding:
    """A finding about a ``table``, or a ``column`` of it; it is dismissed by its ``subject``."""

    code: str
    subject: str
    table: str
    column: str | None
    message: str
    cure: str


def schema_findings(schema: Schema, statistics: Statistics) -> Iterator[Finding]:
    """Yield what is wrong with the tables of ``schema``, of which ``statistics`` may know more."""
    for table in schema.tables:
        known = statistics.table(table.name)
        uses = {each.name: each for each in known.indexes} if known else {}
        covered = tuple(_covered(table))
        yield from covered
        yield from _unused(_without(table, {each.subject for each in covered}), uses, statistics)
        if known is not None and known.size.reltuples >= MANY_ROWS:
            yield from _unindexed_keys(table)
        if table.primary_key is None and not table.follows:
            yield Finding(
                NO_KEY,
                table.name,
                table.name,
                None,
                f"The table {table.name} has no primary key: rows can't be told apart, and logical "
                "replication can't update them.",
                "Add one, of a column or of several.",
            )
        if known is not None and not known.analysed:
            yield Finding(
                NEVER_ANALYSED,
                table.name,
                table.name,
                None,
                f"The table {table.name} was never analysed, so its plans are guesses.",
                f"Run ANALYZE {quote_name(table.name)} there, and save the statistics again.",
            )


def _covered(table: Table) -> Iterator[Finding]:
    plain = [each for each in table.indexes if is_plain(each)]
    # Of two equal ones, the unique one stays, and else the first by name.
    others = [(each.name, each.keys, each.unique) for each in (*plain, *constraint_indexes(table))]
    for index in plain:
        if index.unique:
            continue
        for name, keys, is_unique in others:
            longer = len(keys) > len(index.keys)
            first = longer or is_unique or name < index.name
            if name != index.name and first and keys[: len(index.keys)] == index.keys:
                yield Finding(
                    COVERED,
                    index.name,
                    table.name,
                    _column(index),
                    f"The index {index.name} ({', '.join(index.keys)}) does nothing that {name} "
                    f"({', '.join(keys)}) can't do, and each write has to update it.",
                    _removal(index, table, ""),
                )
                break


def _column(index: Index) -> str | None:
    return index.keys[0].removesuffix(" DESC").strip('"') if len(index.keys) == 1 else None


def _removal(index: Index, table: Table, condition: str) -> str:
    """Return what removes ``index``: Pony makes one for each relation that doesn't refuse it."""
    if any(index.keys == tuple(map(quote_name, key.columns)) for key in table.foreign_keys):
        return f"Write index=False at its attribute{condition}."
    return f"Remove its declaration{condition}."


def _without(table: Table, names: Collection[str]) -> Table:
    return replace(table, indexes=tuple(e for e in table.indexes if e.name not in names))


def _unused(
    table: Table, uses: dict[str, IndexStatistics], statistics: Statistics
) -> Iterator[Finding]:
    quiet = sum(each.scans for each in uses.values()) < BUSY_SCANS
    if quiet or statistics.days < LONG_DAYS:
        return  # a quiet server, or counts that began a moment ago
    rest = table
    for index in table.indexes:
        use = uses.get(index.name)
        less = _without(rest, {index.name})
        if (
            use
            and use.scans == 0
            and not index.unique
            and use.size.blocks >= LARGE_BLOCKS
            and set(_unindexed(less)) == set(_unindexed(rest))
        ):
            rest = less  # of two that serve a foreign key, one has to stay
            yield Finding(
                UNUSED,
                index.name,
                table.name,
                _column(index),
                f"The index {index.name} wasn't used since {statistics.since}; it has "
                f"{use.size.blocks // LARGE_BLOCKS} MB. Replicas count by themselves.",
                _removal(index, table, " if no replica and no yearly report needs it"),
            )


def _unindexed_keys(table: Table) -> Iterator[Finding]:
    for key in _unindexed(table):
        columns = ", ".join(key.columns)
        yield Finding(
            UNINDEXED_KEY,
            f"{table.name} ({columns})",
            table.name,
            key.columns[0],
            f"No index begins with {table.name} ({columns}), so each deletion in {key.target} "
            f"reads all of {table.name}.",
            "Add an index, such as index=True.",
        )


def _unindexed(table: Table) -> Iterator[ForeignKey]:
    """Yield the foreign keys of ``table`` that no index of it serves."""
    yield from (key for key in table.foreign_keys if not _is_indexed(key, table))


def _is_indexed(key: ForeignKey, table: Table) -> bool:
    wanted = set(map(quote_name, key.columns))
    keys = [index.keys for index in table.indexes if index.method == "btree" and index.valid]
    keys += [each.keys for each in constraint_indexes(table)]
    size = len(key.columns)
    return any({name.removesuffix(" DESC") for name in each[:size]} == wanted for each in keys)
