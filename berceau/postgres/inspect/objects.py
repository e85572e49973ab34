"""What a PostgreSQL schema holds besides tables and enums: views, functions, triggers ..."""

from dataclasses import dataclass, field

from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.old_names import MARKED
from berceau.schema.sql.old_names import COMMENT

_OBJECTS = f"""
WITH schema AS (SELECT to_regnamespace(quote_ident(current_schema())) AS oid),
relation AS (SELECT c.* FROM pg_class c, schema WHERE c.relnamespace = schema.oid),
found (class, object, definition) AS (
    SELECT 'pg_class'::regclass, oid,
           CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) ELSE '' END
    FROM relation v WHERE relkind IN ('v', 'm', 'f', 'c', 'S') AND ({MARKED}) IS NOT TRUE
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)
    FROM pg_proc p, schema WHERE p.pronamespace = schema.oid
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, ''
    FROM pg_type t, schema WHERE t.typnamespace = schema.oid AND t.typtype IN ('d', 'r')
    UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid, pg_get_triggerdef(t.oid, true)
    FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'pg_rewrite'::regclass, w.oid, ''
    FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
    UNION ALL
    SELECT 'pg_policy'::regclass, p.oid, ''
    FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
    UNION ALL
    SELECT other.class::regclass, other.oid, '' FROM schema JOIN (
        SELECT 'pg_collation', oid, collnamespace FROM pg_collation
        UNION ALL SELECT 'pg_conversion', oid, connamespace FROM pg_conversion
        UNION ALL SELECT 'pg_operator', oid, oprnamespace FROM pg_operator
        UNION ALL SELECT 'pg_opclass', oid, opcnamespace FROM pg_opclass
        UNION ALL SELECT 'pg_opfamily', oid, opfnamespace FROM pg_opfamily
        UNION ALL SELECT 'pg_statistic_ext', s.oid, stxnamespace FROM pg_statistic_ext s
            JOIN pg_class c ON c.oid = stxrelid  -- there, Citus hides the parts of tables
        UNION ALL SELECT 'pg_ts_config', oid, cfgnamespace FROM pg_ts_config
        UNION ALL SELECT 'pg_ts_dict', oid, dictnamespace FROM pg_ts_dict
        UNION ALL SELECT 'pg_cast', k.oid, typnamespace FROM pg_cast k
            JOIN pg_type t ON t.oid IN (k.castsource, k.casttarget)
    ) other (class, oid, namespace) ON other.namespace = schema.oid
)
SELECT DISTINCT i.type, i.identity, found.definition
FROM found, pg_identify_object(found.class, found.object, 0) i
WHERE NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = found.class AND d.objid = found.object
      AND (d.deptype = 'e'
           -- A composite type is an internal part of what PostgreSQL calls its type.
           OR (d.deptype = 'i' AND i.type <> 'composite type')
           OR (d.deptype = 'a' AND i.type = 'sequence' AND d.refobjsubid > 0)))
ORDER BY 1, 2
"""  # noqa: S608 - our own text


@dataclass(frozen=True, order=True)
class Object:
    """An object as PostgreSQL identifies it, names on its own search path unqualified.

    ``kind`` is a word or two of SQL: view, function, trigger. ``definition`` is the body of what
    has one.
    """

    kind: str
    name: str
    definition: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def read(connection: Connection) -> tuple[Object, ...]:
    """Return the objects besides tables, indexes and enums in the connection's schema.

    Extensions are the database's. They are left out with what belongs to them, and so is the
    sequence of a column.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(name) || '.' FROM unnest(current_schemas(false)) name")
        prefixes = [prefix for (prefix,) in cursor.fetchall()]

        def unqualified(text: str) -> str:
            for prefix in prefixes:
                text = text.replace(prefix, "")
            return text

        cursor.execute(_OBJECTS, {"kept_name": COMMENT})
        found = (
            Object(kind, unqualified(name), unqualified(definition))
            for kind, name, definition in cursor.fetchall()
        )
        return tuple(sorted(found))
