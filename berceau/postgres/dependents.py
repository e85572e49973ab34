"""What uses tables and columns without being a part of any table: views."""

from psycopg2.extensions import connection as Connection


def viewed_columns(connection: Connection, schema: str | None = None) -> set[tuple[str, str]]:
    """Return the columns, as (table, column), of ``schema`` that views or rules use.

    By default the schema is the one that the connection's search_path names first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT c.relname, a.attname
            FROM pg_depend d
            JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p')
            JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
              AND c.relnamespace = to_regnamespace(quote_ident(coalesce(%s, current_schema())))
            """,
            (schema,),
        )
        return {(table, column) for table, column in cursor.fetchall()}
