"""How many rows are at stake."""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection


def count_rows(connection: Connection, table: str, *, not_null: str | None = None) -> int | None:
    """Count the rows of ``table``, or those with a value in the column ``not_null``.

    ``None`` where there is no such table or column on the connection's search_path.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
                SELECT FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = %(table)s
                  AND column_name = coalesce(%(column)s, column_name))
            """,
            {"table": table, "column": not_null},
        )
        if not cursor.fetchall()[0][0]:
            return None
        counted = sql.SQL("*") if not_null is None else sql.Identifier(not_null)
        cursor.execute(sql.SQL("SELECT count({}) FROM {}").format(counted, sql.Identifier(table)))
        return int(cursor.fetchall()[0][0])
