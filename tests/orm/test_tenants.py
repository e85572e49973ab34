"""Units of work of tenants: each has tables of its own, whatever is done in turns or at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from itertools import product
from typing import Any, Never

import psycopg2
import pytest
from pony.orm import (
    DBException,
    Optional,
    OrmError,
    ProgrammingError,
    Required,
    Set,
    commit,
    db_session,
    flush,
    select,
)

from berceau.errors import TenantError, TenantMissingError
from berceau.orm import database as orm
from berceau.orm import tenant_tables
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import run_unit, tenant_context, unit_of_work
from berceau.orm.tenants import current_tenant
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import NOWHERE, ConnectionPool
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.settings import Limits
from berceau.tenancy import SHARED, Tenant
from tests.pooler import needs_pgbouncer, pooler
from tests.proxy import proxy
from tests.tenants import town

database = GlobalDatabase()


class Note(database.Entity):
    text = Required(str)


class Tag(database.Entity):
    """Only tenants have its table, and that of its relation."""

    name = Required(str)
    others = Set("Tag", reverse="others")
    parent = Optional("Tag", reverse="children")
    children = Set("Tag", reverse="parent")  # has no table of its own


class Known:
    """The tenants of this file's database."""

    def __init__(self, shared: str) -> None:
        self.shared = shared

    def find(self, name: str) -> Never:
        raise AssertionError(name)


@pytest.fixture(scope="module")
def place(server) -> Iterator[tuple[Url, tuple[Tenant, ...]]]:
    """The URL of shared tables, and tenants."""
    with town(server, database, "ada", "bob", "eve", "kim") as made:
        execute(made.connection, "DROP TABLE tag_others, tag")
        yield made.databases.runtime_url, tuple(made.tenants.values())


@pytest.fixture
def tenants(place) -> Iterator[tuple[Tenant, ...]]:
    """The tenants, whose tables have one row each, with the name of its owner."""
    url, tenants = place
    connect_to(url)
    for each in (*tenants, SHARED):
        run_unit(lambda: Note.select().delete(bulk=True), tenant=each)
        run_unit(lambda each=each: Note(text=owner(each)), tenant=each)
    yield tenants
    database.disconnect()


def connect_to(url: Url, **limits: int) -> ConnectionPool:
    pool = ConnectionPool(url.with_schema(NOWHERE), Limits(**limits))
    orm.connect(pool, database, tenants=Known(url.schema))
    return pool


def owner(tenant: Any) -> str:
    return tenant.name if isinstance(tenant, Tenant) else "shared"


def texts() -> list[str]:
    return sorted(select(note.text for note in Note).without_distinct())


def texts_of(tenant: Any, **options: Any) -> list[str]:
    with unit_of_work(tenant=tenant, **options):
        return texts()


def test_each_finds_its_own_rows(tenants) -> None:
    for each in (*tenants, SHARED, *tenants):
        for options in ({}, {"read_only": True}, {"serializable": True}):
            assert texts_of(each, **options) == [owner(each)]


def test_threads_of_all_tenants_never_meet(tenants) -> None:
    def visit(turn: tuple[int, Tenant]) -> None:
        number, tenant = turn
        run_unit(lambda: Note(text=f"{tenant} {number}"), tenant=tenant)
        assert {text.split()[0] for text in texts_of(tenant)} == {tenant.name}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(visit, product(range(20), tenants)))
    for each in tenants:
        assert len(texts_of(each)) == 21
    assert texts_of(SHARED) == ["shared"]


@needs_pgbouncer
def test_neither_do_they_behind_a_pooler(place, tenants) -> None:
    with pooler(place[0]) as running:
        connect_to(running.url)
        test_threads_of_all_tenants_never_meet(tenants)
        database.disconnect()


@pytest.mark.usefixtures("tenants")
def test_without_a_tenant_nothing_is_read_nor_written() -> None:
    for work in (texts, lambda: Note(text="lost"), lambda: database.select("1")):
        with pytest.raises(TenantMissingError) as refusal:
            run_unit(work)
        assert "unit_of_work(tenant=...)" in refusal.value.cure
    with pytest.raises(TenantMissingError), db_session:
        Note(text="lost")
    assert texts_of(SHARED) == ["shared"]


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize(
    ("work", "named"),
    [
        (lambda: Tag(name="x"), "Tag has a table"),
        (lambda: Tag.select(lambda tag: tag.name == "x%é").count(), "Tag has a table"),
        (lambda: database.select("SELECT 'é', name FROM tag"), "Tag has a table"),
        (lambda: database.select("tag FROM tag_others"), "Tag.others has a table"),
        (lambda: database.select('1 FROM note, ONLY "tag"'), "Tag has a table"),
        (lambda: database.execute("UPDATE tag SET name = ''"), "Tag has a table"),
        (lambda: database.execute("DELETE FROM note USING tag"), "Tag has a table"),
    ],
)
def test_shared_tables_have_none_of_a_tenant(work, named) -> None:
    with pytest.raises(TenantMissingError, match=named) as refusal:
        run_unit(work, tenant=SHARED)
    assert f"in {__file__}:" in refusal.value.message
    assert "unit_of_work(tenant=...)" in refusal.value.cure


def test_what_else_is_missing_is_told_by_the_server(tenants, monkeypatch) -> None:
    monkeypatch.setattr(tenant_tables, "scope_of", lambda _: "shared")
    for tenant, table in ((SHARED, "tag"), (SHARED, "other"), (tenants[0], "other")):
        with pytest.raises(ProgrammingError, match=table):
            run_unit(lambda name=table: database.select(f"1 FROM {name}"), tenant=tenant)


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize(
    "sql",
    [
        "DO 'BEGIN PERFORM 1 FROM nothere; END'",
        "DO 'BEGIN PERFORM 1 FROM tag; END'",  # the server tells no place in the statement
        "SELECT tag.id FROM note",
        "SELECT tag_others.tag FROM note AS tag, note",
    ],
)
def test_no_table_is_blamed_that_the_statement_does_not_use(sql) -> None:
    with pytest.raises(ProgrammingError, match=r"nothere|tag"):
        run_unit(lambda: database.execute(sql), tenant=SHARED)


@pytest.mark.parametrize("options", [{}, {"read_only": True}, {"serializable": True}])
def test_one_whose_schema_is_gone_never_finds_the_shared_tables(tenants, options) -> None:
    gone = replace(tenants[0], schema="tenant_gone'\"")
    for work in (texts, lambda: Note(text="lost")):
        with (
            pytest.raises((DBException, OrmError), match='schema "tenant_gone'),
            unit_of_work(tenant=gone, **options),
        ):
            work()
    assert texts_of(SHARED) == ["shared"]


def test_outside_of_a_transaction_there_are_no_tables(tenants) -> None:
    with unit_of_work(tenant=tenants[0]):
        texts()
        connection = database.get_connection()
        connection.rollback()
        with connection.cursor() as cursor, pytest.raises(psycopg2.errors.UndefinedTable):
            cursor.execute("SELECT * FROM note")
        connection.rollback()


def test_a_unit_is_that_of_its_context(tenants) -> None:
    ada, bob = tenants[:2]
    with tenant_context(ada):
        assert run_unit(texts) == ["ada"]
        assert texts_of(bob) == ["bob"]
        with unit_of_work() as unit:
            assert unit.tenant == ada == current_tenant()
        with db_session:
            assert texts() == ["ada"]
        with ThreadPoolExecutor(1) as thread:
            with pytest.raises(TenantMissingError):
                thread.submit(run_unit, texts).result()
            assert thread.submit(copy_context().run, run_unit, texts).result() == ["ada"]
    assert current_tenant() is None


def test_a_unit_is_a_part_of_none_of_another_tenant(tenants) -> None:
    ada, bob = tenants[:2]
    with unit_of_work(tenant=ada):
        with unit_of_work(), unit_of_work(tenant=replace(ada, version="later")):
            assert texts() == ["ada"]
        with unit_of_work(tenant="ada"):
            assert texts() == ["ada"]
        for other in (bob, SHARED):
            with (
                pytest.raises(TenantError, match="session of the tenant ada"),
                unit_of_work(tenant=other),
            ):
                texts()


def test_a_session_of_pony_s_stays_with_its_tenant(tenants) -> None:
    ada, bob = tenants[:2]
    with db_session:
        with tenant_context(ada):
            note = Note.get(text="ada")
        for use in (texts, lambda: Note[note.id], lambda: Note(text="new")):
            with pytest.raises(TenantError), tenant_context(bob):
                use()
        with tenant_context(ada):
            commit()

    @db_session
    def mix() -> None:
        with tenant_context(ada):
            Note(text="unsaved")
        with tenant_context(bob):
            flush()

    with pytest.raises(TenantError):
        mix()
    assert texts_of(ada) == ["ada"]
    assert texts_of(bob) == ["bob"]


def test_what_waits_for_the_commit_is_done_for_the_same_tenant(tenants) -> None:
    done = []
    with unit_of_work(tenant=tenants[1]) as unit:
        unit.after_commit(lambda: done.append(run_unit(texts)))
        Note(text="zoe")
    assert done == [["bob", "zoe"]]


def test_a_repeated_unit_is_repeated_for_the_same_tenant(place, tenants) -> None:
    attempts = []
    with proxy(place[0]) as way:
        connect_to(way.url)

        def work() -> None:
            attempts.append(texts())
            way.cut = None if attempts[1:] else "before"
            Note(text="zoe")

        run_unit(work, tenant=tenants[2])
        database.disconnect()
    assert attempts == [["eve"], ["eve"]]
    connect_to(place[0])
    assert texts_of(tenants[2]) == ["eve", "zoe"]


def test_a_replica_is_read_for_the_same_tenant(place, tenants) -> None:
    url = place[0].with_schema(NOWHERE)
    # A primary counts as a replica that is never behind.
    replica = ReplicaPool(url, Limits())
    orm.connect(ConnectionPool(url, Limits()), database, replica, Known(place[0].schema))
    for tenant in tenants:
        with unit_of_work(tenant=tenant) as unit:
            unit.read_replica()
            assert texts() == [tenant.name]
            assert replica.status.in_use == 1
    replica.close()


def test_a_connection_that_served_many_is_replaced(place, tenants) -> None:
    pool = connect_to(place[0], connection_tenants=3)

    def process(tenant: Any) -> int:
        with unit_of_work(tenant=tenant):
            (number,) = database.select("pg_backend_pid()")
            return int(number)

    ada, bob, eve, kim = tenants
    few = {process(each) for each in (ada, bob, ada, bob) * 3}
    assert len(few) == 1
    assert process(eve) in few
    assert process(kim) not in few
    assert pool.status.opened == 1


def test_a_project_without_tenants_has_only_shared_tables(place, tenants) -> None:
    orm.connect(ConnectionPool(place[0], Limits()), database)
    assert texts_of(SHARED) == texts_of(None) == ["shared"]
    with unit_of_work(), unit_of_work(tenant=SHARED):
        assert texts() == ["shared"]
    for tenant in (tenants[0], "ada"):
        with pytest.raises(TenantError, match="has no tenants") as refusal:
            texts_of(tenant)
        assert "berceau.tenants = schema" in refusal.value.cure
