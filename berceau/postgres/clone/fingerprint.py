"""A schema's fingerprint: a short text that changes with every change of its definition."""

from itertools import groupby

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from berceau.postgres.clone.objects import OWN, RELATION, Contents, array, find_contents
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value

# Besides the objects, the rows that say something about the schema. pg_depend also knows what no
# other says: which sequence belongs to a column, what depends on an extension.
_ROWS = {
    "pg_attribute": "attrelid = ANY (:relations)",
    "pg_index": "indrelid = ANY (:relations)",
    "pg_inherits": "inhrelid = ANY (:relations)",
    "pg_sequence": "seqrelid = ANY (:relations)",
    "pg_partitioned_table": "partrelid = ANY (:relations)",
    "pg_foreign_table": "ftrelid = ANY (:relations)",
    "pg_enum": "enumtypid IN (SELECT objid FROM own WHERE classid = 'pg_type'::regclass)",
    "pg_range": "rngtypid IN (SELECT objid FROM own WHERE classid = 'pg_type'::regclass)",
    "pg_aggregate": "aggfnoid IN (SELECT objid FROM own WHERE classid = 'pg_proc'::regclass)",
    "pg_ts_config_map": "mapcfg IN (SELECT oid FROM pg_ts_config WHERE cfgnamespace = :schema)",
    "pg_default_acl": "defaclnamespace IN (0, :schema)",
    "pg_depend": "(classid, objid) IN (SELECT classid, objid FROM own)",
    "pg_description": "(classoid, objoid) IN (SELECT classid, objid FROM own)"
    " AND classoid <> 'pg_namespace'::regclass",
}

# A row's version is where it is and what wrote it.
_VERSION = "hash_record_extended(ROW({0}tableoid, {0}ctid, {0}xmin), 0) AS version"
_DETAILS = " UNION ALL ".join(
    f"SELECT {_VERSION.format('')} FROM {catalog} WHERE {condition}"
    for catalog, condition in _ROWS.items()
)

_PARTS = {
    "pg_class": "relnamespace = schema.oid",
    "pg_type": "typnamespace = schema.oid",
    "pg_proc": "pronamespace = schema.oid",
    "pg_constraint": "connamespace = schema.oid",
    "pg_attribute": "attrelid IN (SELECT oid FROM relation)",
    "pg_attrdef": "adrelid IN (SELECT oid FROM relation)",
    "pg_rewrite": "ev_class IN (SELECT oid FROM relation)",
    "pg_trigger": "tgrelid IN (SELECT oid FROM relation)",
    "pg_policy": "polrelid IN (SELECT oid FROM relation)",
    "pg_enum": "enumtypid IN (SELECT oid FROM pg_type WHERE typnamespace = schema.oid)",
}
_OBJECTS = f"""
WITH schema AS MATERIALIZED (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s),
relation AS MATERIALIZED (
    SELECT c.oid FROM pg_class c JOIN schema ON relnamespace = schema.oid
)
SELECT md5(coalesce(bit_xor(version), 0)::text || count(*)) FROM (
    {
    " UNION ALL ".join(
        f"SELECT {_VERSION.format('o.')} FROM {catalog} o, schema WHERE {condition}"
        for catalog, condition in _PARTS.items()
    )
}
) versions
"""


def schema_fingerprint(connection: Connection, schema: str) -> str:
    """Return the fingerprint of ``schema``, which exists.

    It may change without the definition, after a TRUNCATE for instance. The schema's own comment
    doesn't count.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,))
        ((oid,),) = cursor.fetchall()
        return fingerprint_of(cursor, find_contents(cursor, oid))


def fingerprint_of(cursor: Cursor, contents: Contents) -> str:
    """Return the fingerprint of ``contents`` only, whatever else is in their schema by now."""
    objects = " UNION ALL ".join(
        f"SELECT {_VERSION.format('')} FROM {catalog}"
        f" WHERE oid = ANY ({array(oid for _, oid in addresses)})"
        for catalog, addresses in groupby(sorted(contents.own), lambda address: address[0])
    )
    cursor.execute(
        contents.bind(
            f"{RELATION} {OWN} SELECT md5(coalesce(bit_xor(version), 0)::text || count(*))"
            f" FROM ({objects} UNION ALL {_DETAILS}) versions"
        )
    )
    return str(cursor.fetchall()[0][0])


def objects_fingerprint(connection: Connection, schema: str) -> str:
    """Return one that costs less, and changes if an object is added, altered or dropped."""
    return str(fetch_value(connection, _OBJECTS, {"schema": schema}))


def rows_fingerprint(connection: Connection, schema: str, table: str) -> str:
    """Return a text that changes with every change of a row of ``table``, '' if there is none."""
    name = sql.Identifier(schema, table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (name.as_string(connection),))
        if cursor.fetchall()[0][0] is None:
            return ""
        cursor.execute(
            sql.SQL(
                "SELECT coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
                " FROM {} t"
            ).format(name)
        )
        return str(cursor.fetchall()[0][0])
