"""The options of a column, without those that PostgreSQL keeps there for itself."""

# Since the releases of November 2026 (15.20; CVE-2026-6460) every column has ``pg_attver=...``: at
# which place of the write-ahead log it got its type. So it is another number in each copy of a
# table. The documentation of pg_attribute reserves all names that begin with pg_.
COLUMN_OPTIONS = "(SELECT array_agg(o) FROM unnest(attoptions) o WHERE NOT starts_with(o, 'pg_'))"
"""SQL for the options of a column of ``pg_attribute`` that people have set, or NULL."""

COLUMN_STORAGE = """array_remove(ARRAY[
    'STORAGE ' || CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
        WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
    'COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END
], NULL)"""
"""How a column ``a`` of the type ``t`` keeps long values, as ALTER COLUMN SET takes it."""
