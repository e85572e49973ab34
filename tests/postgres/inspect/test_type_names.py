"""The names of types are told without a server as the server tells them."""

from berceau.postgres.core.connection import connect
from berceau.schema.type_names import has_hash, spelled
from berceau.workflows.shared.databases import Databases

NAMES = """
INTEGER; int; int2; SMALLINT; BIGINT; int8; BOOLEAN; bool; REAL; float; float4; float8
DOUBLE PRECISION; DECIMAL(12, 2); numeric(8); numeric; dec(3,1); VARCHAR(255); varchar; TEXT
Character  Varying ( 20 ); char(5); char; char varying(3); BYTEA; DATE; TIME; TIME(3); timetz(2)
time(3) without time zone; INTERVAL DAY TO SECOND; interval day to second(3); interval(2); interval
TIMESTAMPTZ; TIMESTAMPTZ(0); timestamp(3); timestamp with time zone; TIMESTAMP (2) WITH TIME ZONE
UUID; JSONB; json; int[]; text[]; double precision[]; varchar(20)[]; numeric(3,1)[]; int[3][4]
bit; bit(3); varbit(5); bit varying(5); inet; timestamptz(2)[]; "char"; bpchar
"""


def test_names_are_spelled_as_postgresql_spells_them(server: Databases) -> None:
    names = [each.strip() for each in NAMES.replace("\n", ";").split(";") if each.strip()]
    columns = ", ".join(f"c{number} {name}" for number, name in enumerate(names))
    with connect(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE typed ({columns})")
        cursor.execute(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 'typed'::regclass AND attnum > 0 ORDER BY attnum"
        )
        printed = [name for (name,) in cursor.fetchall()]
    assert [spelled(name) for name in names] == printed
    assert [spelled(name) for name in printed] == printed


def test_which_types_have_a_hash_is_told_as_the_catalog_tells_it(server: Databases) -> None:
    columns = "SELECT format_type(oid, NULL), format_type(typarray, NULL)"
    with connect(server.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"{columns}, EXISTS (SELECT FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod "
            "WHERE a.amname = 'hash' AND o.opcdefault AND (o.opcintype = t.oid OR EXISTS "
            "(SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = o.opcintype "
            "AND c.castmethod = 'b' AND c.castcontext = 'i'))) FROM pg_type t WHERE typtype = 'b' "
            "AND typcategory NOT IN ('A', 'Z') AND typnamespace = 'pg_catalog'::regnamespace"
        )
        found = cursor.fetchall()
    hashed = {name: has for name, _, has in found}
    assert {name: has_hash(name) for name in hashed} == hashed
    for name, array, _ in found:
        if array != "-" and not name.startswith('"'):
            assert has_hash(array) == has_hash(name)
    assert not has_hash("varbit(3)")
    assert has_hash("Character Varying (20)")
