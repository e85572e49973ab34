"""Constraints and indexes as definitions."""

from berceau.postgres.clone.definition import Kind, Rank, parts
from berceau.postgres.clone.storage import options
from berceau.postgres.clone.tables import INLINE

# What a table isn't made with. Keys of partitions are made for each, and then attached.
ADDED = f"""
{INLINE}
SELECT c.oid, format('ALTER TABLE %s%s ADD CONSTRAINT %I %s',
                     CASE WHEN contype IN ('p', 'u', 'x') THEN 'ONLY ' ELSE '' END,
                     conrelid::regclass, conname, pg_get_constraintdef(c.oid))
FROM relation r JOIN pg_constraint c ON conrelid = r.oid
WHERE (contype IN ('p', 'u', 'x') OR contype IN ('c', 'n') AND conislocal)
  AND c.oid NOT IN (SELECT oid FROM inline)
"""

# An heir's is valid although that of its parent isn't, where the heir was made later.
VALIDATED = """
SELECT DISTINCT c.conrelid, format('ALTER TABLE %s VALIDATE CONSTRAINT %I',
                                   c.conrelid::regclass, c.conname)
FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid
JOIN pg_inherits ON inhrelid = r.oid
JOIN pg_constraint parent ON parent.conrelid = inhparent AND parent.conname = c.conname
WHERE c.contype IN ('c', 'n') AND NOT c.conislocal AND c.convalidated AND NOT parent.convalidated
"""

# A plain table may be made with its key, unless that is to be marked as not validated, or needs a
# cast: nothing says on which cast a key depends.
_FOREIGN_KEYS = """
SELECT c.oid, format('ALTER TABLE %s ADD %s', r.oid::regclass, text), NULL, NULL, NULL, NULL,
       CASE WHEN convalidated AND r.relkind = 'r' AND NOT r.relispartition AND r.reloftype = 0
                 AND needed.relkind = 'r' AND NOT needed.relispartition
                 AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = r.oid)
                 AND NOT EXISTS (
                     SELECT FROM unnest(conkey, confkey) pair (own, other)
                     JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = own
                     JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = other
                     WHERE a.atttypid <> b.atttypid) THEN text END
FROM relation r JOIN pg_constraint c ON conrelid = r.oid
JOIN pg_class needed ON needed.oid = confrelid AND (needed.relkind = 'p') = {to_partitions},
LATERAL format('CONSTRAINT %I %s', conname, pg_get_constraintdef(c.oid)) text
WHERE contype = 'f' AND conparentid = 0
"""
FOREIGN_KEYS = _FOREIGN_KEYS.format(to_partitions=False)
# PostgreSQL adds one for each partition, under a name that is free then.
FOREIGN_KEYS_TO_PARTITIONS = _FOREIGN_KEYS.format(to_partitions=True)

# One that is added to a partitioned table is added to its partitions, too, under the same name. A
# partition that has an equal one already keeps it: as the comment says, it is made a part.
HAS_OWN_KEY = """
parent.conname <> c.conname AND parent.conrelid <> c.conrelid AND parent.confrelid = c.confrelid
"""
PARTITIONS_FOREIGN_KEYS = f"""
SELECT c.oid, format('ALTER TABLE %s ADD CONSTRAINT %I %s /* a part of %I */',
                     c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid), parent.conname)
FROM relation r JOIN pg_constraint c ON conrelid = r.oid
JOIN pg_constraint parent ON parent.oid = c.conparentid
WHERE c.contype = 'f' AND {HAS_OWN_KEY}
"""

INDEXES = """
SELECT r.oid, pg_get_indexdef(r.oid)
FROM relation r
WHERE relkind IN ('i', 'I') AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conindid = r.oid AND contype IN ('p', 'u', 'x'))
"""

ATTACHED = """
SELECT r.oid, format('ALTER INDEX %s ATTACH PARTITION %s', inhparent::regclass, r.oid::regclass),
       NULL, ARRAY[inhparent]
FROM relation r JOIN pg_inherits ON inhrelid = r.oid WHERE relkind IN ('i', 'I')
"""

# Of an index that backs a constraint the definition says nothing but the columns.
INDEX_DETAILS = f"""
SELECT r.oid, string_agg(format('ALTER INDEX %s %s', r.oid::regclass, action), ';'
                         ORDER BY action)
FROM relation r
CROSS JOIN LATERAL (
    SELECT format('SET (%s)', {options("r.reloptions")}) AS action
    WHERE reloptions <> '{{}}' AND r.oid IN (
        SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT format('SET TABLESPACE %I', spcname) FROM pg_tablespace WHERE oid = r.reltablespace
    UNION ALL
    SELECT format('ALTER COLUMN %s SET STATISTICS %s', attnum, attstattarget)
    FROM pg_attribute WHERE attrelid = r.oid AND attstattarget >= 0
) actions
WHERE relkind IN ('i', 'I')
GROUP BY r.oid
"""

INDEX_ROLES = """
SELECT r.oid, string_agg(format('ALTER TABLE %s %s %I', indrelid::regclass, role, relname), ';'
                         ORDER BY role)
FROM relation r JOIN pg_index ON indexrelid = r.oid
CROSS JOIN LATERAL (
    SELECT 'REPLICA IDENTITY USING INDEX' AS role WHERE indisreplident
    UNION ALL SELECT 'CLUSTER ON' WHERE indisclustered
) roles
GROUP BY r.oid
"""

STATISTICS = """
SELECT s.oid, concat_ws(';', pg_get_statisticsobjdef(s.oid),
    CASE WHEN stxstattarget >= 0 THEN format('ALTER STATISTICS %s.%I SET STATISTICS %s',
                                             :schema::regnamespace, stxname, stxstattarget) END)
FROM pg_statistic_ext s
JOIN pg_class c ON c.oid = stxrelid  -- here, Citus hides the parts of distributed tables
WHERE stxnamespace = :schema
"""

KINDS = (
    Kind(
        Rank.CONSTRAINT,
        "pg_constraint",
        ADDED,
        parts("pg_constraint", "cnpux"),
    ),
    Kind(Rank.DETAIL, "pg_class", VALIDATED, ("pg_inherits",), makes=False),
    Kind(Rank.PARTITION_FOREIGN_KEY, "pg_constraint", PARTITIONS_FOREIGN_KEYS, ("pg_inherits",)),
    Kind(Rank.FOREIGN_KEY, "pg_constraint", FOREIGN_KEYS, ("pg_constraint fr",)),
    Kind(
        Rank.FOREIGN_KEY_TO_PARTITIONS,
        "pg_constraint",
        FOREIGN_KEYS_TO_PARTITIONS,
        ("pg_constraint fp",),
    ),
    Kind(Rank.INDEX, "pg_class", INDEXES, parts("pg_class", "iI")),
    Kind(Rank.INDEX_ATTACH, "pg_class", ATTACHED, ("pg_inherits",), makes=False),
    Kind(Rank.DETAIL, "pg_class", INDEX_DETAILS, parts("pg_class", "iI"), makes=False),
    Kind(Rank.DETAIL, "pg_class", INDEX_ROLES, parts("pg_class", "iI"), makes=False),
    Kind(Rank.DETAIL, "pg_statistic_ext", STATISTICS, ("pg_statistic_ext",)),
)
