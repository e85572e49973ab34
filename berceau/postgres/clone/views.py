"""Views, and the rules, triggers and policies of relations, as definitions."""

from berceau.postgres.clone.definition import Kind, Rank, parts
from berceau.postgres.clone.storage import options

VIEWS = f"""
SELECT r.oid, concat('CREATE OR REPLACE VIEW ', r.oid::regclass,
                     ' WITH (' || {options("reloptions")} || ')',
                     ' AS ', rtrim(pg_get_viewdef(r.oid), ';')),
    (SELECT format('CREATE VIEW %s AS SELECT %s', r.oid::regclass, string_agg(
         format('NULL::%s', format_type(atttypid, atttypmod))
         || CASE WHEN attcollation NOT IN (0, typcollation)
                 THEN ' COLLATE ' || attcollation::regcollation ELSE '' END
         || format(' AS %I', attname), ', ' ORDER BY attnum))
     FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
     WHERE attrelid = r.oid AND attnum > 0)
FROM relation r WHERE relkind = 'v'
"""

MATERIALIZED = f"""
SELECT r.oid, concat('CREATE MATERIALIZED VIEW ', r.oid::regclass,
    (SELECT ' USING ' || quote_ident(amname) FROM pg_am WHERE oid = relam),
    ' WITH (' || {options("relation_options")} || ')',
    (SELECT ' TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace WHERE oid = reltablespace),
    ' AS ', rtrim(pg_get_viewdef(r.oid), ';'), ' WITH NO DATA')
FROM relation r,
LATERAL (
    SELECT reloptions || (SELECT array_agg('toast.' || o) FROM pg_class t, unnest(t.reloptions) o
                          WHERE t.oid = r.reltoastrelid)
) given (relation_options)
WHERE relkind = 'm'
"""

# By the owner, whose rights it is filled with, where the role at work has none of them.
POPULATED = """
SELECT r.oid, concat('SET LOCAL ROLE ' || owner || ';',
                     'REFRESH MATERIALIZED VIEW ', r.oid::regclass,
                     CASE WHEN owner IS NOT NULL THEN ';RESET ROLE' END)
FROM relation r,
LATERAL (SELECT CASE WHEN NOT pg_has_role(relowner, 'USAGE') AND pg_has_role(relowner, :set_role)
                     THEN relowner::regrole END) given (owner)
WHERE relkind = 'm' AND relispopulated
"""

RULES = """
SELECT w.oid, concat_ws(';', rtrim(pg_get_ruledef(w.oid), ';'),
    CASE WHEN ev_enabled <> 'O' THEN format('ALTER TABLE %s %s RULE %I', r.oid::regclass,
         CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                         ELSE 'ENABLE ALWAYS' END, rulename) END)
FROM relation r JOIN pg_rewrite w ON ev_class = r.oid WHERE rulename <> '_RETURN'
"""

# PostgreSQL gives a partition the triggers of its table; only their state may differ.
TRIGGERS = """
SELECT t.oid, pg_get_triggerdef(t.oid)
FROM relation r JOIN pg_trigger t ON tgrelid = r.oid WHERE NOT tgisinternal AND tgparentid = 0
"""

TRIGGER_STATES = """
SELECT r.oid, format('ALTER TABLE ONLY %s %s', r.oid::regclass, string_agg(format('%s TRIGGER %I',
    CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                     WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname),
    ', ' ORDER BY t.tgname))
FROM relation r JOIN pg_trigger t ON tgrelid = r.oid
LEFT JOIN pg_trigger parent ON parent.oid = t.tgparentid
WHERE NOT t.tgisinternal AND t.tgenabled <> coalesce(parent.tgenabled, 'O')
GROUP BY r.oid
"""

POLICIES = """
SELECT p.oid, concat_ws(' ', format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', polname,
        r.oid::regclass, CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                    WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ')
         FROM unnest(polroles) role)),
    'USING (' || pg_get_expr(polqual, polrelid) || ')',
    'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
FROM relation r JOIN pg_policy p ON polrelid = r.oid
"""

KINDS = (
    Kind(Rank.VIEW, "pg_class", VIEWS, parts("pg_class", "v")),
    Kind(Rank.VIEW, "pg_class", MATERIALIZED, parts("pg_class", "m")),
    Kind(Rank.RULE, "pg_rewrite", RULES, ("pg_rewrite",)),
    Kind(Rank.RULE, "pg_trigger", TRIGGERS, ("pg_trigger",)),
    Kind(Rank.DETAIL, "pg_class", TRIGGER_STATES, ("pg_trigger",), makes=False),
    Kind(Rank.RULE, "pg_policy", POLICIES, ("pg_policy",)),
    Kind(Rank.REFRESH, "pg_class", POPULATED, parts("pg_class", "m"), makes=False),
)
