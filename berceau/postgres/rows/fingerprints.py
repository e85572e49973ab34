"""The rows of a table as one value, to see whether they are what they were."""

from collections.abc import Sequence

from psycopg2 import sql
from psycopg2.extensions import connection as Connection


def fingerprint(connection: Connection, table: str, columns: Sequence[str]) -> tuple[int, str]:
    """Return how many rows ``table`` has, and a hash of what they hold in ``columns``."""
    row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    query = sql.SQL(
        "SELECT count(*), md5(coalesce(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\"), '')) "
        "FROM (SELECT {} AS r FROM {}) rows"
    )
    with connection.cursor() as cursor:
        cursor.execute(query.format(row, sql.Identifier(table)))
        count, value = cursor.fetchall()[0]
        return count, value
