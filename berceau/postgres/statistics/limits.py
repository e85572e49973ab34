"""What a database comes to the end of: numbers of keys, and old versions of extensions."""

from berceau.planner.statistics import PART_USED, ExtensionStatistics, NumberStatistics, rounded
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch
from berceau.postgres.core.own_tables import OWN_TABLES

# A sequence may give more numbers than its column can have.
_NUMBERS = """
SELECT t.relname, a.attname, last, most
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace IN (
    SELECT oid FROM pg_namespace WHERE nspname = ANY (%s))
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
CROSS JOIN LATERAL (
    SELECT least(s.seqmax, CASE a.atttypid WHEN 'smallint'::regtype THEN 32767
                                           WHEN 'integer'::regtype THEN 2147483647 END) AS most,
           CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT')
                THEN pg_sequence_last_value(c.oid) END AS last) AS used
WHERE s.seqincrement > 0 AND NOT s.seqcycle AND last >= most * %s AND NOT t.relname = ANY (%s)
ORDER BY t.relname, a.attname
"""
_EXTENSIONS = """
SELECT name, installed_version, default_version FROM pg_available_extensions
WHERE installed_version <> default_version ORDER BY name
"""


def read_numbers(connection: Connection, schemas: list[str]) -> tuple[NumberStatistics, ...]:
    """Return the columns of ``schemas`` that have given a good part of their numbers."""
    own = list(OWN_TABLES)
    return tuple(
        NumberStatistics(table, column, rounded(last), most)
        for table, column, last, most in fetch(connection, _NUMBERS, (schemas, PART_USED, own))
    )


def read_extensions(connection: Connection) -> tuple[ExtensionStatistics, ...]:
    """Return the extensions that are of another version than the server brings."""
    return tuple(ExtensionStatistics(*row) for row in fetch(connection, _EXTENSIONS))
