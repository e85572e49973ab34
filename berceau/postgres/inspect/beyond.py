"""What a PostgreSQL schema holds that is neither in a ``Schema`` nor an ``Object``."""

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.schema.sql.old_names import COMMENT

# All that depends on the schema, or on a part of it. A sequence of a column may be one of several,
# of which a ``Column`` has one.
_BEYOND = """
WITH RECURSIVE own (class, object) AS (
    SELECT 'pg_namespace'::regclass::oid, to_regnamespace(quote_ident(current_schema()))::oid
    UNION
    SELECT d.classid, d.objid FROM own JOIN pg_depend d
    ON (d.refclassid, d.refobjid) = (own.class, own.object)
), relation AS (
    SELECT c.* FROM pg_class c JOIN own ON own.object = c.oid AND own.class = 'pg_class'::regclass
), found (kind, class, object, part, value) AS (
    SELECT 'comment on', class, object, objsubid, description
    FROM own JOIN pg_description ON (classoid, objoid) = (class, object) AND description <> %s
    UNION ALL
    SELECT 'rights on', 'pg_class'::regclass, oid, 0, relacl::text FROM relation
    UNION ALL
    SELECT 'rights on', 'pg_class'::regclass, oid, attnum, attacl::text
    FROM relation JOIN pg_attribute ON attrelid = oid AND NOT attisdropped
    UNION ALL
    SELECT 'rights on', class, oid, 0, typacl::text
    FROM own JOIN pg_type ON oid = object AND class = 'pg_type'::regclass
    UNION ALL
    SELECT 'rights on', class, oid, 0, proacl::text
    FROM own JOIN pg_proc ON oid = object AND class = 'pg_proc'::regclass
    UNION ALL
    SELECT 'rights by', class, oid, 0, defaclacl::text
    FROM own JOIN pg_default_acl ON oid = object AND class = 'pg_default_acl'::regclass
    UNION ALL
    SELECT 'GENERATED ALWAYS of', 'pg_class'::regclass, oid, attnum, ''
    FROM relation JOIN pg_attribute ON attrelid = oid AND attidentity = 'a'
    UNION ALL
    SELECT 'storage parameters of', 'pg_class'::regclass, oid, 0, reloptions::text
    FROM relation WHERE relkind IN ('i', 'I')
    UNION ALL
    SELECT 'several sequences of', 'pg_class'::regclass, refobjid, refobjsubid,
           array_agg(relname ORDER BY relname)::text
    FROM relation JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = oid
        AND refclassid = 'pg_class'::regclass AND refobjsubid > 0
    WHERE relkind = 'S' GROUP BY refobjid, refobjsubid HAVING count(*) > 1
)
SELECT kind || ' ' || pg_describe_object(class, object, part), value
FROM found WHERE value IS NOT NULL
"""


def read(connection: Connection) -> dict[str, str]:
    """Return comments, rights and settings in the connection's schema: what they are, and of what.

    That is neither for people nor for a file: it is to compare one schema with another.
    """
    return dict(fetch(connection, _BEYOND, (COMMENT,)))
