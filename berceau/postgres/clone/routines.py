"""Functions, procedures, aggregates and casts as definitions."""

from berceau.postgres.clone.definition import Kind, Rank, parts

# A range comes with functions and a cast of its own.
OF_A_RANGE = """EXISTS (
    SELECT FROM pg_depend
    WHERE classid = '{catalog}'::regclass AND objid = {oid} AND deptype = 'i')"""

# Bodies are text that PostgreSQL knows nothing about: bodies.py looks into them.
FUNCTIONS = f"""
SELECT p.oid, pg_get_functiondef(p.oid) FROM pg_proc p
WHERE pronamespace = :schema AND prokind <> 'a'
  AND NOT {OF_A_RANGE.format(catalog="pg_proc", oid="p.oid")}
"""

AGGREGATES = """
SELECT p.oid, format('CREATE AGGREGATE %s.%I(%s) (%s)', :schema::regnamespace, proname,
    coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), concat_ws(', ',
    'SFUNC = ' || aggtransfn, 'STYPE = ' || format_type(aggtranstype, NULL),
    CASE WHEN aggtransspace <> 0 THEN 'SSPACE = ' || aggtransspace END,
    CASE WHEN aggfinalfn <> 0 THEN 'FINALFUNC = ' || aggfinalfn END,
    CASE WHEN aggfinalextra THEN 'FINALFUNC_EXTRA' END,
    CASE WHEN aggfinalfn <> 0 THEN 'FINALFUNC_MODIFY = ' || modify(aggfinalmodify) END,
    CASE WHEN aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || aggcombinefn END,
    CASE WHEN aggserialfn <> 0 THEN 'SERIALFUNC = ' || aggserialfn END,
    CASE WHEN aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || aggdeserialfn END,
    'INITCOND = ' || quote_literal(agginitval),
    CASE WHEN aggmtransfn <> 0 THEN 'MSFUNC = ' || aggmtransfn END,
    CASE WHEN aggminvtransfn <> 0 THEN 'MINVFUNC = ' || aggminvtransfn END,
    CASE WHEN aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(aggmtranstype, NULL) END,
    CASE WHEN aggmtransspace <> 0 THEN 'MSSPACE = ' || aggmtransspace END,
    CASE WHEN aggmfinalfn <> 0 THEN 'MFINALFUNC = ' || aggmfinalfn END,
    CASE WHEN aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
    CASE WHEN aggmfinalfn <> 0 THEN 'MFINALFUNC_MODIFY = ' || modify(aggmfinalmodify) END,
    'MINITCOND = ' || quote_literal(aggminitval),
    (SELECT format('SORTOP = OPERATOR(%s.%s)', oprnamespace::regnamespace, oprname)
     FROM pg_operator o WHERE o.oid = aggsortop),
    CASE WHEN aggkind = 'h' THEN 'HYPOTHETICAL' END,
    CASE proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END))
FROM pg_proc p JOIN pg_aggregate ON aggfnoid = p.oid WHERE pronamespace = :schema
"""
for name in ("aggfinalmodify", "aggmfinalmodify"):
    AGGREGATES = AGGREGATES.replace(
        f"modify({name})",
        f"CASE {name} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END",
    )

# A cast lives in no schema: it belongs to one whose type it makes or takes.
CASTS = f"""
SELECT c.oid, format('CREATE CAST (%s AS %s) %s%s', format_type(castsource, NULL),
    format_type(casttarget, NULL),
    CASE castmethod WHEN 'f' THEN 'WITH FUNCTION ' || castfunc::regprocedure
                    WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
    CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END)
FROM pg_cast c WHERE c.oid >= 16384
  AND NOT {OF_A_RANGE.format(catalog="pg_cast", oid="c.oid")} AND EXISTS (
    SELECT FROM pg_type t WHERE t.oid IN (castsource, casttarget) AND typnamespace = :schema)
"""

KINDS = (
    Kind(Rank.ROUTINE, "pg_proc", FUNCTIONS, parts("pg_proc", "fpw")),
    Kind(Rank.ROUTINE, "pg_proc", AGGREGATES, parts("pg_proc", "a")),
    Kind(Rank.OPERATOR, "pg_cast", CASTS, ("pg_cast",)),
)
