"""Types and collations as definitions."""

from berceau.postgres.clone.definition import Kind, Rank, parts

COLLATIONS = """
SELECT c.oid, format('CREATE COLLATION %s.%I (%s)', :schema::regnamespace, collname, concat_ws(', ',
    'PROVIDER = ' || CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    CASE WHEN NOT collisdeterministic THEN 'DETERMINISTIC = false' END,
    'LOCALE = ' || quote_literal(locale),
    'LC_COLLATE = ' || quote_literal(collcollate), 'LC_CTYPE = ' || quote_literal(collctype),
    'RULES = ' || quote_literal(to_jsonb(c) ->> 'collicurules')))
FROM pg_collation c,
     -- colliculocale until 16
     coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') locale
WHERE collnamespace = :schema
"""

ENUMS = """
SELECT t.oid, format('CREATE TYPE %s AS ENUM (%s)', t.oid::regtype, (
    SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
    FROM pg_enum WHERE enumtypid = t.oid))
FROM pg_type t WHERE typtype = 'e' AND typnamespace = :schema
"""

COMPOSITES = """
SELECT r.reltype, format('CREATE TYPE %s AS (%s)', r.reltype::regtype, (
    SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)) || (
        SELECT CASE WHEN attcollation NOT IN (0, typcollation)
                    THEN ' COLLATE ' || attcollation::regcollation ELSE '' END
        FROM pg_type WHERE oid = atttypid), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = r.oid AND attnum > 0 AND NOT attisdropped))
FROM relation r WHERE relkind = 'c'
"""

DOMAINS = """
SELECT t.oid, format('CREATE DOMAIN %s AS %s', t.oid::regtype, concat_ws(' ',
    format_type(t.typbasetype, t.typtypmod),
    CASE WHEN t.typcollation NOT IN (0, base.typcollation)
         THEN 'COLLATE ' || t.typcollation::regcollation END,
    'DEFAULT ' || pg_get_expr(t.typdefaultbin, 'pg_type'::regclass),
    (SELECT format('CONSTRAINT %I', conname) FROM pg_constraint
     WHERE contypid = t.oid AND contype = 'n'),
    CASE WHEN t.typnotnull THEN 'NOT NULL' END))
FROM pg_type t JOIN pg_type base ON base.oid = t.typbasetype
WHERE t.typtype = 'd' AND t.typnamespace = :schema
"""

DOMAIN_CONSTRAINTS = """
SELECT c.oid, format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', t.oid::regtype, conname,
                     pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid
WHERE contype = 'c' AND typnamespace = :schema AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')
"""

RANGES = """
SELECT t.oid, format('CREATE TYPE %s AS RANGE (%s)', t.oid::regtype, concat_ws(', ',
    'SUBTYPE = ' || format_type(rngsubtype, NULL),
    (SELECT format('SUBTYPE_OPCLASS = %s.%I', opcnamespace::regnamespace, opcname)
     FROM pg_opclass o WHERE o.oid = rngsubopc),
    CASE WHEN rngcollation <> 0 THEN 'COLLATION = ' || rngcollation::regcollation END,
    CASE WHEN rngcanonical <> 0 THEN 'CANONICAL = ' || rngcanonical END,
    CASE WHEN rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || rngsubdiff END,
    'MULTIRANGE_TYPE_NAME = ' || rngmultitypid::regtype)),
    CASE WHEN rngcanonical <> 0 THEN format('CREATE TYPE %s', t.oid::regtype) END
FROM pg_type t JOIN pg_range ON rngtypid = t.oid WHERE typnamespace = :schema
"""

BASE_TYPES = """
SELECT t.oid, CASE WHEN NOT typisdefined THEN shell ELSE format('%s (%s)', shell, concat_ws(', ',
    'INPUT = ' || typinput, 'OUTPUT = ' || typoutput,
    CASE WHEN typreceive <> 0 THEN 'RECEIVE = ' || typreceive END,
    CASE WHEN typsend <> 0 THEN 'SEND = ' || typsend END,
    CASE WHEN typmodin <> 0 THEN 'TYPMOD_IN = ' || typmodin END,
    CASE WHEN typmodout <> 0 THEN 'TYPMOD_OUT = ' || typmodout END,
    CASE WHEN typanalyze <> 0 THEN 'ANALYZE = ' || typanalyze END,
    CASE WHEN typsubscript <> 0 THEN 'SUBSCRIPT = ' || typsubscript END,
    'INTERNALLENGTH = ' || CASE WHEN typlen = -1 THEN 'VARIABLE' ELSE typlen::text END,
    CASE WHEN typbyval THEN 'PASSEDBYVALUE' END,
    'ALIGNMENT = ' || CASE typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2'
                                    WHEN 'i' THEN 'int4' ELSE 'double' END,
    'STORAGE = ' || CASE typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
                                    WHEN 'x' THEN 'extended' ELSE 'main' END,
    'CATEGORY = ' || quote_literal(typcategory::text), 'PREFERRED = ' || typispreferred,
    'DEFAULT = ' || quote_literal(typdefault),
    CASE WHEN typelem <> 0 THEN 'ELEMENT = ' || format_type(typelem, NULL) END,
    'DELIMITER = ' || quote_literal(typdelim::text), 'COLLATABLE = ' || (typcollation <> 0))) END,
    CASE WHEN typisdefined THEN shell END
FROM pg_type t, format('CREATE TYPE %s.%I', :schema::regnamespace, typname) shell
WHERE typnamespace = :schema
  AND (typtype = 'p' OR typtype = 'b' AND NOT EXISTS (
      SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid))
"""

KINDS = (
    Kind(Rank.COLLATION, "pg_collation", COLLATIONS, ("pg_collation",)),
    Kind(Rank.TYPE, "pg_type", ENUMS, parts("pg_type", "e")),
    Kind(Rank.TYPE, "pg_type", COMPOSITES, parts("pg_class", "c")),
    Kind(Rank.TYPE, "pg_type", DOMAINS, parts("pg_type", "d")),
    Kind(Rank.TYPE, "pg_constraint", DOMAIN_CONSTRAINTS, parts("pg_type", "d")),
    Kind(Rank.TYPE, "pg_type", RANGES, parts("pg_type", "r")),
    Kind(Rank.TYPE, "pg_type", BASE_TYPES, parts("pg_type", "bp")),
)
