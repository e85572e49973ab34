"""A database for tests has all that its source has around the schema."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator

import psycopg2
import pytest

from berceau.errors import PermissionMissingError
from berceau.postgres.core.connection import connect
from berceau.postgres.embedded import binaries
from berceau.postgres.inspect.extensions import COUNTING, COUNTING_SCHEMA, schema_of_extension
from berceau.postgres.inspect.schemas import schema_exists
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.testing.isolation import Isolation, prepare, private_schema
from berceau.workflows.testing.prune import prune
from tests.workflows.testing.copies import run, visit

AROUND = """
ALTER DATABASE berceau SET search_path = public, "Odd one";
ALTER DATABASE berceau SET shop.mode = 'it''s a test';
ALTER DATABASE berceau SET log_statement = 'all'; -- which only a superuser sets
ALTER ROLE berceau_app IN DATABASE berceau SET intervalstyle = 'iso_8601';
CREATE EXTENSION citext;
CREATE SCHEMA "Odd one" AUTHORIZATION berceau_owner; CREATE EXTENSION hstore SCHEMA "Odd one";
CREATE SCHEMA "Of another"; CREATE EXTENSION pg_trgm SCHEMA "Of another";
GRANT USAGE ON SCHEMA "Of another" TO berceau_owner WITH GRANT OPTION;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
GRANT USAGE ON FOREIGN SERVER far TO berceau_owner;
GRANT TEMPORARY ON DATABASE berceau TO berceau_app WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO berceau_app WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION pg_reload_conf() TO berceau_owner;
REVOKE SELECT ON pg_stat_activity FROM PUBLIC; GRANT SELECT (pid) ON pg_stat_activity TO PUBLIC;
REVOKE ALL ON information_schema.tables FROM PUBLIC; REVOKE USAGE ON TYPE xml FROM PUBLIC;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC; GRANT USAGE ON LANGUAGE sql TO berceau_owner;
GRANT CREATE ON SCHEMA information_schema TO berceau_owner;
SET ROLE berceau_owner;
CREATE SCHEMA audit; CREATE SCHEMA unused; CREATE SCHEMA named;
CREATE TABLE unused.t (); CREATE TABLE named.t (a int PRIMARY KEY);
CREATE TABLE audit.entry (what citext, post int PRIMARY KEY REFERENCES public.post);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO audit.entry VALUES (NEW.title, NEW.id); RETURN NEW; END $$;
CREATE FUNCTION audit.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
ALTER TABLE post ADD audited int, ADD tags "Odd one".hstore;
CREATE TRIGGER audited AFTER INSERT ON post FOR EACH ROW EXECUTE FUNCTION audit.note();
CREATE VIEW entries AS SELECT * FROM audit.entry;
CREATE FUNCTION wipe() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN EXECUTE format('DELETE FROM %I.%I', 'public', 'reply'); DELETE FROM named.t; END $$;
CREATE FOREIGN TABLE listing (line text) SERVER far OPTIONS (table_name 'lines');
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
CREATE PUBLICATION few FOR TABLE post (id, title) WHERE (id > 3) WITH (publish = 'insert');
RESET ROLE;
CREATE PUBLICATION every FOR ALL TABLES;
CREATE EVENT TRIGGER noted ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
    EXECUTE FUNCTION audit.note_ddl();
ALTER EVENT TRIGGER noted DISABLE;
"""
GONE = """
DROP EVENT TRIGGER noted; DROP PUBLICATION every, few; DROP FUNCTION wipe; DROP VIEW entries;
ALTER TABLE post DROP audited, DROP tags; DROP TRIGGER audited ON post;
DROP SCHEMA audit, unused, named CASCADE; DROP EXTENSION postgres_fdw CASCADE;
DROP SCHEMA "Odd one", "Of another" CASCADE; DROP EXTENSION citext;
SET ROLE berceau_owner; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC; RESET ROLE;
REVOKE TEMPORARY ON DATABASE berceau FROM berceau_app;
GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM berceau_app;
REVOKE EXECUTE ON FUNCTION pg_reload_conf() FROM berceau_owner, berceau_app;
REVOKE SELECT (pid) ON pg_stat_activity FROM PUBLIC; GRANT SELECT ON pg_stat_activity TO PUBLIC;
GRANT SELECT ON information_schema.tables TO PUBLIC; GRANT USAGE ON TYPE xml TO PUBLIC;
GRANT USAGE ON LANGUAGE sql TO PUBLIC; REVOKE USAGE ON LANGUAGE sql FROM berceau_owner;
REVOKE CREATE ON SCHEMA information_schema FROM berceau_owner;
ALTER ROLE berceau_app IN DATABASE berceau RESET ALL; ALTER DATABASE berceau RESET ALL;
"""


def dump(url) -> list[str]:
    """Return what pg_dump says of a database, without what no other one has."""
    ((host, port),) = url.hosts
    text = subprocess.run(
        [binaries.find_programs() / "pg_dump", "-s", "-h", host, "-p", str(port), "-U", "postgres",
         "-N", "unused", "-N", "berceau_test_*", url.database],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sorted(re.sub(r"^(\\(un)?restrict .*|--.*)$", "", text, flags=re.MULTILINE).splitlines())


@pytest.fixture
def surrounded(settings, admin) -> Iterator[None]:
    """Let the project's database have all that one can have around a schema."""
    prepare(settings)
    run(admin, AROUND)
    yield
    run(admin, GONE)


SHOWN = """
SELECT current_setting('intervalstyle'), current_setting('shop.mode'), encoding, datlocprovider,
       datcollate, datctype, to_jsonb(d) -> 'datlocale', has_database_privilege(oid, 'TEMP')
FROM pg_database d WHERE datname = current_database()
"""


@pytest.mark.slow
@pytest.mark.usefixtures("surrounded")
def test_a_database_for_tests_has_all_that_its_source_has(settings) -> None:
    source = resolve_databases(settings)
    with private_schema(settings, isolation=Isolation.DATABASE) as private:
        own = private.databases
        here, there = Counter(dump(own.migration_url)), Counter(dump(source.migration_url))
        assert set((here - there) + (there - here)) <= {""}
        with connect(own.runtime_url) as here, connect(source.runtime_url) as there:
            assert run(here, SHOWN) == run(there, SHOWN)
        host, port = own.migration_url.hosts[0]
        for name in (
            own.migration_url.database,
            source.migration_url.database,
        ):  # as somebody else connects
            url = psycopg2.connect(host=host, port=port, user="postgres", dbname=name)
            assert run(url, "SHOW search_path") == [('public, "Odd one"',)]
            url.close()


VIEW = "CREATE VIEW seen AS SELECT query FROM berceau_statistics.pg_stat_statements"
PARSED = """
CREATE FUNCTION seen() RETURNS timestamptz
    BEGIN ATOMIC SELECT stats_reset FROM berceau_statistics.pg_stat_statements_info; END
"""
BODY = """
CREATE FUNCTION seen() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT count(*) FROM berceau_statistics.pg_stat_statements); END $$
"""


@pytest.mark.slow
def test_the_counts_of_queries_are_spared_where_only_a_superuser_could_copy_them(
    configured, admin
) -> None:
    owner = resolve_databases(configured).migration_url
    run(admin, f"ALTER ROLE {owner.user} CREATEDB")
    prune(owner)  # also of the template that the embedded server's superuser helped to make
    with private_schema(configured, isolation=Isolation.DATABASE) as private:
        assert schema_of_extension(private.connection, COUNTING) is None
        assert not schema_exists(private.connection, COUNTING_SCHEMA)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "drop"),
    [(VIEW, "DROP VIEW seen"), (PARSED, "DROP FUNCTION seen"), (BODY, "DROP FUNCTION seen")],
    ids=["view", "parsed body", "body"],
)
def test_the_counts_of_queries_are_copied_for_what_needs_them(
    configured, admin, make, drop
) -> None:
    owner = resolve_databases(configured).migration_url
    run(admin, f"ALTER ROLE {owner.user} CREATEDB; SET ROLE {owner.user}; {make}; RESET ROLE")
    try:
        with pytest.raises(PermissionMissingError, match="EXISTS pg_stat_statements"):
            visit(configured, Isolation.DATABASE)
    finally:
        run(admin, drop)


@pytest.mark.slow
@pytest.mark.usefixtures("surrounded")
def test_what_other_schemas_hold_is_the_tests_own_too(settings) -> None:
    with connect(resolve_databases(settings).migration_url) as there:
        run(there, "INSERT INTO post VALUES (1, 'kept'); INSERT INTO reply VALUES (1, 1)")
    with private_schema(settings, isolation=Isolation.DATABASE) as private:
        run(private.connection, "INSERT INTO post VALUES (2, 'a'); SELECT wipe()")
        assert run(private.connection, "SELECT what::text FROM entries") == [("a",)]
        private.empty()
        assert run(private.connection, "SELECT * FROM audit.entry") == []
    with connect(resolve_databases(settings).migration_url) as there:
        assert run(there, "SELECT count(*) FROM reply") == [(1,)]
        run(there, "DELETE FROM reply; DELETE FROM audit.entry; DELETE FROM post")


@pytest.mark.slow
@pytest.mark.usefixtures("surrounded")
@pytest.mark.parametrize(
    "alter",
    [
        "ALTER TABLE audit.entry ADD more int",
        "ALTER DATABASE berceau SET shop.mode = 'another'",
        "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO berceau_app",
    ],
)
def test_a_database_is_made_again_when_what_is_around_its_schema_changed(
    settings, admin, alter
) -> None:
    name, first = visit(settings, Isolation.DATABASE)
    assert visit(settings, Isolation.DATABASE) == (name, first)
    run(admin, alter)
    again, second = visit(settings, Isolation.DATABASE)
    assert again == name
    assert second != first
