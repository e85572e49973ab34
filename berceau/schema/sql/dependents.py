"""Set aside, and make again, what PostgreSQL won't let a column's type change under."""

from collections.abc import Iterator

from berceau.schema.changes import Restore, SetAside
from berceau.schema.names import quote_literal, quote_name
from berceau.schema.sql.statement import Lock, Statement, render

# Views of any depth; indexes and checks with expressions, which may name the type. Each is kept
# as the statements that make it, in a setting of the transaction: that needs no right and no
# table. Nothing here is known before the migration runs, because views aren't managed: the same
# text serves every database.
_SET_ASIDE = """\
DO $set_aside$
-- What uses these columns is dropped here, and made again below with its owner, rights, comments.
DECLARE
    again text[] := '{{}}';
    item record;
BEGIN
    FOR item IN
        WITH RECURSIVE used AS (
            SELECT a.attrelid AS relation, a.attnum AS number, c.rebuilt
            FROM pg_attribute a JOIN (VALUES
                {columns}
            ) AS c (relation, name, rebuilt) ON a.attrelid = c.relation AND a.attname = c.name
        ), dependent AS (
            SELECT d.classid, d.objid, u.rebuilt FROM used u JOIN pg_depend d
            ON d.refclassid = 'pg_class'::regclass
            AND (d.refobjid, d.refobjsubid) = (u.relation, u.number)
        ), stacked AS (
            SELECT r.ev_class AS oid, 1 AS depth FROM dependent d
            JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            UNION
            SELECT r.ev_class, s.depth + 1 FROM stacked s
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
            JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            WHERE r.ev_class <> s.oid
        ), view AS (
            SELECT c.oid, c.oid::regclass AS name, c.relnamespace, c.relowner, c.relacl,
                   CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind,
                   'WITH (' || array_to_string(c.reloptions, ', ') || ')' AS options,
                   CASE WHEN c.relispopulated THEN '' ELSE 'WITH NO DATA' END AS empty,
                   max(s.depth) AS depth
            FROM stacked s JOIN pg_class c ON c.oid = s.oid AND c.relkind IN ('v', 'm')
            GROUP BY c.oid
        )
        SELECT 0 AS depth,
               format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS gone,
               ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                            pg_get_constraintdef(oid))] AS made
        FROM pg_constraint
        WHERE contype = 'c'
          AND oid IN (SELECT objid FROM dependent
                      WHERE rebuilt AND classid = 'pg_constraint'::regclass)
        UNION ALL
        SELECT 0, format('DROP INDEX %s', indexrelid::regclass), ARRAY[pg_get_indexdef(indexrelid)]
        FROM pg_index i
        WHERE (indpred IS NOT NULL OR indexprs IS NOT NULL)
          AND indexrelid IN (SELECT objid FROM dependent
                             WHERE rebuilt AND classid = 'pg_class'::regclass)
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
        UNION ALL
        SELECT depth, format('DROP %s %s', kind, name),
               format('CREATE %s %s %s AS %s %s', kind, name, options,
                      rtrim(pg_get_viewdef(oid), ';'), empty)
               || ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = oid)
               || ARRAY(SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
                        WHERE t.tgrelid = view.oid AND NOT t.tgisinternal)
               || ARRAY(SELECT format('COMMENT ON %s %s IS %L',
                                      CASE objsubid WHEN 0 THEN kind ELSE 'COLUMN' END,
                                      name || coalesce('.' || quote_ident(attname), ''),
                                      description)
                        FROM pg_description LEFT JOIN pg_attribute
                        ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
                        WHERE classoid = 'pg_class'::regclass AND objoid = oid)
               || ARRAY(SELECT format('REVOKE ALL ON %s FROM %s', name,
                                      coalesce(nullif(grantee, 0)::regrole::text, 'PUBLIC'))
                        FROM pg_default_acl, aclexplode(defaclacl)
                        WHERE defaclrole = current_user::regrole AND grantee <> defaclrole
                          AND defaclobjtype = 'r' AND defaclnamespace IN (0, relnamespace))
               || ARRAY(SELECT format('GRANT %s%s ON %s TO %s%s', privilege_type,
                                      ' (' || quote_ident(attname) || ')', name,
                                      coalesce(nullif(grantee, 0)::regrole::text, 'PUBLIC'),
                                      CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                        FROM (SELECT NULL AS attname, relacl AS acl
                              UNION ALL
                              SELECT attname, attacl FROM pg_attribute
                              WHERE attrelid = view.oid AND attnum > 0) rights, aclexplode(acl)
                        WHERE grantee <> relowner)
               || CASE WHEN relowner = current_user::regrole THEN '{{}}' ELSE
                  ARRAY[format('ALTER %s %s OWNER TO %s', kind, name, relowner::regrole)] END
        FROM view
        ORDER BY depth DESC, gone
    LOOP
        EXECUTE item.gone;
        again := item.made || again;
    END LOOP;
    PERFORM set_config('berceau.again', to_json(again)::text, true);
END $set_aside$"""

_RESTORE = """\
DO $restore$
-- What was set aside above is made again.
DECLARE
    made text;
BEGIN
    FOR made IN SELECT json_array_elements_text(current_setting('berceau.again')::json) LOOP
        EXECUTE made;
    END LOOP;
END $restore$"""


@render.register
def _(change: SetAside) -> Iterator[Statement]:
    columns = ",\n                ".join(
        f"({quote_literal(quote_name(table))}::regclass, {quote_literal(column)}, "
        f"{str((table, column) in change.rebuilt).lower()})"
        for table, column in change.columns
    )
    yield Statement(_SET_ASIDE.format(columns=columns), lock=Lock.ACCESS_EXCLUSIVE)


@render.register
def _(_: Restore) -> Iterator[Statement]:
    yield Statement(_RESTORE)
