"""SQL run in one call, and what it finds."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extensions import encodings
from psycopg2.sql import SQL, Composable, Composed, Placeholder

from berceau.postgres.core.connection import Connection

Values = Sequence[Any] | Mapping[str, Any] | None
"""What psycopg2 puts in the place of a query's parameters."""


def execute(connection: Connection, query: str | Composable, values: Values = None) -> int:
    """Run ``query`` with its ``values``, and return how many rows that was about.

    It is negative where that is no number, as of DDL.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_escaped(connection, query, values))
        return int(cursor.rowcount)


def fetch(
    connection: Connection, query: str | Composable, values: Values = None
) -> list[tuple[Any, ...]]:
    """Run ``query`` with its ``values``, and return its rows; none where it has no result."""
    with connection.cursor() as cursor:
        cursor.execute(*_escaped(connection, query, values))
        return cursor.fetchall() if cursor.description is not None else []


def fetch_value(connection: Connection, query: str | Composable, values: Values = None) -> Any:
    """Run ``query`` with its ``values``, and return the first column of its first row.

    Returns ``None`` where there is no row.
    """
    rows = fetch(connection, query, values)
    return rows[0][0] if rows else None


def filled(connection: Connection, query: str | Composable, values: Values = None) -> str:
    """Return the text of ``query`` with its ``values``, to be run together with other texts."""
    with connection.cursor() as cursor:
        text = cursor.mogrify(*_escaped(connection, query, values))
    return text.decode(encodings[connection.encoding])


def _escaped(
    connection: Connection, query: str | Composable, values: Values
) -> tuple[str | Composable, Values]:
    """Return ``query`` and ``values`` so that no name in it is taken for a parameter.

    psycopg2 quotes names and literals, but leaves their percent signs as they are.
    """
    if not isinstance(query, Composable):
        return query, values
    return (_doubled(connection, query), values) if values else (query, None)


def _doubled(connection: Connection, part: Composable) -> str:
    if isinstance(part, Composed):
        return "".join(_doubled(connection, each) for each in part.seq)
    text = str(part.as_string(connection))
    return text if isinstance(part, SQL | Placeholder) else text.replace("%", "%%")
