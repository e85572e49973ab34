"""Rows, counted and cleared without knowing what they mean."""

import psycopg2
from psycopg2 import sql

from berceau.errors import IsolationError
from berceau.postgres.citus.nodes import has_citus
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.core.own_tables import LEDGER, TENANTS

KEPT = (LEDGER, TENANTS)
"""The tables whose rows say what a schema is: they stay where all rows go."""


def estimated_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each table of the current schema has, as the planner knows it.

    A table that was never analysed is left out.
    """
    return dict(
        fetch(
            connection,
            """
            SELECT relname, reltuples::bigint FROM pg_class
            WHERE relnamespace = quote_ident(current_schema())::regnamespace
              AND relkind IN ('r', 'p', 'm') AND reltuples >= 0
            """,
        )
    )


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


def hides_rows(connection: Connection, table: str) -> bool:
    """Return whether row security may hide rows of ``table`` from the connection's role.

    It does so to the table's owner where it is forced.
    """
    return bool(
        fetch_value(
            connection,
            "SELECT coalesce(row_security_active(to_regclass(quote_ident(%s))), false)",
            (table,),
        )
    )


def filled_tables(connection: Connection) -> tuple[str, ...]:
    """Return the tables on the connection's search_path that hold rows, all ``KEPT`` excepted.

    One whose rows may be hidden is among them unless its file is empty.
    """
    names = [
        name
        for (name,) in fetch(
            connection,
            """
            SELECT relname FROM pg_class
            WHERE relkind = 'r'
              AND relnamespace = (SELECT quote_ident(current_schema())::regnamespace)
              AND relname <> ALL (%s) AND (pg_relation_size(oid) > 0 OR %s)
            ORDER BY relname
            """,
            # What Citus has on other servers has an empty file here.
            ([*KEPT], has_citus(connection)),
        )
    ]
    return tuple(
        name for name in names if count_rows(connection, name) or hides_rows(connection, name)
    )


# A sequence that was never used has no last value. Those of other schemas aren't asked: they may be
# gone by then.
_DELETE_ALL = """
DO $$ DECLARE deletes text; truncated text; BEGIN
    SELECT string_agg(format('%I.%I', nspname, relname), ', ') INTO truncated
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname = ANY (current_schemas(false)) AND relrowsecurity
      AND row_security_active(c.oid) AND pg_relation_size(c.oid) > 0;
    IF truncated IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || truncated || ' CASCADE';
    END IF;
    WITH own AS MATERIALIZED (
        SELECT seqrelid, seqstart FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
        JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ANY (current_schemas(false))),
    begun AS (
        SELECT setval(seqrelid::regclass, seqstart, false) FROM own
        WHERE pg_sequence_last_value(seqrelid) IS NOT NULL),
    deleted AS (
        SELECT format('deleted_%s AS (DELETE FROM %I.%I)', c.oid, nspname, relname) AS part
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'r' AND nspname = ANY (current_schemas(false))
          AND relname <> ALL ({kept}) AND pg_relation_size(c.oid) > 0)
    SELECT (SELECT string_agg(part, ', ') FROM deleted) INTO deletes
    FROM (SELECT count(*) FROM begun) AS restarted;
    IF deletes IS NOT NULL THEN
        EXECUTE 'WITH ' || deletes || ' SELECT';
    END IF;
END $$
"""


def hurry(connection: Connection) -> None:
    """Let ``delete_all`` neither wait for the disk nor for long for somebody's transaction."""
    execute(connection, "SET synchronous_commit = off; SET lock_timeout = '10s'")


def delete_all(connection: Connection) -> None:
    """Delete the rows of all tables on the connection's search_path, all ``KEPT`` excepted.

    Only tables that were written to are touched, in one statement: foreign keys are checked at
    its end, so their direction doesn't matter. A table whose rows row security hides is truncated,
    with all that refer to it. Sequences that were used start again. The connection is in autocommit
    mode. Raises ``IsolationError`` where ``hurry`` made it give up.
    """
    try:
        execute(connection, sql.SQL(_DELETE_ALL).format(kept=sql.Literal([*KEPT])))
    except psycopg2.errors.LockNotAvailable:
        raise IsolationError(
            "The rows of a test can't be deleted: another session still has an open transaction.",
            cure="Let the test wait for its threads and processes.",
        ) from None
