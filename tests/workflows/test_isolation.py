"""Private copies for test processes: made once, used again, and nobody's but their holder's."""

import multiprocessing
import os
import signal
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from berceau.errors import PermissionMissingError
from berceau.postgres.connection import connect
from berceau.settings import load
from berceau.workflows import slots
from berceau.workflows.databases import databases, embedded_server
from berceau.workflows.isolation import Isolation, prepare, private_schema
from berceau.workflows.prune import prune

MIGRATION = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE post (id serial PRIMARY KEY, title text NOT NULL, mood mood);
CREATE TABLE reply (id int PRIMARY KEY, post int NOT NULL REFERENCES post);
"""
BOTH = pytest.mark.parametrize("isolation", list(Isolation))


@pytest.fixture(scope="module")
def settings():
    """The settings of a migrated project with an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="berceau test ") as name:
        root = Path(name)
        root.chmod(0o755)
        folder = root / "migrations" / "20260101000000_first"
        folder.mkdir(parents=True)
        (folder / "migration.sql").write_text(MIGRATION)
        settings = replace(load(root), database_url=None, migration_database_url=None)
        yield settings
        embedded_server(settings).stop()


@pytest.fixture(autouse=True)
def pruned(settings):
    """Let no test find the copies of another.

    The server gives a lock back a moment after its connection was closed.
    """
    yield
    deadline = time.monotonic() + 10
    while prune(databases(settings).owner).held:
        assert time.monotonic() < deadline, "a copy is held after its test"
        time.sleep(0.02)


def run(connection, text):
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
    return private.databases.owner.database + "/" + private.schema, found


def visit(settings, isolation) -> tuple[str, str]:
    with private_schema(settings, isolation=isolation) as private:
        return identity(private)


@BOTH
def test_a_copy_is_used_again_and_empty(settings, isolation):
    with private_schema(settings, isolation=isolation) as private:
        first = identity(private)
        with connect(private.databases.runtime) as runtime:
            run(runtime, "INSERT INTO post (title) VALUES ('left')")
            run(runtime, "INSERT INTO reply VALUES (1, 1)")
    with private_schema(settings, isolation=isolation) as private:
        assert identity(private) == first
        assert run(private.connection, "SELECT * FROM post") == []
        with connect(private.databases.runtime) as runtime:
            assert run(runtime, "INSERT INTO post (title) VALUES ('a') RETURNING id") == [(1,)]
            with pytest.raises(Exception, match="permission denied"):
                run(runtime, "DELETE FROM berceau_migration")


@BOTH
def test_a_changed_source_is_copied_anew(settings, isolation):
    name, first = visit(settings, isolation)
    with connect(databases(settings).owner) as owner:
        run(owner, "ALTER TABLE post ADD changed int")
    try:
        with private_schema(settings, isolation=isolation) as private:
            again, second = identity(private)
            assert run(private.connection, "SELECT changed FROM post") == []
    finally:
        with connect(databases(settings).owner) as owner:
            run(owner, "ALTER TABLE post DROP changed")
    assert again == name
    assert second != first


def test_what_changes_catalogs_but_no_definition_copies_nothing(settings):
    first = visit(settings, Isolation.SCHEMA)
    with connect(databases(settings).owner) as owner:
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
def test_a_copy_that_a_test_altered_is_not_trusted(settings, isolation, alter):
    with private_schema(settings, isolation=isolation) as private:
        name, first = identity(private)
        database = private.databases.owner.database
        if isolation is Isolation.SCHEMA:
            alter = alter.partition("; COMMENT ON DATABASE")[0]
        run(private.connection, alter.format(schema=private.schema, database=database))
    again, second = visit(settings, isolation)
    assert again == name
    assert second != first


@BOTH
def test_a_kept_copy_is_left_alone_until_it_is_pruned(settings, isolation):
    with private_schema(settings, isolation=isolation) as private:
        kept, _ = identity(private)
        run(private.connection, "INSERT INTO post (title) VALUES ('look at me')")
        private.keep()
        url = private.databases.owner
    assert visit(settings, isolation)[0] != kept
    with connect(url) as connection:
        assert run(connection, "SELECT title FROM post") == [("look at me",)]
    assert prune(databases(settings).owner).dropped
    assert visit(settings, isolation)[0] == kept


@BOTH
def test_runs_side_by_side_never_meet(settings, isolation):
    prepared = prepare(settings, isolation)
    with ExitStack() as stack:
        held = [stack.enter_context(private_schema(settings, prepared)) for _ in range(3)]
        assert len({identity(each)[0] for each in held}) == 3
        pruned = prune(databases(settings).owner)
        assert len(pruned.held) == 3
        assert all(run(each.connection, "SELECT count(*) FROM post") == [(0,)] for each in held)


def hold(settings, isolation, ready):
    with private_schema(settings, isolation=isolation) as private:
        ready.put(identity(private))
        signal.pause()


@BOTH
def test_a_killed_run_leaves_its_slot_to_the_next(settings, isolation):
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=hold, args=(settings, isolation, ready))
    process.start()
    first = ready.get(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert visit(settings, isolation) == first


def test_copies_are_made_in_turn_but_no_stopped_process_is_waited_for_long(settings, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(slots, "TURN_SECONDS", 0.3)
    with connect(databases(settings).owner) as first, connect(databases(settings).owner) as second:
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


def test_the_source_is_as_it_was(settings):
    def catalog():
        with connect(databases(settings).owner) as owner:
            return run(
                owner,
                "SELECT oid, xmin::text FROM pg_class WHERE relnamespace = "
                "'public'::regnamespace ORDER BY 1",
            ), run(
                owner, "SELECT oid, xmin::text, nspname FROM pg_namespace WHERE nspname = 'public'"
            )

    visit(settings, Isolation.SCHEMA)
    before = catalog()
    prune(databases(settings).owner)
    visit(settings, Isolation.SCHEMA)
    visit(settings, Isolation.DATABASE)
    assert catalog() == before


def test_a_role_that_may_not_create_databases_is_named(settings, database):
    configured = type(settings)(
        root=settings.root,
        database_url=database.runtime.with_password(),
        migration_database_url=database.owner.with_password(),
    )
    from berceau.workflows import scripts
    from berceau.workflows.deploy import deploy

    deploy(database.owner, scripts.read(settings.migrations))
    with pytest.raises(PermissionMissingError, match="may not create any"):
        visit(configured, Isolation.DATABASE)
