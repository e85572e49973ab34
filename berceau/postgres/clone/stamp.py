"""A schema's stamp: a short text that changes with every change of the schema's definition."""

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from berceau.postgres.clone.objects import RELATION, own

# Besides the objects, the rows that say something about the schema. pg_depend also knows what no
# other says: which sequence belongs to a column, what depends on an extension.
_ROWS = {
    "pg_attribute": "attrelid IN (SELECT oid FROM relation)",
    "pg_index": "indrelid IN (SELECT oid FROM relation)",
    "pg_inherits": "inhrelid IN (SELECT oid FROM relation)",
    "pg_sequence": "seqrelid IN (SELECT oid FROM relation)",
    "pg_partitioned_table": "partrelid IN (SELECT oid FROM relation)",
    "pg_foreign_table": "ftrelid IN (SELECT oid FROM relation)",
    "pg_enum": "enumtypid IN (SELECT objid FROM own WHERE classid = 'pg_type'::regclass)",
    "pg_range": "rngtypid IN (SELECT objid FROM own WHERE classid = 'pg_type'::regclass)",
    "pg_aggregate": "aggfnoid IN (SELECT objid FROM own WHERE classid = 'pg_proc'::regclass)",
    "pg_ts_config_map": "mapcfg IN (SELECT oid FROM pg_ts_config WHERE cfgnamespace = :schema)",
    "pg_default_acl": "defaclnamespace IN (0, :schema)",
    "pg_depend": "(classid, objid) IN (SELECT classid, objid FROM own)",
    "pg_description": "(classoid, objoid) IN (SELECT classid, objid FROM own)"
    " AND classoid <> 'pg_namespace'::regclass",
}

# A row's version is told by where it is and by what wrote it.
_VERSION = "hash_record_extended(ROW({0}tableoid, {0}ctid, {0}xmin), 0) AS version"
_STAMP = f"""
{RELATION} {own(", " + _VERSION.format("o."))}
SELECT coalesce(md5(bit_xor(version)::text || count(*)), '') FROM (
    SELECT version FROM own
    {
    " ".join(
        f"UNION ALL SELECT {_VERSION.format('')} FROM {catalog} WHERE {condition}"
        for catalog, condition in _ROWS.items()
    )
}
) versions
"""

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
_FOOTPRINT = f"""
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


def stamp(connection: Connection, schema: str) -> str:
    """Return the stamp of ``schema``, which exists.

    It may change without the definition, after a TRUNCATE for instance. The schema's own comment,
    and who owns it, don't count.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (schema,))
        ((oid,),) = cursor.fetchall()
        cursor.execute(_STAMP.replace(":schema", f"{oid}::oid"))
        return str(cursor.fetchall()[0][0])


def footprint(connection: Connection, schema: str) -> str:
    """Return a coarser stamp, cheaper by far: it notices what adds, alters or drops objects."""
    with connection.cursor() as cursor:
        cursor.execute(_FOOTPRINT, {"schema": schema})
        return str(cursor.fetchall()[0][0])


def rows_stamp(connection: Connection, schema: str, table: str) -> str:
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
