"""Rights on what no copied schema holds: on what every database has, and on extensions' schemas."""

# `schemas` are those that a copy has from its source, as SQL names.
CATALOG_RIGHTS = """
WITH object (class, id, sub, owner, kind, acl) AS (
    SELECT 'pg_proc'::regclass, oid, 0, proowner, 'f'::"char", proacl FROM pg_proc
    UNION ALL SELECT 'pg_class'::regclass, oid, 0, relowner, 'r', relacl
    FROM pg_class WHERE relkind IN ('r', 'v')
    UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, relowner, 'c', attacl
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    UNION ALL SELECT 'pg_type'::regclass, oid, 0, typowner, 'T', typacl FROM pg_type
    UNION ALL SELECT 'pg_language'::regclass, oid, 0, lanowner, 'l', lanacl
    FROM pg_language WHERE lanpltrusted
    UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspowner, 'n', nspacl
    FROM pg_namespace WHERE quote_ident(nspname) <> ALL (%(schemas)s)
),
item (verb, class, id, sub, kind, owner, acl) AS (
    SELECT verb, class, id, sub, kind, owner, CASE verb WHEN 'GRANT' THEN acl ELSE given END
    FROM object LEFT JOIN (SELECT classoid, objoid, objsubid, initprivs FROM pg_init_privs
                           WHERE privtype = 'i') i
        ON (classoid, objoid, objsubid) = (class, id, sub),
    LATERAL (SELECT coalesce(initprivs, acldefault(kind, owner))) initial (given),
    (VALUES ('GRANT'), ('REVOKE')) verbs (verb)
    WHERE acl IS NOT NULL AND id < 16384  -- FirstNormalObjectId: what initdb made
),
change AS (
    SELECT min(verb) AS verb, class, id, sub, kind, grantee, privilege_type, is_grantable
    FROM item, aclexplode(acl) WHERE grantee <> owner
    GROUP BY class, id, sub, kind, grantee, privilege_type, is_grantable
    HAVING count(DISTINCT verb) = 1
)
SELECT format('%%s %%s%%s ON %%s %%s %%s %%s%%s', verb, privilege_type,
              ' (' || quote_ident(attname) || ')',
              CASE kind WHEN 'f' THEN 'ROUTINE' WHEN 'T' THEN 'TYPE' WHEN 'l' THEN 'LANGUAGE'
                        WHEN 'n' THEN 'SCHEMA' ELSE 'TABLE' END,
              (pg_identify_object(class, id, 0)).identity,
              CASE verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
              CASE WHEN is_grantable AND verb = 'GRANT' THEN ' WITH GRANT OPTION' END)
FROM change LEFT JOIN pg_attribute ON attrelid = id AND attnum = sub AND sub <> 0
ORDER BY verb DESC, class, id, sub, grantee, privilege_type
"""

# The owner and the rights of the `schemas` that hold extensions. In a copy, the role created them,
# and its default rights apply to them. Without a superuser, it stays their owner.
HOLDER_RIGHTS = """
WITH holder AS (
    SELECT nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace
    WHERE oid >= 16384 AND nspname = ANY (%(schemas)s)
),
given (grantee) AS (
    SELECT 0 UNION SELECT a.grantee FROM pg_default_acl, aclexplode(defaclacl) a
    WHERE defaclobjtype = 'n' AND defaclnamespace = 0 AND defaclrole = current_user::regrole
      AND a.grantee <> defaclrole
)
SELECT text FROM (
    SELECT 1, format('ALTER SCHEMA %%I OWNER TO %%s', nspname, nspowner::regrole)
    FROM holder WHERE nspowner <> current_user::regrole
    UNION ALL
    SELECT 2, format('REVOKE ALL ON SCHEMA %%I FROM %%s', nspname,
                     CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM holder, given
    UNION ALL
    SELECT 3, format('GRANT %%s ON SCHEMA %%I TO %%s%%s', privilege_type, nspname,
                     CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
                     CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
    FROM holder, aclexplode(acl) WHERE grantee <> nspowner
) texts (step, text)
ORDER BY step, text
"""
