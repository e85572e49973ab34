"""Rows that a change doesn't fit, found in the project's database; nothing is written."""

from collections.abc import Collection, Sequence
from typing import Any

from psycopg2 import Error, errors, sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch, fetch_value

SHOWN = 3
"""How many values that don't fit are shown."""

VALUE = "berceau_value"
"""What the value to convert is called in the SQL that ``unconvertible`` takes."""

_CONVERT = """
DO $convert$
DECLARE
    {value} {table}.{column}%TYPE;
    converted {after};
    count int := 0;
    shown text[] := '{{}}';
BEGIN
    FOR {value} IN SELECT {column} FROM {table} WHERE {column}::text <> ALL ({besides}) LOOP
        BEGIN
            converted := {using};
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            count := count + 1;
            IF cardinality(shown) < {limit} AND {value}::text <> ALL (shown) THEN
                shown := shown || {value}::text;
            END IF;
        END;
    END LOOP;
    PERFORM set_config('berceau.unconvertible', json_build_array(count, shown)::text, false);
END $convert$
"""

_MISSING = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)
"""The project's database isn't where the migrations are: it has no such rows."""


def count_nulls(connection: Connection, table: str, column: str) -> int:
    """Count the rows of ``table`` without a value in ``column``."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL")
    return _count(connection, query.format(sql.Identifier(table), sql.Identifier(column)))


def count_label(connection: Connection, table: str, column: str, label: str) -> int:
    """Count the rows of ``table`` whose ``column``, an enum or an array of one, holds ``label``."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} = ANY (ARRAY[{}]::text[])")
    return _count(
        connection,
        query.format(sql.Identifier(table), sql.Literal(label), sql.Identifier(column)),
    )


def count_held(
    connection: Connection, table: str, column: str, discriminator: str, value: str
) -> int:
    """Count the rows of ``table`` with a value in ``column``, by their ``discriminator``."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE {column}::text <> '' AND {}::text = {}")
    names = map(sql.Identifier, (table, discriminator))
    return _count(
        connection, query.format(*names, sql.Literal(value), column=sql.Identifier(column))
    )


def orphans(
    connection: Connection,
    key: tuple[str, Sequence[str]],
    target: tuple[str, Sequence[str]] | None,
) -> tuple[int, str]:
    """Return how many rows of the table of ``key`` point at none of ``target``, and at what.

    Both are a table and its columns. Without a target, all rows that point anywhere count.
    """
    table, columns = key
    query = sql.SQL(
        "SELECT concat_ws(', ', {names}), count(*) OVER () FROM {table} c "
        "WHERE ({names}) IS NOT NULL AND NOT EXISTS ({found}) ORDER BY 1 LIMIT {shown}"
    )
    found: sql.Composable = sql.SQL("SELECT WHERE false")
    if target is not None:
        match = sql.SQL(" AND ").join(
            sql.SQL("c.{} = p.{}").format(sql.Identifier(mine), sql.Identifier(other))
            for mine, other in zip(columns, target[1], strict=True)
        )
        found = sql.SQL("SELECT FROM {} p WHERE {}").format(sql.Identifier(target[0]), match)
    rows = _query(
        connection,
        query.format(
            names=sql.SQL(", ").join(sql.SQL("c.{}").format(sql.Identifier(n)) for n in columns),
            table=sql.Identifier(table),
            found=found,
            shown=sql.Literal(SHOWN),
        ),
    )
    return (rows[0][1] if rows else 0), ", ".join(repr(value) for value, _ in rows)


def unconvertible(
    connection: Connection,
    place: tuple[str, str],
    after: str,
    using: str,
    besides: Collection[str] = (),
) -> tuple[int, str]:
    """Return how many rows have a value in ``place`` that ``using`` can't convert, and some.

    ``place`` is a table and its column, ``after`` the type that it gets; ``besides`` these values.
    Where PostgreSQL doesn't know that type, there are none.
    """
    parts = {
        "value": sql.SQL(VALUE),
        "after": sql.SQL(after),
        "table": sql.Identifier(place[0]),
        "column": sql.Identifier(place[1]),
        "using": sql.SQL(using),
        "besides": sql.SQL("ARRAY[{}]::text[]").format(
            sql.SQL(", ").join(map(sql.Literal, sorted(besides)))
        ),
        "limit": sql.Literal(SHOWN),
    }
    with connection.cursor() as cursor:
        try:
            cursor.execute(sql.SQL(_CONVERT).format(**parts))
        except Error:
            return 0, ""  # what else is wrong with it makes the statement fail
        cursor.execute(
            "SELECT found ->> 0, ARRAY(SELECT json_array_elements_text(found -> 1)) "
            "FROM (SELECT current_setting('berceau.unconvertible')::json) result (found)"
        )
        ((count, shown),) = cursor.fetchall()
        return int(count), ", ".join(map(repr, shown))


def strays(
    connection: Connection, place: tuple[str, str], known: Collection[str], *, array: bool
) -> list[tuple[str, int]]:
    """Return the values in ``place`` that aren't ``known``, and how many rows hold each.

    ``place`` is a table and its column, perhaps an ``array``; the most frequent value comes first.
    """
    query = sql.SQL(
        "SELECT value, count(*) FROM {table}, LATERAL unnest({values}) value "
        "WHERE value <> ALL (%s::text[]) GROUP BY value ORDER BY 2 DESC, 1"
    ).format(
        table=sql.Identifier(place[0]),
        values=sql.SQL("{}::text[]" if array else "ARRAY[{}::text]").format(
            sql.Identifier(place[0], place[1])
        ),
    )
    return [(value, count) for value, count in _query(connection, query, (list(known),))]


def count_altered(connection: Connection, place: tuple[str, str], back: str) -> int | None:
    """Count the rows whose value in ``place``, a table and its column, isn't ``back``, as SQL.

    ``None`` where PostgreSQL can't compute it here.
    """
    query = sql.SQL("SELECT count(*) FROM {table} WHERE {column} IS DISTINCT FROM {back}")
    table, column = map(sql.Identifier, place)
    try:
        text = query.format(table=table, column=column, back=sql.SQL(back))
        return int(fetch_value(connection, text))
    except Error:
        return None


def _count(connection: Connection, query: sql.Composable) -> int:
    rows = _query(connection, query)
    return int(rows[0][0]) if rows else 0


def _query(
    connection: Connection, query: sql.Composable, values: Sequence[object] | None = None
) -> list[tuple[Any, ...]]:
    try:
        return fetch(connection, query, values)
    except _MISSING:
        return []
