"""What uses tables, columns and types without being a part of any table: views, functions."""

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


def users_of_type(connection: Connection, name: str) -> tuple[str, ...]:
    """Return what keeps the enum type ``name`` from being rebuilt, as a person calls it.

    That is what uses the type itself, or arrays of it, besides the columns of tables, and the
    views, checks and indexes over these.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
            FROM pg_type t
            JOIN pg_depend d
                ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
            LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
            WHERE t.typname = %s AND t.typnamespace = current_schema()::regnamespace
              AND d.objid <> t.typarray
              AND (d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass)
                   OR c.relkind IN ('c', 'f'))
            ORDER BY 1
            """,
            (name,),
        )
        return tuple(described for (described,) in cursor.fetchall())
