"""A list of rows that continues after a place, however many there are: no row is counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.own_tables import ROW
from berceau.postgres.rows.conditions import (
    Sql,
    equal,
    identifier,
    missing,
    of_row,
    present,
)

LONGEST_VALUE = 500
"""Of a place, in characters: a longer value is looked up by the key of its row."""
_FETCHED = 500


@dataclass(frozen=True)
class Place:
    """Where a row is in a list: its key, and the ``value`` that the list is sorted by.

    ``is_null`` says that it has none; without a value otherwise, it was too long.
    """

    key: tuple[str, ...]
    value: str | None = None
    is_null: bool = False


@dataclass(frozen=True)
class Listing:
    """Rows of ``table`` that fulfil all ``conditions``, sorted by a column and the key.

    ``cells`` are what to show of each row, as SQL. Without ``sort``, they are sorted by the key.
    PostgreSQL has NULL after all values, and first where the order is ``descending``: indexes
    have the same order.
    """

    table: str
    key: tuple[str, ...]
    cells: tuple[str, ...]
    conditions: tuple[Sql, ...] = ()
    sort: str | None = None
    descending: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that give each row a place of its own."""
        return (*filter(None, (self.sort,)), *(each for each in self.key if each != self.sort))


@dataclass(frozen=True)
class ListedRow:
    """A row of a list: its place, and the values of its cells."""

    place: Place
    cells: tuple[Any, ...]


def read_page(
    connection: Connection, listing: Listing, after: Place | None, limit: int
) -> list[ListedRow]:
    """Return ``limit`` rows at most, which follow the place ``after`` in the ``listing``."""
    found: list[ListedRow] = []
    for part in _parts(listing, after):
        if len(found) < limit:
            query = _query(listing, part, limit - len(found))
            found += map(_row, fetch(connection, query.text, query.values))
    return found


def read_all(connection: Connection, listing: Listing) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of all rows; a few hundred are in memory at a time.

    Call it in a transaction, as ``only_reading`` has one.
    """
    query = _query(listing, (), None)
    execute(connection, f"DECLARE berceau_rows NO SCROLL CURSOR FOR {query.text}", query.values)
    while rows := fetch(connection, "FETCH %s FROM berceau_rows", (_FETCHED,)):
        yield from (_row(row).cells for row in rows)


def _parts(listing: Listing, after: Place | None) -> list[tuple[Sql, ...]]:
    """Return what the rows of each part of the list fulfil: each part is one range of an index."""
    if after is None:
        return [()]
    sort = listing.sort
    if sort is None or sort in listing.key:
        return [(_beyond(listing, listing.order, _values(listing, after)),)]
    rest = [each for each in listing.key if each != sort]
    if after.is_null:
        same = (missing([sort]), _beyond(listing, rest, [Sql("%s", (each,)) for each in after.key]))
        return [same, (present([sort]),)] if listing.descending else [same]
    following = (_beyond(listing, listing.order, _values(listing, after)),)
    return [following] if listing.descending else [following, (missing([sort]),)]


def _values(listing: Listing, place: Place) -> list[Sql]:
    """Return the values of ``place`` in the columns of the list's order."""
    by_key = {name: Sql("%s", (each,)) for name, each in zip(listing.key, place.key, strict=True)}
    found = [by_key[each] for each in listing.order if each in by_key]
    if listing.sort is None or listing.sort in by_key:
        return found
    if place.value is not None:
        return [Sql("%s", (place.value,)), *found]
    where = equal(listing.key, place.key, "p")
    table, sort = identifier(listing.table), identifier(listing.sort)
    value = f"(SELECT p.{sort} FROM {table} AS p WHERE {where.text})"  # noqa: S608 - all is quoted
    return [Sql(value, where.values), *found]


def _beyond(listing: Listing, columns: Sequence[str], values: Sequence[Sql]) -> Sql:
    operator = "<" if listing.descending else ">"
    there = ", ".join(each.text for each in values)
    return Sql(
        f"{of_row(columns)} {operator} {there if len(values) == 1 else f'({there})'}",
        tuple(value for each in values for value in each.values),
    )


def _query(listing: Listing, part: Sequence[Sql], limit: int | None) -> Sql:
    """Return the query for a part of the list: cells are computed for the rows of a page alone."""
    conditions = (*listing.conditions, *part)
    where = " AND ".join(f"({each.text})" for each in conditions)
    direction = " DESC" if listing.descending else ""
    order = ", ".join(f"{of_row([each])}{direction}" for each in listing.order)
    rows = f"SELECT * FROM {identifier(listing.table)} AS {ROW}"  # noqa: S608 - all is quoted
    rows += f" WHERE {where}" if where else ""
    rows += f" ORDER BY {order}" + (" LIMIT %s" if limit is not None else "")
    key = ", ".join(f"{of_row([each])}::text" for each in listing.key)
    cells = ", ".join((f"ARRAY[{key}]", *_sorted_by(listing), *listing.cells))
    values = tuple(value for each in conditions for value in each.values)
    page = f"SELECT {cells} FROM ({rows}) AS {ROW} ORDER BY {order}"  # noqa: S608 - all is quoted
    return Sql(page, values if limit is None else (*values, limit))


def _sorted_by(listing: Listing) -> tuple[str, str]:
    if listing.sort is None:
        return "false", "NULL"
    value = of_row([listing.sort])
    short = f"CASE WHEN length({value}::text) <= {LONGEST_VALUE} THEN {value}::text END"
    return f"{value} IS NULL", short


def _row(row: tuple[Any, ...]) -> ListedRow:
    key, is_null, value, *cells = row
    return ListedRow(Place(tuple(key), value, is_null), tuple(cells))
