"""Tables, their columns, and sequences as definitions."""

from berceau.postgres.clone.definition import Kind, Rank, parts
from berceau.postgres.clone.storage import options

SEQUENCE = """concat_ws(' ', 'START WITH ' || seqstart, 'INCREMENT BY ' || seqincrement,
    'MINVALUE ' || seqmin, 'MAXVALUE ' || seqmax, 'CACHE ' || seqcache,
    CASE WHEN seqcycle THEN 'CYCLE' END)"""

# Those of identity columns are made with their column.
SEQUENCES = f"""
SELECT r.oid, format('CREATE %sSEQUENCE %s AS %s %s',
    CASE WHEN relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END, r.oid::regclass,
    format_type(seqtypid, NULL), {SEQUENCE})
FROM relation r JOIN pg_sequence s ON seqrelid = r.oid
WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = r.oid
                  AND deptype = 'i')
"""

OWNED_SEQUENCES = """
SELECT r.oid, format('ALTER SEQUENCE %s OWNED BY %s.%I', r.oid::regclass, attrelid::regclass,
                     attname), NULL, ARRAY[attrelid]
FROM relation r
JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = r.oid AND deptype = 'a'
              AND refclassid = 'pg_class'::regclass
JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
WHERE relkind = 'S'
"""

UNLIKE_TABLE_SEQUENCES = """
SELECT r.oid, format('ALTER SEQUENCE %s SET %s', r.oid::regclass,
                     CASE r.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END)
FROM relation r
JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = r.oid AND deptype = 'i'
JOIN pg_class t ON t.oid = refobjid AND t.relpersistence <> r.relpersistence
WHERE r.relkind = 'S'
"""

# A default or a check that needs no function of the schema is written with its table.
_NEEDY = """
, needy_{catalog} AS MATERIALIZED (
    SELECT d.objid
    FROM relation r JOIN {catalog} o ON o.{column} = r.oid
    JOIN pg_depend d ON d.classid = '{catalog}'::regclass AND d.objid = o.oid
    LEFT JOIN pg_class needed ON needed.oid = d.refobjid
    WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
       OR d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.oid AND needed.relkind <> 'S'
)
"""
NEEDY_DEFAULTS = _NEEDY.format(catalog="pg_attrdef", column="adrelid")
NEEDY_CONSTRAINTS = _NEEDY.format(catalog="pg_constraint", column="conrelid")
SIMPLE = "coalesce({oid}, 0) NOT IN (SELECT objid FROM needy_{catalog})"

COLUMN = f"""
{NEEDY_DEFAULTS}
, identity_sequence AS (
    SELECT refobjid, refobjsubid,
           format(' (SEQUENCE NAME %s %s)', seqrelid::regclass, {SEQUENCE}) AS options
    FROM pg_depend JOIN pg_sequence s ON seqrelid = objid
    WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype = 'i'
),
col AS (
    SELECT attrelid, attnum, format('%I', attname) AS name,
           concat(' ' || format_type(atttypid, atttypmod),
                  ' COMPRESSION ' || CASE attcompression WHEN 'p' THEN 'pglz'
                                                         WHEN 'l' THEN 'lz4' END,
                  (SELECT format(' OPTIONS (%s)', string_agg(format('%I %L', option_name,
                                                                    option_value), ', '))
                   FROM pg_options_to_table(attfdwoptions) HAVING count(*) > 0),
                  CASE WHEN attcollation NOT IN (0, typcollation)
                       THEN ' COLLATE ' || attcollation::regcollation END) AS type,
           concat(CASE attgenerated WHEN 's' THEN ' GENERATED ALWAYS AS (' || value || ') STORED'
                                    WHEN 'v' THEN ' GENERATED ALWAYS AS (' || value || ') VIRTUAL'
                  ELSE CASE WHEN {SIMPLE.format(catalog="pg_attrdef", oid="e.oid")}
                            THEN ' DEFAULT ' || coalesce(value, (
                                -- against what it would inherit
                                SELECT 'NULL' FROM pg_inherits
                                JOIN pg_attribute p ON p.attrelid = inhparent
                                WHERE inhrelid = r.oid AND p.attname = a.attname AND p.atthasdef
                                  AND NOT relispartition LIMIT 1)) END END,
                  ' GENERATED ' || CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END
                  || ' AS IDENTITY' || s.options,
                  CASE WHEN attnotnull AND NOT EXISTS (
                      SELECT FROM pg_constraint WHERE conrelid = r.oid AND contype = 'n'
                        AND conkey = ARRAY[attnum]) THEN ' NOT NULL' END) AS qualities,
           -- A partition is attached to its table, and so is made with all its columns.
           attislocal OR relispartition AS own, reloftype <> 0 AS typed
    FROM relation r JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type t ON t.oid = atttypid
    LEFT JOIN pg_attrdef e ON adrelid = r.oid AND adnum = attnum
    LEFT JOIN identity_sequence s ON refobjid = r.oid AND refobjsubid = attnum,
    LATERAL pg_get_expr(e.adbin, e.adrelid) value
    WHERE relkind IN ('r', 'p', 'f')
)
"""

# What a table is made with; the other constraints are added to it.
INLINE = f"""
{NEEDY_CONSTRAINTS}
, inline AS (
    SELECT c.oid, conrelid, conname, contype, pg_get_constraintdef(c.oid) AS text
    FROM relation r JOIN pg_constraint c ON conrelid = r.oid
    WHERE (contype IN ('c', 'n') AND convalidated AND (conislocal OR relispartition)
           -- With a primary key an heir's NOT NULL would be its own.
           OR contype IN ('p', 'u') AND relkind = 'r' AND NOT relispartition
              AND (contype = 'u' OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = r.oid))
              AND NOT EXISTS (SELECT FROM pg_constraint twin  -- PostgreSQL would make one of both
                              WHERE twin.conrelid = r.oid AND twin.oid <> c.oid
                                AND twin.contype IN ('p', 'u') AND twin.conkey = c.conkey))
      AND {SIMPLE.format(catalog="pg_constraint", oid="c.oid")}
)
"""

TABLES = f"""
{COLUMN} {INLINE},
made AS MATERIALIZED (
    SELECT made_oid, string_agg(text, ', ' ORDER BY place, label) AS elements FROM (
        SELECT attrelid AS made_oid, attnum AS place, '' AS label,
               name || CASE WHEN NOT typed THEN type || qualities
                            ELSE ' WITH OPTIONS' || qualities END AS text
        FROM col WHERE own AND (NOT typed OR qualities <> '')
        UNION ALL
        SELECT conrelid, 10000, conname, format('CONSTRAINT %I %s', conname, text) FROM inline
    ) element
    GROUP BY made_oid
)
SELECT r.oid, concat(
    'CREATE ', CASE WHEN relpersistence = 'u' THEN 'UNLOGGED ' END,
    CASE WHEN relkind = 'f' THEN 'FOREIGN ' END, 'TABLE ', r.oid::regclass,
    CASE WHEN reloftype <> 0 THEN ' OF ' || reloftype::regtype END,
    CASE WHEN reloftype = 0 OR elements IS NOT NULL THEN ' (' || coalesce(elements, '') END
), NULL, NULL, NULL, concat(
    CASE WHEN reloftype = 0 OR elements IS NOT NULL THEN ')' END,
    CASE WHEN NOT relispartition THEN (
        SELECT format(' INHERITS (%s)',
                      string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno))
        FROM pg_inherits WHERE inhrelid = r.oid HAVING count(*) > 0) END,
    CASE WHEN relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(r.oid) END,
    (SELECT ' USING ' || quote_ident(amname) FROM pg_am WHERE oid = relam),
    ' WITH (' || {options("relation_options")} || ')',
    (SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace WHERE oid = reltablespace),
    (SELECT format(' SERVER %I', srvname) || coalesce(
         (SELECT format(' OPTIONS (%s)', string_agg(format('%I %L', option_name, option_value),
                                                    ', '))
          FROM pg_options_to_table(ftoptions) HAVING count(*) > 0), '')
     FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = r.oid))
FROM relation r LEFT JOIN made ON made_oid = r.oid,
LATERAL (
    SELECT reloptions || (SELECT array_agg('toast.' || o) FROM pg_class t, unnest(t.reloptions) o
                          WHERE t.oid = r.reltoastrelid)
) given (relation_options)
WHERE relkind IN ('r', 'p', 'f')
"""

ATTACHED = """
SELECT r.oid, format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', inhparent::regclass,
                     r.oid::regclass, pg_get_expr(relpartbound, r.oid)), NULL, ARRAY[inhparent]
FROM relation r JOIN pg_inherits ON inhrelid = r.oid
WHERE relispartition AND relkind IN ('r', 'p', 'f')
"""

DEFAULTS = f"""
{NEEDY_DEFAULTS}
SELECT e.oid, format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', r.oid::regclass,
                     attname, pg_get_expr(adbin, adrelid))
FROM relation r JOIN pg_attrdef e ON adrelid = r.oid
JOIN pg_attribute ON attrelid = r.oid AND attnum = adnum
WHERE attgenerated = '' AND (
    relkind = 'v' OR NOT (attislocal OR relispartition)
    OR NOT {SIMPLE.format(catalog="pg_attrdef", oid="e.oid")})
"""

# What a column would inherit, and has otherwise.
INHERITED = """
SELECT r.oid, format('ALTER TABLE ONLY %s %s', r.oid::regclass,
                     string_agg(action, ', ' ORDER BY attnum, action))
FROM relation r JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef e ON adrelid = r.oid AND adnum = attnum
CROSS JOIN LATERAL (
    SELECT bool_or(p.atthasdef) AS has_default, bool_and(p.attnotnull) AS not_null,
           min(pg_get_expr(pe.adbin, pe.adrelid)) AS value
    FROM pg_inherits JOIN pg_attribute p ON p.attrelid = inhparent AND p.attname = a.attname
    LEFT JOIN pg_attrdef pe ON pe.adrelid = inhparent AND pe.adnum = p.attnum
    WHERE inhrelid = r.oid
) parent
CROSS JOIN LATERAL (VALUES
    (CASE WHEN has_default AND NOT atthasdef THEN format('ALTER COLUMN %I DROP DEFAULT', attname)
     END),
    (CASE WHEN attgenerated <> '' AND value <> pg_get_expr(e.adbin, e.adrelid)
          THEN format('ALTER COLUMN %I SET EXPRESSION AS (%s)', attname,
                      pg_get_expr(e.adbin, e.adrelid)) END),
    (CASE WHEN attnotnull AND NOT not_null AND NOT EXISTS (
               SELECT FROM pg_constraint WHERE conrelid = r.oid AND contype = 'n'
                 AND conkey = ARRAY[attnum])
          THEN format('ALTER COLUMN %I SET NOT NULL', attname) END)
) actions (action)
WHERE NOT attislocal AND NOT relispartition AND action IS NOT NULL
GROUP BY r.oid
"""

KINDS = (
    Kind(Rank.SEQUENCE, "pg_class", SEQUENCES, parts("pg_class", "S")),
    Kind(Rank.DETAIL, "pg_class", OWNED_SEQUENCES, parts("pg_class", "S"), makes=False),
    Kind(Rank.DETAIL, "pg_class", UNLIKE_TABLE_SEQUENCES, parts("pg_class", "S"), makes=False),
    Kind(Rank.TABLE, "pg_class", TABLES, parts("pg_class", "rpf")),
    Kind(Rank.ATTACH, "pg_class", ATTACHED, ("pg_inherits",), makes=False),
    Kind(Rank.DEFAULT, "pg_attrdef", DEFAULTS, ("pg_attrdef",)),
    Kind(Rank.DEFAULT, "pg_class", INHERITED, ("pg_inherits",), makes=False),
)
