"""The rows of a table as one value, to see whether they are what they were."""

from collections.abc import Sequence

from psycopg2 import sql

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch


def fingerprint(connection: Connection, table: str, columns: Sequence[str]) -> tuple[int, str]:
    """Return how many rows ``table`` has, and a hash of what they hold in ``columns``."""
    row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    query = sql.SQL(
        "SELECT count(*), md5(coalesce(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\"), '')) "
        "FROM (SELECT {} AS r FROM {}) rows"
    )
    ((count, value),) = fetch(connection, query.format(row, sql.Identifier(table)))
    return count, value
