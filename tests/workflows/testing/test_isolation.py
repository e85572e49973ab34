"""Private copies for test processes: made once, used again, and of their holder alone."""

from contextlib import ExitStack
from typing import Any

import pytest

from berceau.errors import CloneError, PermissionMissingError
from berceau.postgres.core.connection import connect
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.testing.isolation import Isolation, prepare, private_schema
from berceau.workflows.testing.prune import prune
from tests.conftest import cases
from tests.workflows.testing.copies import BOTH, identity, run, visit


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
def test_a_changed_source_is_copied_again(settings, isolation) -> None:
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
@cases(
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
    quick=3,
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
def test_runs_side_by_side_never_meet(settings, isolation) -> None:
    prepared = prepare(settings, isolation)
    with ExitStack() as stack:
        held = [stack.enter_context(private_schema(settings, prepared)) for _ in range(3)]
        assert len({identity(each)[0] for each in held}) == 3
        pruned = prune(resolve_databases(settings).migration_url)
        assert len(pruned.held) == 3
        assert all(run(each.connection, "SELECT count(*) FROM post") == [(0,)] for each in held)


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
    prune(owner)  # also of the template that the embedded server's superuser helped to make
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
