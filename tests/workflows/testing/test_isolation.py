"""Private copies for test processes: made once, used again, and nobody's but their holder's."""

import multiprocessing
import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from berceau.errors import CloneError, PermissionMissingError
from berceau.postgres.clone.databases import create_empty, drop_database
from berceau.postgres.clone.databases import databases as names
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.embedded.binaries import find_programs
from berceau.settings import Settings, load
from berceau.workflows.shared.databases import embedded_server, resolve_databases
from berceau.workflows.testing import slots
from berceau.workflows.testing.isolation import PREFIX, Isolation, prepare, private_schema
from berceau.workflows.testing.migrator import migrator
from berceau.workflows.testing.prune import prune
from berceau.workflows.testing.template import TEMPLATE_PREFIX, name_of
from tests.conftest import sync_nothing

MIGRATION = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE post (id serial PRIMARY KEY, title text NOT NULL, mood mood);
CREATE TABLE reply (id int PRIMARY KEY, post int NOT NULL REFERENCES post);
"""
BOTH = pytest.mark.parametrize("isolation", [Isolation.DATABASE, Isolation.SCHEMA])


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """The settings of a migrated project with an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="berceau test ") as name:
        root = Path(name)
        root.chmod(0o755)
        folder = root / "migrations" / "20260101000000_first"
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(MIGRATION)
        settings = replace(load(root), database_url=None, migration_database_url=None)
        resolve_databases(settings)
        sync_nothing(embedded_server(settings).admin_url("berceau"))
        yield settings
        embedded_server(settings).stop()


@pytest.fixture(autouse=True)
def pruned(settings) -> Iterator[None]:
    """Let no test find the copies of another.

    The server gives a lock back a moment after its connection was closed.
    """
    yield
    deadline = time.monotonic() + 10
    while prune(resolve_databases(settings).migration_url).held:
        assert time.monotonic() < deadline, "a copy is held after its test"
        time.sleep(0.02)


def run(connection, text) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall() if cursor.description else []


def identity(private) -> tuple[str, str]:
    """Return what is another one once the copy is made anew."""
    ((found,),) = run(
        private.connection,
        "SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text"
        " || '/' || current_schema()::regnamespace::oid::text",
    )
    return private.databases.migration_url.database + "/" + private.schema, found


def visit(settings, isolation) -> tuple[str, str]:
    with private_schema(settings, isolation=isolation) as private:
        return identity(private)


@BOTH
def test_a_copy_is_used_again_and_empty(settings, isolation) -> None:
    with private_schema(settings, isolation=isolation) as private:
        first = identity(private)
        with connect(private.databases.runtime_url) as runtime:
            run(runtime, "INSERT INTO post (title) VALUES ('left')")
            run(runtime, "INSERT INTO reply VALUES (1, 1)")
    with private_schema(settings, isolation=isolation) as private:
        assert identity(private) == first
        assert run(private.connection, "SELECT * FROM post") == []
        with connect(private.databases.runtime_url) as runtime:
            assert run(runtime, "INSERT INTO post (title) VALUES ('a') RETURNING id") == [(1,)]
            with pytest.raises(Exception, match="permission denied"):
                run(runtime, "DELETE FROM berceau_migration")


@BOTH
def test_a_changed_source_is_copied_anew(settings, isolation) -> None:
    name, first = visit(settings, isolation)
    with connect(resolve_databases(settings).migration_url) as owner:
        run(owner, "ALTER TABLE post ADD changed int")
    try:
        with private_schema(settings, isolation=isolation) as private:
            again, second = identity(private)
            assert run(private.connection, "SELECT changed FROM post") == []
    finally:
        with connect(resolve_databases(settings).migration_url) as owner:
            run(owner, "ALTER TABLE post DROP changed")
    assert again == name
    assert second != first


def test_what_changes_catalogs_but_no_definition_copies_nothing(settings) -> None:
    first = visit(settings, Isolation.SCHEMA)
    with connect(resolve_databases(settings).migration_url) as owner:
        run(owner, "TRUNCATE post CASCADE")
    assert visit(settings, Isolation.SCHEMA) == first


@BOTH
@pytest.mark.parametrize(
    "alter",
    [
        "DROP TABLE reply",
        "ALTER TABLE post ADD more int",
        "ALTER TABLE post ALTER title DROP NOT NULL",
        "ALTER TABLE post ALTER title SET DEFAULT 'a'; ALTER TABLE post ALTER id SET DEFAULT 1",
        "ALTER TYPE mood ADD VALUE 'better'",
        "ALTER TABLE post DISABLE TRIGGER USER; CREATE RULE r AS ON DELETE TO post DO NOTHING",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "COMMENT ON SCHEMA {schema} IS NULL; COMMENT ON DATABASE {database} IS NULL",
    ],
)
def test_a_copy_that_a_test_altered_is_not_trusted(settings, isolation, alter) -> None:
    with private_schema(settings, isolation=isolation) as private:
        name, first = identity(private)
        database = private.databases.migration_url.database
        if isolation is Isolation.SCHEMA:
            alter = alter.partition("; COMMENT ON DATABASE")[0]
        run(private.connection, alter.format(schema=private.schema, database=database))
    again, second = visit(settings, isolation)
    assert again == name
    assert second != first


@BOTH
def test_a_kept_copy_is_left_alone_until_it_is_pruned(settings, isolation) -> None:
    with private_schema(settings, isolation=isolation) as private:
        kept, _ = identity(private)
        run(private.connection, "INSERT INTO post (title) VALUES ('look at me')")
        private.keep()
        url = private.databases.migration_url
    assert visit(settings, isolation)[0] != kept
    with connect(url) as connection:
        assert run(connection, "SELECT title FROM post") == [("look at me",)]
    assert prune(resolve_databases(settings).migration_url).dropped
    assert visit(settings, isolation)[0] == kept


@pytest.mark.slow
def test_copies_of_a_database_that_is_gone_are_pruned(settings) -> None:
    source = resolve_databases(settings)
    lost, like = "berceau_lost", "berceau_test_of_somebody"
    embedded_server(settings).allow_databases()
    with connect(source.migration_url, autocommit=True) as owner:
        create_empty(owner, lost)
        create_empty(owner, like)
    mine = name_of(source.migration_url.with_database(lost))
    copies = [f"{mine}1", mine.replace(PREFIX, TEMPLATE_PREFIX) + "0" * 16]
    try:
        with connect(source.migration_url, autocommit=True) as owner:
            for name in copies:
                create_empty(owner, name)
        assert not set(copies) & set(prune(source.migration_url).dropped), (
            "a run there may hold them"
        )
        with connect(source.migration_url, autocommit=True) as owner:
            drop_database(owner, lost)
        assert set(copies) <= set(prune(source.migration_url).dropped)
        with connect(source.migration_url) as owner:
            assert set(names(owner)) & {*copies, lost, like} == {like}
    finally:
        with connect(source.migration_url, autocommit=True) as owner:
            for name in (*copies, lost, like):
                drop_database(owner, name)


@BOTH
def test_runs_side_by_side_never_meet(settings, isolation) -> None:
    prepared = prepare(settings, isolation)
    with ExitStack() as stack:
        held = [stack.enter_context(private_schema(settings, prepared)) for _ in range(3)]
        assert len({identity(each)[0] for each in held}) == 3
        pruned = prune(resolve_databases(settings).migration_url)
        assert len(pruned.held) == 3
        assert all(run(each.connection, "SELECT count(*) FROM post") == [(0,)] for each in held)


def hold(settings, isolation, ready) -> None:
    with private_schema(settings, isolation=isolation) as private:
        ready.put(identity(private))
        signal.pause()


@BOTH
def test_a_killed_run_leaves_its_slot_to_the_next(settings, isolation) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=hold, args=(settings, isolation, ready))
    process.start()
    first = ready.get(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert visit(settings, isolation) == first


def test_copies_are_made_in_turn_but_no_stopped_process_is_waited_for_long(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(slots, "TURN_SECONDS", 0.3)
    with (
        connect(resolve_databases(settings).migration_url) as first,
        connect(resolve_databases(settings).migration_url) as second,
    ):
        first.autocommit = second.autocommit = True
        with slots.turn(first, "any_1"):
            begin = time.monotonic()
            with slots.turn(second, "any_2"):
                assert time.monotonic() - begin >= 0.3
            with pytest.raises(ZeroDivisionError), slots.turn(second, "any_3"):
                _ = 1 / 0
        begin = time.monotonic()
        with slots.turn(second, "any_4"):
            assert time.monotonic() - begin < 0.3


def test_the_source_is_as_it_was(settings) -> None:
    def catalog() -> tuple[list[tuple[Any, ...]], ...]:
        with connect(resolve_databases(settings).migration_url) as owner:
            return run(
                owner,
                "SELECT oid, xmin::text FROM pg_class WHERE relnamespace = "
                "'public'::regnamespace ORDER BY 1",
            ), run(
                owner, "SELECT oid, xmin::text, nspname FROM pg_namespace WHERE nspname = 'public'"
            )

    visit(settings, Isolation.SCHEMA)
    before = catalog()
    prune(resolve_databases(settings).migration_url)
    visit(settings, Isolation.SCHEMA)
    visit(settings, Isolation.DATABASE)
    assert catalog() == before


@pytest.fixture
def admin(settings) -> Iterator[Connection]:
    """A connection of the superuser to the project's database."""
    resolve_databases(settings)
    with connect(embedded_server(settings).admin_url("berceau"), autocommit=True) as admin:
        yield admin


@pytest.fixture
def configured(settings, admin) -> Iterator[Settings]:
    """The settings of the same project as if its server weren't the embedded one."""
    urls = resolve_databases(settings)
    prepare(settings)
    run(admin, f"ALTER ROLE {urls.migration_url.user} NOCREATEDB")
    yield replace(
        settings,
        database_url=urls.runtime_url.with_password(),
        migration_database_url=urls.migration_url.with_password(),
    )
    run(admin, f"ALTER ROLE {urls.migration_url.user} CREATEDB")


@pytest.mark.parametrize("isolation", list(Isolation))
def test_the_way_along_the_migrations_begins_empty_and_leaves_nothing(settings, isolation) -> None:
    prepare(settings)
    owner = resolve_databases(settings).migration_url
    with connect(owner) as source:
        before = run(source, "SELECT datname FROM pg_database ORDER BY 1")
    with migrator(settings, isolation) as way:
        assert way.execute("SELECT to_regclass('post')") == [(None,)]
        way.up()
        way.execute("INSERT INTO post (title) VALUES ('a')")
        ((place,),) = way.execute("SELECT current_database() || '.' || current_schema()")
        assert place.endswith(".public") == (isolation is not Isolation.SCHEMA)
        assert place != "berceau.public"
    with connect(owner) as source:
        assert run(source, "SELECT * FROM post") == []
        assert run(source, "SELECT datname FROM pg_database ORDER BY 1") == before


def test_a_role_that_may_not_create_databases_is_named(configured) -> None:
    with pytest.raises(PermissionMissingError, match="may not create any"):
        visit(configured, Isolation.DATABASE)


@pytest.mark.slow
def test_a_database_is_had_wherever_the_owner_may_make_one(configured, admin) -> None:
    owner = resolve_databases(configured).migration_url

    def option() -> str:
        with private_schema(configured) as private:
            return private.option.split("_")[0]

    assert option() == "--schema berceau"
    run(admin, f"ALTER ROLE {owner.user} CREATEDB")
    assert option() == "--database berceau"
    run(admin, "CREATE EXTENSION file_fdw")  # which only a superuser can install
    assert option() == "--schema berceau"
    run(admin, "DROP EXTENSION file_fdw")


def test_a_schema_that_may_lead_back_is_refused_unless_that_is_allowed(configured) -> None:
    with connect(resolve_databases(configured).migration_url) as owner:
        run(
            owner,
            "CREATE FUNCTION clear() RETURNS void LANGUAGE plpgsql AS"
            " $$ BEGIN EXECUTE 'DELETE FROM public.post'; END $$",
        )
    try:
        for _ in range(2):  # what is kept of the source says so, too
            with pytest.raises(CloneError, match=r"function clear\(\), line 1") as caught:
                visit(configured, Isolation.AUTO)
        assert 'ALTER ROLE "berceau_owner" CREATEDB' in caught.value.cure
        assert "berceau_allow_references" in caught.value.cure
        with private_schema(configured, allowed=["clear"]) as private:
            assert private.option.startswith("--schema")
    finally:
        with connect(resolve_databases(configured).migration_url) as owner:
            run(owner, "DROP FUNCTION clear")


AROUND = """
ALTER DATABASE berceau SET search_path = public, "Odd one";
ALTER DATABASE berceau SET shop.mode = 'it''s a test';
ALTER DATABASE berceau SET log_statement = 'all'; -- which only a superuser sets
ALTER ROLE berceau_app IN DATABASE berceau SET intervalstyle = 'iso_8601';
CREATE EXTENSION citext;
CREATE SCHEMA "Odd one" AUTHORIZATION berceau_owner; CREATE EXTENSION hstore SCHEMA "Odd one";
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
DROP SCHEMA "Odd one" CASCADE; DROP EXTENSION citext;
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
        [find_programs() / "pg_dump", "-s", "-h", host, "-p", str(port), "-U", "postgres",
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


@pytest.mark.usefixtures("surrounded")
@pytest.mark.parametrize(
    "alter",
    [
        pytest.param("ALTER TABLE audit.entry ADD more int", marks=pytest.mark.slow),
        pytest.param("ALTER DATABASE berceau SET shop.mode = 'another'", marks=pytest.mark.slow),
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
