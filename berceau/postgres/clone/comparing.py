"""A schema compared with its copy, and with what else there is, through the catalogs."""

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from berceau.postgres.clone.definition import Definitions
from berceau.postgres.clone.objects import OWN, RELATION, Contents, find_contents
from berceau.postgres.clone.printing import meaning
from berceau.postgres.clone.reading import read

# What objects of the copy need of the source.
_LEAKS = f"""
{RELATION} {OWN},
theirs AS MATERIALIZED (
    SELECT classid::regclass AS classid, objid
    FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) t (classid, objid)
)
SELECT DISTINCT pg_describe_object(classid, objid, objsubid),
                pg_describe_object(refclassid, refobjid, refobjsubid)
FROM own JOIN pg_depend d USING (classid, objid)
WHERE refobjid >= 16384 AND refclassid <> 'pg_namespace'::regclass
  AND (refclassid, refobjid) IN (SELECT classid, objid FROM theirs)
ORDER BY 1, 2
"""

# A view needs what its rule needs; an extension is dropped with its schema.
_DEPENDENTS = f"""
{RELATION} {OWN},
inside AS MATERIALIZED (
    SELECT classid, objid FROM own
    UNION
    SELECT classid, objid FROM pg_depend
    JOIN pg_extension e ON refclassid = 'pg_extension'::regclass AND refobjid = e.oid
    WHERE deptype = 'e' AND extnamespace = :schema
    UNION
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = :schema
)
SELECT DISTINCT CASE
    WHEN w.oid IS NOT NULL THEN pg_describe_object('pg_class'::regclass, ev_class, 0)
    WHEN relkind IN ('v', 'm') THEN pg_describe_object(d.classid, d.objid, 0)
    ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
FROM inside i JOIN pg_depend d ON (refclassid, refobjid) = (i.classid, i.objid)
LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
                      AND w.rulename = '_RETURN'
LEFT JOIN pg_class r ON d.classid = 'pg_class'::regclass AND r.oid = d.objid
WHERE deptype IN ('n', 'a') AND i.classid <> 'pg_namespace'::regclass
  AND d.classid <> 'pg_publication_rel'::regclass
  AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM inside)
ORDER BY 1
"""


def dependents(connection: Connection, schema: str) -> tuple[str, ...]:
    """Describe what is in other schemas and needs something of ``schema``, which exists."""
    with connection.cursor() as cursor:
        cursor.execute(_contents(cursor, schema).bind(_DEPENDENTS))
        return tuple(description for (description,) in cursor.fetchall())


def differences(connection: Connection, definitions: Definitions, target: str) -> tuple[str, ...]:
    """Return, a sentence each, how ``target`` differs from the schema it was to be a copy of.

    ``definitions`` are that schema's, which still exists. What leads back to it counts, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(%s)", (definitions.source,))
        ((source,),) = cursor.fetchall()
        theirs = _contents(cursor, definitions.source)
        cursor.execute(
            _contents(cursor, target).bind(_LEAKS),
            {"classes": list(theirs.classes), "objects": [oid for _, oid in theirs.own]},
        )
        leaks = cursor.fetchall()
    wanted, found = (
        _words(each, source) for each in (definitions, read(connection, target, definitions))
    )
    return (
        *(f"missing: {text}" for text in _left(wanted - found, found - wanted)),
        *(f"unexpected: {text}" for text in _left(found - wanted, wanted - found)),
        *(f"{dependent} needs {needed}" for dependent, needed in leaks),
    )


def _contents(cursor: Cursor, schema: str) -> Contents:
    cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,))
    ((oid,),) = cursor.fetchall()
    return find_contents(cursor, oid)


def _left(texts: set[str], others: set[str]) -> list[str]:
    """Return those of ``texts`` that mean what none of the ``others`` does, sorted."""
    known = {meaning(text) for text in others}
    return sorted(text for text in texts if meaning(text) not in known)


def _words(definitions: Definitions, source: str) -> set[str]:
    """Return the definitions as a person reads them; an extension's objects are in ``source``."""
    return {
        text.replace(f"{definitions.token}.", "")
        .replace(definitions.token, "the schema")
        .replace(definitions.outside, source)
        for text in definitions.texts
    }
