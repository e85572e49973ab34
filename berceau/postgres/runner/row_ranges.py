"""Ranges of a table's rows, one after the other: by its key, or by its pages where it has none."""

import json
from dataclasses import dataclass
from typing import Protocol

from berceau.migration.batches import BatchedUpdate
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch, fetch_value
from berceau.schema.names import quote_literal, quote_name

Mark = tuple[str, ...]
"""Where a range ends: the values of a key as text, or a page; empty before the first row."""

PAGES = ("ctid",)
"""What stands for the key of a table without one."""

MISSING = "it isn't there"
"""Why a table that doesn't exist has no ranges: PostgreSQL says so of the statement, too."""

_TABLE = """
SELECT c.oid::bigint, c.relkind::text, c.relhassubclass, c.relhasrules AND EXISTS (
           SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '2'),
       (SELECT array_agg(a.attname::text) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class c WHERE c.oid = to_regclass(%s)
"""
# A constraint's index always has the order that its types and columns have by default.
_KEY = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod)
FROM (SELECT k.conkey FROM pg_constraint k
      JOIN pg_class i ON i.oid = k.conindid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'btree'
      WHERE k.conrelid = %(oid)s::oid AND k.contype IN ('p', 'u') AND NOT EXISTS (
          SELECT FROM pg_attribute n
          WHERE n.attrelid = k.conrelid AND n.attnum = ANY (k.conkey) AND NOT n.attnotnull)
      ORDER BY k.contype, k.conname LIMIT 1) k,
     unnest(k.conkey) WITH ORDINALITY AS c (number, place)
JOIN pg_attribute a ON a.attrelid = %(oid)s::oid AND a.attnum = c.number
ORDER BY c.place
"""
_PAGE_COUNT = "SELECT pg_relation_size(%s::oid) / current_setting('block_size')::int"


class RowRanges(Protocol):
    """How a table is passed through, in ranges of so many units, which are rows or pages."""

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def first(self) -> int:
        """How many units the first range has."""

    @property
    def largest(self) -> int:
        """How many units a range has at most."""

    def end(self, connection: Connection, after: Mark, size: int) -> Mark | None:
        """Return where the ``size`` units behind ``after`` end; ``None`` where there are fewer."""

    def sql(self, after: Mark, end: Mark | None) -> str:
        """Return the condition for the rows behind ``after``, up to and with ``end``."""

    def describe(self, after: Mark, end: Mark | None) -> str:
        """Return which rows these are, for a person."""


@dataclass(frozen=True)
class KeyRanges:
    """Ranges of a primary key, or of another unique one that is never NULL.

    ``table`` and ``name`` are SQL: what to read from, and what the statement calls the rows.
    ``columns`` are pairs of name and type.
    """

    table: str
    name: str
    columns: tuple[tuple[str, str], ...]
    first = 100
    largest = 20_000

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.columns)

    def end(self, connection: Connection, after: Mark, size: int) -> Mark | None:
        """Return the key of the last of ``size`` rows."""
        names = [f"berceau_row.{quote_name(name)}" for name in self.key]
        where = f"WHERE {self._compare('berceau_row', '>', after)} " if after else ""
        found = fetch(
            connection,
            f"SELECT {', '.join(f'{name}::text' for name in names)} "  # noqa: S608 - names
            f"FROM {self.table} AS berceau_row {where}ORDER BY {', '.join(names)} "
            f"OFFSET {size - 1} LIMIT 1",
        )
        return tuple(found[0]) if found else None

    def sql(self, after: Mark, end: Mark | None) -> str:
        """Return the condition as comparisons of whole keys, which an index answers."""
        both = ((">", after), ("<=", end))
        parts = [self._compare(self.name, sign, mark) for sign, mark in both if mark]
        return " AND ".join(parts) or "true"

    def describe(self, after: Mark, end: Mark | None) -> str:
        """Return the limits of the range."""
        names = ", ".join(self.key)
        limits = [f"above {', '.join(after)}"] if after else []
        limits += [f"up to {', '.join(end)}"] if end else []
        return f"rows with {names} {' and '.join(limits)}" if limits else "all rows"

    def _compare(self, name: str, sign: str, mark: Mark) -> str:
        columns = ", ".join(f"{name}.{quote_name(column)}" for column in self.key)
        values = ", ".join(
            f"{quote_literal(value)}::{type_}"
            for value, (_, type_) in zip(mark, self.columns, strict=True)
        )
        return f"({columns}) {sign} ({values})"


@dataclass(frozen=True)
class PageRanges:
    """Ranges of the pages of a table that has no key; ``pages`` is how many it has."""

    name: str
    pages: int
    key = PAGES
    first = 5
    largest = 500

    def end(self, _: Connection, after: Mark, size: int) -> Mark | None:
        """Return the number of the page behind the last one."""
        last = self._page(after) + size
        return (str(last),) if last < self.pages else None

    def sql(self, after: Mark, end: Mark | None) -> str:
        """Return the condition as limits of ctid, which make a scan of these pages."""
        first = f"{self.name}.ctid >= '({self._page(after)},0)'::tid"
        return f"{first} AND {self.name}.ctid < '({self._page(end)},0)'::tid" if end else first

    def describe(self, after: Mark, end: Mark | None) -> str:
        """Return the limits of the range."""
        last = self._page(end) if end else self.pages
        return f"rows in the pages {self._page(after)} to {last - 1} (by ctid)"

    def _page(self, mark: Mark) -> int:
        return int(mark[0]) if mark else 0


def ranges_of(connection: Connection, update: BatchedUpdate) -> RowRanges | str:
    """Return the ranges in which ``update`` can be carried out, or why it can't be."""
    only = update.target.startswith("ONLY ")
    found = fetch(connection, _TABLE, (update.target.removeprefix("ONLY "),))
    if not found:
        return MISSING
    oid, kind, has_parts, has_rules, columns = found[0]
    if kind not in ("r", "p"):
        return "it is no table"
    if has_rules:
        return "a rule rewrites the UPDATE of it"
    if kind == "r" and has_parts and not only:
        return "other tables inherit from it"
    if not update.columns.issubset(columns):
        return "what it sets can't be told"
    key = tuple((name, type_) for name, type_ in fetch(connection, _KEY, {"oid": oid}))
    if key and update.columns.isdisjoint(name for name, _ in key):
        return KeyRanges(update.target, update.name, key)
    if kind == "p":
        return "it has partitions, and no key that stays as it is"
    return PageRanges(update.name, int(fetch_value(connection, _PAGE_COUNT, (oid,))))


def is_large(connection: Connection, update: BatchedUpdate) -> bool:
    """Return whether the table has more rows than an UPDATE at once is meant for."""
    limit = update.options.above
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {update.target} LIMIT {limit + 1}) AS counted"  # noqa: S608
    return bool(fetch_value(connection, counted) > limit)


def estimate_rows(connection: Connection, update: BatchedUpdate) -> int:
    """Return about how many rows the table has, as the planner sees it."""
    found = fetch_value(connection, f"EXPLAIN (FORMAT JSON) SELECT FROM {update.target}")
    # Pony, where it is imported, lets psycopg2 return JSON as text.
    plan = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])
