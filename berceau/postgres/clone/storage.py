"""How relations store their rows, and what else is set on them, as definitions."""

from berceau.column_options import COLUMN_OPTIONS
from berceau.postgres.clone.definition import Kind, Rank, parts


def options(expression: str) -> str:
    """Return SQL for the options of the array ``expression`` as WITH and SET take them, or NULL."""
    return f"""(
        SELECT string_agg(
            CASE WHEN starts_with(o, 'toast.')
                 THEN format('toast.%I = %L', substr(split_part(o, '=', 1), 7),
                             substr(o, strpos(o, '=') + 1))
                 ELSE format('%I = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)) END,
            ', ')
        FROM unnest({expression}) o)"""


COLUMNS = f"""
SELECT r.oid, format('ALTER TABLE ONLY %s %s', r.oid::regclass, string_agg(
    format('ALTER COLUMN %I %s', attname, action), ', ' ORDER BY attnum, action))
FROM relation r JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
CROSS JOIN LATERAL (
    SELECT 'SET STORAGE ' || CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                             WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END AS action
    WHERE attstorage <> typstorage OR EXISTS (
        SELECT FROM pg_inherits JOIN pg_attribute p ON p.attrelid = inhparent
        WHERE inhrelid = r.oid AND p.attname = a.attname AND p.attstorage <> a.attstorage)
    UNION ALL SELECT 'SET STATISTICS ' || attstattarget WHERE attstattarget >= 0
    UNION ALL SELECT format('SET (%s)', {options(COLUMN_OPTIONS)})
    WHERE {COLUMN_OPTIONS} IS NOT NULL
    UNION ALL SELECT 'SET COMPRESSION ' || CASE attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END
    WHERE attcompression <> '' AND (relkind = 'm' OR NOT (attislocal OR relispartition))
) actions
WHERE relkind IN ('r', 'p', 'f', 'm')
GROUP BY r.oid
"""

TABLES = """
SELECT r.oid, format('ALTER TABLE ONLY %s %s', r.oid::regclass, string_agg(action, ', '
                                                                           ORDER BY action))
FROM relation r
CROSS JOIN LATERAL (
    SELECT 'ENABLE ROW LEVEL SECURITY' AS action WHERE relrowsecurity
    UNION ALL SELECT 'FORCE ROW LEVEL SECURITY' WHERE relforcerowsecurity
    UNION ALL SELECT 'REPLICA IDENTITY FULL' WHERE relreplident = 'f'
    UNION ALL SELECT 'REPLICA IDENTITY NOTHING' WHERE relreplident = 'n'
) actions
WHERE relkind IN ('r', 'p', 'm')
GROUP BY r.oid
"""

KINDS = (
    Kind(
        Rank.DETAIL,
        "pg_class",
        COLUMNS,
        parts("pg_class", "rpfm"),
        makes=False,
    ),
    Kind(Rank.DETAIL, "pg_class", TABLES, parts("pg_class", "rpm"), makes=False),
)
