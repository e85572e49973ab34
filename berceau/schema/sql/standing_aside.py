"""The SQL that drops what PostgreSQL won't let a column's type change under, and makes it again."""

# Nothing here is known before the migration runs, because views aren't managed: the same text
# serves every database. What is dropped is kept as the statements that make it, in a setting of the
# transaction: that needs no right and no table. What can't be made again is named before anything
# is dropped. Rights are given by the view's own owner, in the order in which they were; the owner
# may have less than all. The first number of a statement is its turn: checks and indexes of tables
# (0), views from the lowest up (1), their owners (2), what hangs on them (3), the rest (4 ...).
SET_ASIDE = """\
DO $set_aside$
-- Views, rules, checks and indexes that use these columns are dropped here, and made again below
-- as they were, with all that hangs on them: rules, triggers, defaults, indexes, comments, rights.
DECLARE
    views oid[];
    rules oid[];
    checks oid[];
    indexes oid[];
    again text[];
    item text;
BEGIN
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
        SELECT r.ev_class AS oid, 1 AS depth FROM dependent d JOIN pg_rewrite r
        ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.rulename = '_RETURN'
        UNION
        SELECT r.ev_class, s.depth + 1 FROM stacked s
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            AND r.rulename = '_RETURN'
        WHERE r.ev_class <> s.oid
    )
    SELECT ARRAY(SELECT oid FROM stacked GROUP BY oid ORDER BY max(depth), oid),
           ARRAY(SELECT objid FROM dependent WHERE classid = 'pg_rewrite'::regclass),
           ARRAY(SELECT oid FROM pg_constraint WHERE EXISTS (
               SELECT FROM dependent WHERE rebuilt AND (
                   contype = 'c' AND (classid, objid) = ('pg_constraint'::regclass, oid)
                   OR contype = 'x' AND (classid, objid) = ('pg_class'::regclass, conindid)))),
           ARRAY(SELECT indexrelid FROM pg_index i
                 WHERE (indpred IS NOT NULL OR indexprs IS NOT NULL) AND indexrelid IN (
                     SELECT objid FROM dependent WHERE rebuilt AND classid = 'pg_class'::regclass)
                 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid))
    INTO views, rules, checks, indexes;
    rules := ARRAY(
        SELECT oid FROM pg_rewrite WHERE rulename <> '_RETURN' AND (
            oid = ANY (rules) OR ev_class = ANY (views) OR EXISTS (
                SELECT FROM pg_depend d JOIN pg_class v ON v.oid = ANY (views)
                WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = pg_rewrite.oid
                  AND d.refobjid IN (v.oid, v.reltype))));

    SELECT string_agg(DISTINCT what, '; ') INTO item FROM (
        SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses '
               || pg_describe_object('pg_class'::regclass, v.oid, 0) AS what
        FROM pg_class v JOIN pg_type t ON t.oid = v.reltype
        JOIN pg_depend d ON d.refobjid IN (v.oid, t.oid, t.typarray)
            AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass)
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        WHERE v.oid = ANY (views) AND d.deptype <> 'i'
          AND (r.oid <> ALL (rules)) IS NOT FALSE AND (r.ev_class <> ALL (views)) IS NOT FALSE
          AND c.relkind IS DISTINCT FROM 'i' AND d.classid <> 'pg_attrdef'::regclass
          AND d.classid <> 'pg_trigger'::regclass AND d.classid <> 'pg_statistic_ext'::regclass
        UNION ALL
        SELECT pg_describe_object(classoid, objoid, objsubid) || ' has a security label'
        FROM pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = ANY (views)
        UNION ALL
        SELECT format('%s gave rights on view %s', grantor::regrole, v.oid::regclass)
        FROM pg_class v, LATERAL (SELECT v.relacl AS acl UNION ALL SELECT attacl FROM pg_attribute
                                  WHERE attrelid = v.oid) rights, aclexplode(acl)
        WHERE v.oid = ANY (views) AND grantor <> v.relowner
    ) obstacles;
    IF item IS NOT NULL THEN
        RAISE EXCEPTION 'views have to stand aside for the new type, but %: drop that in a '
                        'migration before, and make it again in one behind', item;
    END IF;

    WITH view AS (
        SELECT c.*, c.oid::regclass AS name, array_position(views, c.oid) AS place,
               CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind,
               'ALTER ' || CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END
               || c.oid::regclass AS alter
        FROM pg_class c WHERE c.oid = ANY (views)
    ), indexed AS (
        SELECT i.*, indexrelid::regclass AS name, c.reltablespace, v.place,
               CASE WHEN v.oid IS NULL THEN 0 ELSE 3 END AS phase,
               'ALTER TABLE ' || indrelid::regclass AS alter
        FROM pg_index i JOIN pg_class c ON c.oid = indexrelid LEFT JOIN view v ON v.oid = indrelid
        WHERE indexrelid = ANY (indexes) OR indrelid = ANY (views)
    ), made (phase, place, statement) AS (
        SELECT 0, 0, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                            pg_get_constraintdef(oid))
        FROM pg_constraint WHERE oid = ANY (checks)
        UNION ALL
        SELECT 1, place, concat_ws(' ', 'CREATE', kind, name, 'USING ' || quote_ident(amname),
            'WITH (' || (SELECT string_agg(option, ', ') FROM (
                SELECT unnest(reloptions) UNION ALL
                SELECT 'toast.' || unnest(t.reloptions) FROM pg_class t WHERE t.oid = reltoastrelid
            ) o (option)) || ')',
            'TABLESPACE ' || quote_ident(spcname), 'AS', rtrim(pg_get_viewdef(view.oid), ';'),
            CASE WHEN NOT relispopulated THEN 'WITH NO DATA' END)
        FROM view LEFT JOIN pg_am a ON a.oid = relam LEFT JOIN pg_tablespace s
        ON s.oid = reltablespace
        UNION ALL
        SELECT 2, place, format('%s OWNER TO %s', alter, relowner::regrole) FROM view
        WHERE relowner <> current_user::regrole
        UNION ALL
        SELECT 3, place, format('%s ALTER COLUMN %I SET DEFAULT %s', alter, attname,
                                pg_get_expr(adbin, adrelid))
        FROM view JOIN pg_attrdef d ON adrelid = view.oid
        JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        UNION ALL
        SELECT 3, place, format('%s ALTER COLUMN %I SET %s', alter, attname, setting)
        FROM view JOIN pg_attribute a ON attrelid = view.oid AND attnum > 0
        JOIN pg_type t ON t.oid = atttypid, LATERAL (VALUES
            (CASE WHEN attstattarget >= 0 THEN format('STATISTICS %s', attstattarget) END),
            (CASE WHEN attstorage <> typstorage THEN 'STORAGE ' || CASE attstorage
                WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'
                ELSE 'EXTENDED' END END),
            (CASE attcompression WHEN 'p' THEN 'COMPRESSION pglz'
                WHEN 'l' THEN 'COMPRESSION lz4' END),
            ('(' || array_to_string({options}, ', ') || ')')) settings (setting)
        WHERE relkind = 'm' AND setting IS NOT NULL
        UNION ALL
        SELECT 3, place, format('ALTER TABLE %s REPLICA IDENTITY %s', name,
                                CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
        FROM view WHERE relkind = 'm' AND relreplident IN ('f', 'n')
        UNION ALL
        SELECT 3, place, pg_get_statisticsobjdef(s.oid)
        FROM view JOIN pg_statistic_ext s ON stxrelid = view.oid
        UNION ALL
        SELECT phase, place, pg_get_indexdef(indexrelid) FROM indexed
        UNION ALL
        SELECT phase + 1, place, setting FROM indexed, LATERAL (
            SELECT format('ALTER INDEX %s SET TABLESPACE %I', name, spcname) AS setting
            FROM pg_tablespace WHERE oid = reltablespace
            UNION ALL
            SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', name, attnum,
                          attstattarget)
            FROM pg_attribute WHERE attrelid = indexrelid AND attstattarget >= 0
            UNION ALL
            SELECT format('%s CLUSTER ON %I', alter, relname)
            FROM pg_class WHERE oid = indexrelid AND indisclustered
            UNION ALL
            SELECT format('%s REPLICA IDENTITY USING INDEX %I', alter, relname)
            FROM pg_class WHERE oid = indexrelid AND indisreplident
        ) settings
        UNION ALL
        SELECT 3, place, pg_get_triggerdef(t.oid)
        FROM view JOIN pg_trigger t ON tgrelid = view.oid WHERE NOT tgisinternal
        UNION ALL
        SELECT 3, 0, pg_get_ruledef(oid) FROM pg_rewrite WHERE oid = ANY (rules)
        UNION ALL
        SELECT 4, 0, format('ALTER TABLE %s %s RULE %I', ev_class::regclass, CASE ev_enabled
            WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
            rulename)
        FROM pg_rewrite WHERE oid = ANY (rules) AND ev_enabled <> 'O'
        UNION ALL
        SELECT 4, 0, format('COMMENT ON %s IS %L', CASE classoid
            WHEN 'pg_class'::regclass THEN CASE
                WHEN objsubid > 0 THEN (SELECT format('COLUMN %s.%I', objoid::regclass, attname)
                    FROM pg_attribute WHERE attrelid = objoid AND attnum = objsubid)
                ELSE coalesce((SELECT kind FROM view WHERE oid = objoid), 'INDEX')
                     || ' ' || objoid::regclass END
            WHEN 'pg_constraint'::regclass THEN (SELECT format('CONSTRAINT %I ON %s', conname,
                conrelid::regclass) FROM pg_constraint WHERE oid = objoid)
            WHEN 'pg_rewrite'::regclass THEN (SELECT format('RULE %I ON %s', rulename,
                ev_class::regclass) FROM pg_rewrite WHERE oid = objoid)
            WHEN 'pg_trigger'::regclass THEN (SELECT format('TRIGGER %I ON %s', tgname,
                tgrelid::regclass) FROM pg_trigger WHERE oid = objoid)
            ELSE (SELECT format('STATISTICS %I.%I', nspname, stxname) FROM pg_statistic_ext s
                JOIN pg_namespace n ON n.oid = stxnamespace WHERE s.oid = objoid)
            END, description)
        FROM pg_description
        WHERE classoid = 'pg_class'::regclass
              AND (objoid = ANY (views) OR objoid IN (SELECT indexrelid FROM indexed))
           OR classoid = 'pg_constraint'::regclass AND objoid = ANY (checks)
           OR classoid = 'pg_rewrite'::regclass AND objoid = ANY (rules)
           OR classoid = 'pg_trigger'::regclass
              AND objoid IN (SELECT oid FROM pg_trigger WHERE tgrelid = ANY (views))
           OR classoid = 'pg_statistic_ext'::regclass
              AND objoid IN (SELECT oid FROM pg_statistic_ext WHERE stxrelid = ANY (views))
        UNION ALL
        SELECT 4, place, format('REVOKE ALL ON %s FROM %s', name, CASE role WHEN 0 THEN 'PUBLIC'
                                ELSE role::regrole::text END)
        FROM view, LATERAL (
            SELECT relowner AS role WHERE relacl IS NOT NULL
            UNION
            SELECT grantee FROM pg_default_acl, aclexplode(defaclacl)
            WHERE defaclrole = current_user::regrole AND defaclobjtype = 'r'
              AND defaclnamespace IN (0, relnamespace)
              AND (relacl IS NOT NULL OR grantee <> relowner)) strangers
        UNION ALL
        SELECT 4 + number, place, format('GRANT %s%s ON %s TO %s%s', privilege_type,
            ' (' || quote_ident(attname) || ')', name, CASE grantee WHEN 0 THEN 'PUBLIC'
            ELSE grantee::regrole::text END, CASE WHEN is_grantable AND grantee <> relowner
            THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM view, LATERAL (
            SELECT NULL AS attname, relacl AS acl
            UNION ALL
            SELECT attname, attacl FROM pg_attribute WHERE attrelid = view.oid AND attnum > 0
        ) rights, aclexplode(acl)
        WITH ORDINALITY AS given (grantor, grantee, privilege_type, is_grantable, number)
    )
    SELECT array_agg(statement ORDER BY phase, place, statement) INTO again FROM made;
    PERFORM set_config('berceau.again', coalesce(to_json(again), '[]')::text, true);

    FOR item IN
        SELECT format('DROP RULE %I ON %s', rulename, ev_class::regclass)
        FROM pg_rewrite WHERE oid = ANY (rules)
        UNION ALL
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint WHERE oid = ANY (checks)
        UNION ALL
        SELECT format('DROP INDEX %s', index::regclass) FROM unnest(indexes) AS index
    LOOP
        EXECUTE item;
    END LOOP;
    FOR item IN
        SELECT format('DROP %s %s', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
                      oid::regclass)
        FROM pg_class WHERE oid = ANY (views) ORDER BY array_position(views, oid) DESC
    LOOP
        EXECUTE item;
    END LOOP;
END $set_aside$"""

RESTORE = """\
DO $restore$
-- What was set aside above is made again.
DECLARE
    made text;
BEGIN
    FOR made IN SELECT json_array_elements_text(current_setting('berceau.again')::json) LOOP
        EXECUTE made;
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = format(
        'what stood aside for the new type can''t be made again: %s; drop it in a migration '
        'before, and write it again in one after it:', SQLERRM), DETAIL = made;
END $restore$"""
