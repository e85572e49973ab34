"""What statistics tell of single columns: how many values, how wide, and which part of the rows."""

import re
from collections import Counter
from collections.abc import Iterator

from berceau.planner.conditions import Condition
from berceau.planner.sizes import distinct
from berceau.planner.statistics import ColumnStatistics, Statistics

_CONSTANT = re.compile(r"(?:'(?P<text>(?:[^']|'')*)'(?:::.+)?|(?P<number>-?\d+(?:\.\d+)?))")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)')
_BOOLEAN = {"TRUE": "t", "FALSE": "f"}


class Knowledge:
    """The columns of ``statistics``, by table and name."""

    def __init__(self, statistics: Statistics) -> None:
        self._rows = {table.name: table.size.reltuples for table in statistics.tables}
        self._columns = {
            (table.name, column.name): column
            for table in statistics.tables
            for column in table.columns
        }
        self._counts = Counter(table for table, _ in self._columns)

    def rows(self, table: str) -> float:
        """Return how many rows ``table`` has, 0 where that isn't known."""
        return max(self._rows.get(table, 0), 0)

    def columns(self, table: str) -> int:
        """Return how many columns of ``table`` are known."""
        return self._counts[table]

    def distinct(self, table: str, column: str) -> float:
        """Return how many different values a column has, 1 where that isn't known."""
        known = self._columns.get((table, column))
        return distinct(max(self.rows(table), 1), [known]) if known else 1

    def width(self, table: str, column: str) -> int | None:
        """Return how many bytes a value takes on average, if that is known."""
        known = self._columns.get((table, column))
        return known.avg_width if known else None

    def has_values(self, table: str, column: str) -> bool:
        """Return whether the statistics of a column, if there are any, have values of rows."""
        known = self._columns.get((table, column))
        return known is None or known.values is not None

    def share(self, table: str, condition: Condition) -> float | None:
        """Return for which part of the rows, from 0 to 1, the ``condition`` holds, if known."""
        known = self._columns.get((table, condition.column[1]))
        if known is None or condition.expression:
            return None
        if condition.operator == "IS NULL":
            return known.null_frac
        if condition.operator == "IS NOT NULL":
            return 1 - known.null_frac
        value = _BOOLEAN.get(condition.operator)
        if condition.operator == "=":
            value = constant(condition.value)
        return None if value is None else dict(_frequencies(known)).get(value)


def constant(value: str) -> str | None:
    """Return the constant that ``value``, as a plan prints it, is; ``None`` where it is none."""
    match = _CONSTANT.fullmatch(value)
    if match is None:
        return None
    text: str | None = match["text"]
    return text.replace("''", "'") if text is not None else match["number"]


def _frequencies(column: ColumnStatistics) -> Iterator[tuple[str, float]]:
    values = column.values
    if values and values.most_common_vals and values.most_common_freqs:
        found = _ELEMENT.findall(values.most_common_vals)
        texts = (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in found)
        yield from zip(texts, values.most_common_freqs, strict=False)
