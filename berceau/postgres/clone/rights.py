"""Comments, owners and grants as definitions."""

from berceau.postgres.clone.definition import Kind, Rank
from berceau.postgres.clone.objects import OWN, OWNERS, RIGHTS, SCHEMA_RIGHTS

_NOUN = """CASE
        WHEN type LIKE '% column' THEN 'COLUMN'
        WHEN type LIKE '% constraint' THEN 'CONSTRAINT'
        WHEN type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE'
        WHEN type = 'composite type' THEN 'TYPE'
        WHEN type = 'statistics object' THEN 'STATISTICS'
        ELSE upper(type) END"""

COMMENTS = f"""
{OWN}
SELECT objid, format('COMMENT ON %s %s IS %L', {_NOUN},
    CASE type WHEN 'domain constraint'
         THEN replace(identity, ' on ' || :schema::regnamespace || '.',
                      ' ON DOMAIN ' || :schema::regnamespace || '.')
         ELSE identity END, description), NULL, NULL, classid::regclass::text
FROM own JOIN pg_description ON classoid = classid AND objoid = objid,
     pg_identify_object(classid, objid, objsubid)
"""

LABELS = f"""
{OWN}
SELECT objid, format('SECURITY LABEL FOR %I ON %s %s IS %L', provider, {_NOUN}, identity, label),
       NULL, NULL, classid::regclass::text
FROM own JOIN pg_seclabel ON classoid = classid AND objoid = objid,
     pg_identify_object(classid, objid, objsubid)
"""

EXTENSIONS = f"""
{OWN}
SELECT objid, format('ALTER %s %s DEPENDS ON EXTENSION %I', {_NOUN}, identity, extname),
       NULL, NULL, classid::regclass::text
FROM own JOIN pg_depend USING (classid, objid) JOIN pg_extension e ON e.oid = refobjid,
     pg_identify_object(classid, objid, 0)
WHERE deptype = 'x' AND refclassid = 'pg_extension'::regclass
"""

# `keeper` owns the copy: the owner, where the role at work may give it away.
OWNED = """
, me AS (SELECT oid, rolsuper FROM pg_roles WHERE rolname = current_user),
owned AS MATERIALIZED (
    SELECT found.*, CASE
        WHEN classid <> 'pg_namespace'::regclass AND pg_has_role(owner, :set_role)
             AND (rolsuper OR has_schema_privilege(owner, :schema, 'CREATE'))
        THEN owner ELSE me.oid END AS keeper
    FROM me, (
        SELECT 'pg_namespace'::regclass AS classid, oid AS objid, nspowner AS owner, nspacl AS acl,
               'n'::"char" AS kind FROM pg_namespace WHERE oid = :schema
        UNION ALL SELECT 'pg_class'::regclass, oid, relowner, relacl,
                         CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"
        FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL SELECT 'pg_type'::regclass, t.oid, typowner, typacl, 'T'
        FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
        WHERE (typrelid = 0 OR relkind = 'c') AND typtype <> 'm' AND typnamespace = :schema
          AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
        UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl, 'f'
        FROM pg_proc p WHERE pronamespace = :schema AND NOT EXISTS (  -- a range's own
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'i')
        UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, NULL, NULL
        FROM pg_operator WHERE oprnamespace = :schema
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, NULL, NULL
        FROM pg_opclass WHERE opcnamespace = :schema
        UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, NULL, NULL
        FROM pg_opfamily WHERE opfnamespace = :schema
        UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, NULL, NULL
        FROM pg_collation WHERE collnamespace = :schema
        UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, NULL, NULL
        FROM pg_conversion WHERE connamespace = :schema
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, NULL, NULL
        FROM pg_ts_dict WHERE dictnamespace = :schema
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, NULL, NULL
        FROM pg_ts_config WHERE cfgnamespace = :schema
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, NULL, NULL
        FROM pg_statistic_ext WHERE stxnamespace = :schema
          AND stxrelid IN (SELECT oid FROM pg_class)  -- no parts of tables of Citus
    ) found
)
"""

# Sequences of columns, and the schema, aren't given away by themselves.
ANOTHERS = f"""
{OWNED},
anothers AS (
    SELECT owned.*, identity, owner::regrole AS role,
           {_NOUN} AS noun
    FROM owned, me, pg_identify_object(classid, objid, 0)
    WHERE owner <> me.oid AND classid <> 'pg_namespace'::regclass AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE (d.classid, d.objid) = (owned.classid, owned.objid)
          AND kind = 's' AND deptype IN ('a', 'i'))
)
"""

OWNED_BY_OTHERS = f"""
{ANOTHERS}
SELECT objid, format('ALTER %s %s OWNER TO %s', noun, identity, role), NULL, NULL,
       classid::regclass::text
FROM anothers WHERE keeper = owner
"""

KEPT_OWNERS = f"""
{ANOTHERS}
SELECT format('the owner %s of %s %s', role, lower(noun), identity)
FROM anothers WHERE keeper <> owner AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE (d.classid, d.objid) = (anothers.classid, anothers.objid) AND deptype = 'e')
ORDER BY 1
"""

# Compared is what an object has with what PostgreSQL gives to a new one of the role at work: most
# have just that, and arrays of rights are sorted. Each right is granted by who granted it in
# the source, where the role at work may act as that.
_ACLS = f"""
{OWNED},
acls AS MATERIALIZED (
    SELECT classid, objid, 0 AS sub, owner, keeper, kind, acl, fresh
    FROM me, owned LEFT JOIN pg_default_acl
      ON defaclnamespace = 0 AND defaclrole = (SELECT oid FROM me)
     AND defaclobjtype = CASE kind WHEN 's' THEN 'S' ELSE kind END,
    coalesce(defaclacl, acldefault(kind, me.oid)) fresh
    WHERE kind IS NOT NULL AND {{condition}}
      AND (owner <> me.oid OR coalesce(acl, acldefault(kind, owner)) <> fresh)
    UNION ALL
    SELECT classid, objid, attnum, owner, keeper, 'c', attacl, acldefault('c', owner)
    FROM owned JOIN pg_attribute ON attrelid = objid AND attacl IS NOT NULL
    WHERE classid = 'pg_class'::regclass AND {{condition}}
)
"""

GRANTS = f"""
{_ACLS},
wanted AS (
    SELECT classid, objid, sub, kind, keeper,
           CASE WHEN grantor <> owner AND pg_has_role(grantor, :set_role) THEN grantor
                ELSE keeper END AS giver,
           CASE grantee WHEN owner THEN keeper ELSE grantee END AS role,
           privilege_type AS privilege, bool_or(is_grantable) AS grantable, min(place) AS place
    FROM acls, aclexplode(coalesce(acl, acldefault(kind, owner)))
         WITH ORDINALITY item (grantor, grantee, privilege_type, is_grantable, place)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    UNION ALL  -- The schema becomes the role's at work: who owned it may need what an owner may.
    SELECT classid, objid, 0, kind, keeper, keeper, owner, privilege, false, 0
    FROM owned, (VALUES ('CREATE'), ('USAGE')) needed (privilege)
    WHERE classid = 'pg_namespace'::regclass AND owner <> keeper
      AND owner IN (SELECT keeper FROM owned)
),
given AS (
    SELECT classid, objid, sub, kind, keeper, keeper AS giver,
           CASE grantee WHEN me.oid THEN keeper ELSE grantee END AS role,
           privilege_type AS privilege, is_grantable AS grantable
    FROM me, acls, aclexplode(fresh)
),
change AS (
    SELECT 'REVOKE' AS verb, given.*, 0 AS place FROM given LEFT JOIN wanted
        USING (classid, objid, sub, kind, keeper, giver, role, privilege, grantable)
    WHERE place IS NULL
    UNION ALL
    SELECT 'GRANT', classid, objid, sub, kind, keeper, giver, role, privilege, grantable, place
    FROM wanted LEFT JOIN (SELECT *, true AS present FROM given) given
        USING (classid, objid, sub, kind, keeper, giver, role, privilege, grantable)
    WHERE present IS NULL
),
statement AS (
    SELECT classid, objid, verb, sub,
           -- Who may grant got that right before.
           CASE WHEN giver <> keeper THEN min(place) ELSE 0 END AS place, concat(
        'SET LOCAL ROLE ' || actor || ';', verb, ' ',
        string_agg(privilege || coalesce(' (' || quote_ident(attname) || ')', ''), ', '
                   ORDER BY privilege),
        ' ON ', CASE kind WHEN 's' THEN 'SEQUENCE' WHEN 'f' THEN 'ROUTINE' WHEN 'T' THEN 'TYPE'
                          WHEN 'n' THEN 'SCHEMA' ELSE 'TABLE' END, ' ',
        (pg_identify_object(classid, objid, 0)).identity,
        CASE verb WHEN 'GRANT' THEN ' TO ' ELSE ' FROM ' END,
        CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END,
        CASE WHEN grantable AND verb = 'GRANT' THEN ' WITH GRANT OPTION' END,
        CASE WHEN actor IS NOT NULL THEN ';RESET ROLE' END) AS text
    FROM change LEFT JOIN pg_attribute ON attrelid = objid AND attnum = sub AND sub <> 0,
         LATERAL (SELECT CASE WHEN giver <> keeper OR NOT pg_has_role(keeper, 'USAGE')
                              THEN giver::regrole END) acting (actor)
    GROUP BY classid, objid, kind, verb, sub, role, grantable, keeper, giver, actor
)
SELECT objid, string_agg(text, ';' ORDER BY verb DESC, sub <> 0, place, text), NULL, NULL,
       classid::regclass::text
FROM statement WHERE {{condition}} GROUP BY classid, objid
"""
KEPT_GRANTORS = f"""
{_ACLS.format(condition="true")}
SELECT DISTINCT format('that %s granted rights on %s', grantor::regrole,
                       (pg_identify_object(classid, objid, 0)).identity)
FROM acls, aclexplode(acl)
WHERE grantor <> owner AND NOT pg_has_role(grantor, :set_role)
ORDER BY 1
"""
# Who is to own something needs the right to create in the schema.
SCHEMA_GRANTS = GRANTS.format(condition="classid = 'pg_namespace'::regclass")
OBJECT_GRANTS = GRANTS.format(condition="classid <> 'pg_namespace'::regclass")

DEFAULT_GRANTS = """
SELECT defaclnamespace, string_agg(text, ';' ORDER BY text) FROM (
    SELECT defaclnamespace, format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s%s',
        defaclrole::regrole, :schema::regnamespace, string_agg(privilege_type, ', '
                                                               ORDER BY privilege_type),
        CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                           WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS text
    FROM pg_default_acl, aclexplode(defaclacl)
    WHERE defaclnamespace = :schema AND pg_has_role(defaclrole, 'USAGE')
    GROUP BY defaclnamespace, defaclrole, defaclobjtype, grantee, is_grantable
) statements GROUP BY defaclnamespace
"""

KEPT_DEFAULT_GRANTS = """
SELECT DISTINCT format('default privileges of the role %s', defaclrole::regrole)
FROM pg_default_acl WHERE defaclnamespace = :schema AND NOT pg_has_role(defaclrole, 'USAGE')
"""

KINDS = (
    Kind(Rank.COMMENT, "", COMMENTS, ("pg_namespace",), makes=False),
    Kind(Rank.COMMENT, "", LABELS, ("pg_seclabel",), makes=False),
    Kind(Rank.DETAIL, "", EXTENSIONS, ("pg_extension",), makes=False),
    Kind(Rank.OWNER, "", OWNED_BY_OTHERS, (OWNERS,), makes=False),
    Kind(Rank.DETAIL, "", SCHEMA_GRANTS, (SCHEMA_RIGHTS,), makes=False),
    Kind(Rank.GRANT, "", OBJECT_GRANTS, (RIGHTS,), makes=False),
    Kind(Rank.GRANT, "pg_namespace", DEFAULT_GRANTS, ("pg_namespace",), makes=False),
)
