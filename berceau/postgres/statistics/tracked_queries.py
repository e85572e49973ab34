"""What the server counted: queries, by ``pg_stat_statements`` and without values; since when."""

import re
from typing import Any

import psycopg2
from psycopg2 import sql

from berceau.planner.shapes import is_plannable, shape
from berceau.planner.statistics import MOST_DAYS, QueryStatistics, rounded
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.own_tables import ROW
from berceau.postgres.inspect.extensions import COUNTING, schema_of_extension

MOST = 500
"""So many texts are read, of those that took longest in all."""

_QUERIES = """
SELECT query, sum(calls)::bigint, sum(total_exec_time) / 1000, sum(rows)::bigint
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND toplevel
GROUP BY query ORDER BY 3 DESC LIMIT %s
"""
_SINCE = """
SELECT to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
       least(extract(day FROM now() - since), %s)::int
FROM (SELECT coalesce(stats_reset, pg_postmaster_start_time()) AS since
      FROM pg_stat_database WHERE datname = current_database()) AS counts
"""
# extract(epoch FROM a), trim(both $1 FROM a), substring(a FROM $1), a IS DISTINCT FROM b
_FROM_OF_AN_EXPRESSION = re.compile(
    r"\bDISTINCT FROM\b|\b(?:extract|trim|substring|overlay) ?\([^()]*?\bFROM\b", re.IGNORECASE
)
_TARGET = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\b", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)(?: (?:ONLY|LATERAL))* ?\(*"
    r"(?:information_schema ?\.|\"information_schema\" ?\."
    r'|(?:(?:\w+|"(?:[^"]|"")+") ?\. ?)?"?(?:pg_|berceau_))',
    re.IGNORECASE,
)
_OWN_CALL = re.compile(r"\b(?:set_config|to_regclass) ?\(", re.IGNORECASE)
_CONSOLE = re.compile(rf"\bAS {ROW}\b")
_HIDDEN = "<insufficient privilege>"


def read_queries(connection: Connection) -> tuple[tuple[QueryStatistics, ...], tuple[str, ...]]:
    """Return the queries of the database by shape, and sentences on what is missing, and why."""
    schema = schema_of_extension(connection, COUNTING)
    if schema is None:
        return (), (
            "No queries are known: the database lacks the extension pg_stat_statements. Load "
            "it (shared_preload_libraries), and run CREATE EXTENSION pg_stat_statements.",
        )
    try:
        query = sql.SQL(_QUERIES).format(schema=sql.Identifier(schema))
        rows = fetch(connection, query, (MOST,))
    except psycopg2.Error as error:
        return (), (
            f"No queries are known. PostgreSQL says: {error.diag.message_primary}. Add "
            "pg_stat_statements to shared_preload_libraries, and restart the server.",
        )
    role = connection.info.user
    hidden = (
        f"The role {role!r} sees no queries of other roles: GRANT pg_read_all_stats TO {role}.",
    )
    return _merged(rows), hidden if any(text == _HIDDEN for text, *_ in rows) else ()


def _merged(rows: list[tuple[Any, ...]]) -> tuple[QueryStatistics, ...]:
    """Return the application's queries by shape, sorted by their text.

    PostgreSQL itself leaves values in a text that it had to store twice: a shape has none.
    """
    found: dict[str, list[float]] = {}
    for text, calls, seconds, count in rows:
        plain = shape(text or "")
        if is_plannable(plain) and is_of_application(plain):
            total = found.setdefault(plain, [0, 0.0, 0])
            for place, value in enumerate((calls, seconds, count)):
                total[place] += value
    return tuple(
        QueryStatistics(text, rounded(int(calls)), float(f"{seconds:.2e}"), rounded(int(count)))
        for text, (calls, seconds, count) in sorted(found.items())
    )


def is_of_application(plain: str) -> bool:
    """Return whether the shape of a statement reads or writes tables that aren't the server's.

    Those of catalogs, and Berceau's own on its tables and settings, no index is advised for; nor
    for a call without tables, nor for what somebody looked at in the console.
    """
    text = _FROM_OF_AN_EXPRESSION.sub(" ", plain)
    own = _OWN.search(text) or _OWN_CALL.search(text) or _CONSOLE.search(text)
    return _TARGET.search(text) is not None and not own


def read_since(connection: Connection) -> tuple[str | None, int]:
    """Return the day on which the counts of use began, and how many days ago that was."""
    ((since, days),) = fetch(connection, _SINCE, (MOST_DAYS,))
    return since, days
