"""Operators, and their families and classes for indexes, as definitions."""

from berceau.postgres.clone.definition import Kind, Rank

OPERATORS = """
SELECT o.oid, format('CREATE OPERATOR %s.%s (%s)', :schema::regnamespace, oprname, concat_ws(', ',
    'FUNCTION = ' || oprcode,
    CASE WHEN oprleft <> 0 THEN 'LEFTARG = ' || format_type(oprleft, NULL) END,
    'RIGHTARG = ' || format_type(oprright, NULL),
    (SELECT format('COMMUTATOR = OPERATOR(%s.%s)', oprnamespace::regnamespace, oprname)
     FROM pg_operator other WHERE other.oid = o.oprcom),
    (SELECT format('NEGATOR = OPERATOR(%s.%s)', oprnamespace::regnamespace, oprname)
     FROM pg_operator other WHERE other.oid = o.oprnegate),
    CASE WHEN oprrest <> 0 THEN 'RESTRICT = ' || oprrest END,
    CASE WHEN oprjoin <> 0 THEN 'JOIN = ' || oprjoin END,
    CASE WHEN oprcanhash THEN 'HASHES' END, CASE WHEN oprcanmerge THEN 'MERGES' END))
FROM pg_operator o WHERE oprnamespace = :schema AND oprcode <> 0
"""

FAMILIES = """
SELECT f.oid, concat_ws(';', format('CREATE OPERATOR FAMILY %s USING %I', name, amname), (
    SELECT format('ALTER OPERATOR FAMILY %s USING %I ADD ', name, amname)
           || string_agg(item, ', ' ORDER BY item)
    FROM family_item WHERE refclassid = 'pg_opfamily'::regclass AND refobjid = f.oid))
FROM pg_opfamily f JOIN pg_am a ON a.oid = opfmethod,
     format('%s.%I', :schema::regnamespace, opfname) name
WHERE opfnamespace = :schema
"""

CLASSES = """
SELECT c.oid, format('CREATE OPERATOR CLASS %s.%I%s FOR TYPE %s USING %I FAMILY %s.%I AS %s',
    :schema::regnamespace, opcname, CASE WHEN opcdefault THEN ' DEFAULT' ELSE '' END,
    format_type(opcintype, NULL), amname, opfnamespace::regnamespace, opfname, (
        SELECT string_agg(item, ', ' ORDER BY item) FROM (
            SELECT item FROM family_item
            WHERE refclassid = 'pg_opclass'::regclass AND refobjid = c.oid
            UNION ALL SELECT 'STORAGE ' || format_type(coalesce(nullif(opckeytype, 0), opcintype),
                                                       NULL)
            WHERE opckeytype <> 0 OR NOT EXISTS (
                SELECT FROM family_item
                WHERE refclassid = 'pg_opclass'::regclass AND refobjid = c.oid)) items))
FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod JOIN pg_opfamily f ON f.oid = opcfamily
WHERE opcnamespace = :schema
"""

# What a family holds, with the class or the family that each item depends on: its maker.
ITEMS = """
, family_item AS (
    SELECT refclassid, refobjid,
           format('OPERATOR %s %s', amopstrategy, amopopr::regoperator) || coalesce(
               (SELECT format(' FOR ORDER BY %s.%I', opfnamespace::regnamespace, opfname)
                FROM pg_opfamily f WHERE f.oid = amopsortfamily), '') AS item
    FROM pg_amop o
    JOIN pg_depend ON classid = 'pg_amop'::regclass AND objid = o.oid AND deptype IN ('i', 'a')
                  AND refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
    UNION ALL
    SELECT refclassid, refobjid,
           format('FUNCTION %s (%s, %s) %s', amprocnum, format_type(amproclefttype, NULL),
                  format_type(amprocrighttype, NULL), amproc::regprocedure)
    FROM pg_amproc p
    JOIN pg_depend ON classid = 'pg_amproc'::regclass AND objid = p.oid AND deptype IN ('i', 'a')
                  AND refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)
)
"""

KINDS = (
    Kind(Rank.OPERATOR, "pg_operator", OPERATORS, ("pg_operator",)),
    Kind(Rank.OPERATOR, "pg_opfamily", ITEMS + FAMILIES, ("pg_opfamily",)),
    Kind(Rank.OPERATOR, "pg_opclass", ITEMS + CLASSES, ("pg_opclass",)),
)
