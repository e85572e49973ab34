"""SQL run in one call, and what it finds."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.sql import Composable

from berceau.postgres.core.connection import Connection

Values = Sequence[Any] | Mapping[str, Any] | None
"""What psycopg2 puts in the place of a query's parameters."""


def execute(connection: Connection, query: str | Composable, values: Values = None) -> None:
    """Run ``query`` with its ``values``."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)


def fetch(
    connection: Connection, query: str | Composable, values: Values = None
) -> list[tuple[Any, ...]]:
    """Run ``query`` with its ``values``, and return its rows; none where it has no result."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description is not None else []


def fetch_value(connection: Connection, query: str | Composable, values: Values = None) -> Any:
    """Run ``query`` with its ``values``, and return the first column of its first row.

    Returns ``None`` where there is no row.
    """
    rows = fetch(connection, query, values)
    return rows[0][0] if rows else None
