"""How large a B-tree would be, and how high: for indexes that the source doesn't have (yet)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from berceau.planner.statistics import ColumnStatistics

PAGE = 8192
_USABLE = PAGE - 24 - 16  # without the header, and what a B-tree keeps at the end
_LEAF_FILL = 0.9
_INNER_FILL = 0.7
_LINE = 4
_HEADER = 8
_ROW_HEADER = 23
_TID = 6
_NULL = _HEADER + 8 + _LINE
_LONGEST_LIST = 812
"""CREATE INDEX packs rows with equal keys into lists of at most a tenth of a page."""


@dataclass(frozen=True)
class BTree:
    """The pages of a B-tree, its metapage included, and how many levels are above its leaves."""

    pages: int
    height: int


def estimate_btree(
    rows: float, columns: Sequence[ColumnStatistics], *, packs: bool = True
) -> BTree:
    """Return the size of a new B-tree of ``rows`` on ``columns``.

    ``packs`` is whether rows with equal keys share an entry: not in a unique index, nor where equal
    values may be written in two ways, as with ``numeric``.
    """
    if rows < 1:
        return BTree(1, 0)
    item = _item(columns)
    leaves = math.ceil(_leaf_bytes(rows, item, columns, packs=packs) / (_USABLE * _LEAF_FILL))
    pages, height, level = leaves, 0, leaves
    fan_out = max(2, int(_USABLE * _INNER_FILL / item))
    while level > 1:
        level = math.ceil(level / fan_out)
        pages += level
        height += 1
    return BTree(pages + 1, height)


def estimate_heap(rows: float, columns: Sequence[ColumnStatistics]) -> int:
    """Return how many pages a table of ``rows`` takes that was never changed, at most.

    Where a value is aligned to isn't known: each counts as if it had the widest gap before it.
    """
    bitmap = math.ceil(len(columns) / 8) if any(each.null_frac for each in columns) else 0
    width = sum(_aligned(each.avg_width, 4) * (1 - each.null_frac) for each in columns)
    row = _aligned(_ROW_HEADER + bitmap, 8) + _aligned(math.ceil(width), 8) + _LINE
    return math.ceil(rows / max(1, (PAGE - 24) // row))


def _leaf_bytes(
    rows: float, item: int, columns: Sequence[ColumnStatistics], *, packs: bool
) -> float:
    # All that is NULL has one key, however many other values there are.
    nulls = rows * columns[0].null_frac if len(columns) == 1 else 0
    others = rows - nulls
    keys = distinct(rows, columns) - (1 if nulls else 0)
    return nulls * _row_bytes(_NULL, nulls, packs=packs) + others * _row_bytes(
        item, others / max(keys, 1), packs=packs
    )


def distinct(rows: float, columns: Sequence[ColumnStatistics]) -> float:
    """Return how many different keys ``rows`` have, as if columns knew nothing of each other."""
    found = 1.0
    for each in columns:
        own = -each.n_distinct * rows if each.n_distinct < 0 else each.n_distinct
        found *= max(own, 1.0) + (1 if each.null_frac > 0 else 0)
    return max(1.0, min(found, rows))


def estimate_height(pages: int, columns: Sequence[ColumnStatistics]) -> int:
    """Return how many levels are above the leaves of a B-tree of so many ``pages``."""
    fan_out = max(2, int(_USABLE * _INNER_FILL / _item(columns)))
    height, level = 0, max(pages - 1, 1)
    while level > 1:
        level = math.ceil(level / fan_out)
        height += 1
    return height


def _item(columns: Sequence[ColumnStatistics]) -> int:
    """Return how many bytes an entry takes, with what points to it."""
    key = sum(_aligned(each.avg_width, 4) for each in columns)
    return _aligned(_HEADER + key, 8) + _LINE


def _row_bytes(item: int, rows_of_key: float, *, packs: bool) -> float:
    """Return how many bytes of leaves a row takes, where so many rows share a key."""
    if not packs or rows_of_key < 2:
        return item
    in_list = min(rows_of_key, max(1.0, (_LONGEST_LIST - item) / _TID))
    return min(item, item / in_list + _TID)


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to
