"""The schemas that a schema needs besides itself, however far away."""

from collections.abc import Collection

from berceau.postgres.core.connection import Connection

# Every schema that holds something that is no extension's. An extension brings the others.
_SCHEMAS = """
SELECT nspname FROM pg_namespace n
WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' AND EXISTS (
    SELECT FROM pg_depend d
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid AND deptype = 'n'
      AND classid NOT IN ('pg_extension'::regclass, 'pg_default_acl'::regclass)
      AND NOT EXISTS (SELECT FROM pg_depend e
                      WHERE (e.classid, e.objid) = (d.classid, d.objid) AND e.deptype = 'e'))
"""

# All at once: what is in which schema, and which schema's objects need those of another.
_NEEDS = """
WITH placed AS MATERIALIZED (
    SELECT 'pg_class'::regclass AS classid, oid AS objid, relnamespace AS place FROM pg_class
    UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
    UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
    UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, relnamespace
              FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, relnamespace
              FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid, relnamespace
              FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, relnamespace
              FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
)
SELECT DISTINCT here.nspname, there.nspname
FROM pg_depend d
JOIN placed a ON (a.classid, a.objid) = (d.classid, d.objid)
JOIN placed b ON (b.classid, b.objid) = (d.refclassid, d.refobjid) AND a.place <> b.place
JOIN pg_namespace here ON here.oid = a.place
JOIN pg_namespace there ON there.oid = b.place
WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a')
"""

# Bodies and settings of functions are text: what is called like a schema may mean it.
_NAMED = r"""
SELECT DISTINCT here.nspname, there.nspname
FROM pg_proc p JOIN pg_namespace here ON here.oid = pronamespace, pg_namespace there
WHERE p.oid >= 16384 AND here.nspname = ANY (%(names)s) AND there.nspname = ANY (%(names)s)
  AND here.oid <> there.oid
  AND concat_ws(' ', prosrc, proconfig::text) ~*
      format('(^|\W)%%s($|\W)', regexp_replace(there.nspname, '(\W)', '\\\1', 'g'))
"""

_EVENTS = """
SELECT DISTINCT nspname FROM pg_event_trigger
JOIN pg_proc f ON f.oid = evtfoid JOIN pg_namespace n ON n.oid = pronamespace
"""


def neighbours(connection: Connection, schema: str, without: Collection[str] = ()) -> list[str]:
    """Return the names of the schemas that ``schema`` needs, directly or through others, sorted.

    That is what PostgreSQL knows of, what functions name in their text, and where the functions
    of event triggers are. Names that begin with one of ``without`` don't count.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMAS)
        known = {
            name
            for (name,) in cursor.fetchall()
            if name == schema or not name.startswith(tuple(without))
        }
        if known <= {schema}:
            return []
        # Catalogs that have just grown have no statistics: PostgreSQL would look through all that
        # is placed for each dependency.
        cursor.execute("SET enable_nestloop = off")
        cursor.execute(_NEEDS)
        edges = cursor.fetchall()
        cursor.execute("RESET enable_nestloop")
        cursor.execute(_NAMED, {"names": list(known)})
        edges += cursor.fetchall()
        cursor.execute(_EVENTS)
        edges += [(schema, name) for (name,) in cursor.fetchall()]
    found, waiting = {schema}, [schema]
    while waiting:
        here = waiting.pop()
        new = {there for a, there in edges if a == here and there in known} - found
        found |= new
        waiting += new
    return sorted(found - {schema})
