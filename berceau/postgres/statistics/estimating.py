"""Sizes of indexes that the source doesn't have, estimated from the statistics of their columns."""

import re

from berceau.planner.sizes import estimate_btree
from berceau.planner.statistics import Statistics
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.statistics.growing import Growth
from berceau.postgres.statistics.loading import of_columns

_INDEX = """
SELECT n.nspname, c.relname, t.relname, t.reltuples, am.amname, i.indisunique,
       pg_get_expr(i.indpred, i.indrelid), i.indrelid::regclass::text,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey) WITH ORDINALITY k (num, at)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num > 0
             ORDER BY k.at),
       CASE WHEN am.amname = 'btree' THEN
           (SELECT allequalimage FROM bt_metap(i.indexrelid::regclass::text)) END
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am am ON am.oid = c.relam
WHERE i.indexrelid = %s
"""
_ROWS = re.compile(r"rows=(\d+)")
_SIZE = """
SELECT pg_restore_relation_stats('schemaname', %s, 'relname', %s, 'relpages', %s::int,
    'reltuples', %s::real)
"""


def size_new(connection: Connection, statistics: Statistics, oid: int) -> Growth | None:
    """Give the new index ``oid`` the size that it would have, and return how far it is to grow.

    Its table has its statistics and its size. ``None`` for a small kind of index, as BRIN.
    """
    ((schema, name, table, rows, method, unique, where, path, columns, packs),) = fetch(
        connection, _INDEX, (oid,)
    )
    if method == "brin":
        return None
    if where is not None:
        # The planner knows best how many rows fit the predicate.
        lines = fetch(connection, f"EXPLAIN SELECT FROM {path} WHERE {where}")
        rows = float(_ROWS.findall(lines[0][0])[0])
    found = estimate_btree(
        rows, of_columns(statistics, table, columns), packs=bool(packs) and not unique
    )
    fetch(connection, _SIZE, (schema, name, found.pages, rows))
    return Growth(oid, found.pages, found.height if method == "btree" else 0)
