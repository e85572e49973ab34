"""What a query finds, in one call."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extensions import connection as Connection


def fetch(
    connection: Connection, query: str, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run ``query`` with psycopg2's ``values`` and return its rows; none where it has no result."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []
