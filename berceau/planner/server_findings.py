"""What will be wrong with a database: numbers that end, space that is lost, old extensions."""

from collections.abc import Iterator

from berceau.planner.codes import BLOATED, EXTENSION_BEHIND, NUMBERS_END
from berceau.planner.schema_findings import Finding
from berceau.planner.sizes import estimate_btree, estimate_heap
from berceau.planner.statistics import ColumnStatistics, Statistics, TableStatistics
from berceau.schema.model import Index, Schema, Table
from berceau.schema.names import quote_name, unquote_name

NEARLY_ALL = 0.7
"""A column whose numbers are used to this part needs larger ones soon."""
TIMES = 2.0
"""What has so many times the pages that its rows need is bloated,"""
LOST_BLOCKS = 12_800
"""if at least so many of them, 100 MB, are lost."""
_MEGABYTE = 128


def server_findings(schema: Schema, statistics: Statistics) -> Iterator[Finding]:
    """Yield what the ``statistics`` tell beyond the use of indexes."""
    yield from _numbers(statistics)
    for table in schema.tables:
        known = statistics.table(table.name)
        if known is not None and known.size.reltuples > 0:
            yield from _bloat(table, known)
    for each in statistics.extensions:
        yield Finding(
            EXTENSION_BEHIND,
            each.name,
            "",
            None,
            f"The extension {each.name} is of version {each.version}, and the server brings "
            f"{each.available}: it misses corrections.",
            f"Write a migration with ALTER EXTENSION {quote_name(each.name)} UPDATE.",
        )


def _numbers(statistics: Statistics) -> Iterator[Finding]:
    for each in statistics.numbers:
        if each.last >= NEARLY_ALL * each.most:
            yield Finding(
                NUMBERS_END,
                f"{each.table}.{each.column}",
                each.table,
                each.column,
                f"{each.last / each.most:.0%} of the numbers that {each.table}.{each.column} can "
                f"have are given ({each.last:,} of {each.most:,}). Then no row can be added.",
                "Give it size=64, and so the columns that refer to it, before that.",
            )


def _bloat(table: Table, known: TableStatistics) -> Iterator[Finding]:
    columns = {each.name: each for each in known.columns}
    if any(column.name not in columns for column in table.columns):
        return  # what isn't known can't be compared
    needed = estimate_heap(known.size.reltuples, [columns[each.name] for each in table.columns])
    if _is_bloated(known.size.blocks, needed):
        yield Finding(
            BLOATED,
            table.name,
            table.name,
            None,
            f"The table {table.name} has {known.size.blocks // _MEGABYTE:,} MB, and its rows need "
            f"about {needed // _MEGABYTE:,} MB.",
            "See whether VACUUM keeps up: long transactions and replication slots hold it back. "
            "pg_repack gives the space back while the table is used; VACUUM FULL locks it.",
        )
    sizes = {each.name: each.size for each in known.indexes}
    for index in table.indexes:
        keys = _keys(index, columns)
        size = sizes.get(index.name)
        if size is None or not keys:
            continue
        needed = estimate_btree(size.reltuples, keys, packs=False).pages
        if _is_bloated(size.blocks, needed):
            yield Finding(
                BLOATED,
                index.name,
                table.name,
                None,
                f"The index {index.name} has {size.blocks // _MEGABYTE:,} MB, and its entries "
                f"need about {needed // _MEGABYTE:,} MB.",
                f"Run REINDEX INDEX CONCURRENTLY {quote_name(index.name)}.",
            )


def _keys(index: Index, columns: dict[str, ColumnStatistics]) -> list[ColumnStatistics]:
    """Return the statistics of the keys of a B-tree of columns; of another index nothing."""
    names = [unquote_name(key.removesuffix(" DESC")) for key in index.keys]
    if index.method != "btree" or index.options or any(name not in columns for name in names):
        return []
    return [columns[name] for name in names]


def _is_bloated(blocks: int, needed: int) -> bool:
    return blocks >= TIMES * needed and blocks - needed >= LOST_BLOCKS
