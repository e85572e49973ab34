"""Jobs of tenants: one worker runs all of them, each for the tenant that deferred it."""

from collections.abc import Iterator

import pytest
from pony.orm import Required
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager

from berceau.errors import (
    TenantError,
    TenantMissingError,
    TenantUnavailableError,
    TenantUnknownError,
)
from berceau.jobs import jobs, tenants
from berceau.jobs.waiting import run_waiting
from berceau.orm import SHARED, Tenant, db, run_unit, tenant_context, unit_of_work
from berceau.orm.database import GlobalDatabase
from berceau.orm.isolation import queries_to
from berceau.orm.tenants import current_tenant
from berceau.postgres.pooling.pool import NOWHERE, ConnectionPool
from berceau.settings import Limits
from tests.rights import grant_data_rights
from tests.tenants import Town, town

database = GlobalDatabase()
JOBS = "status::text, attempts FROM procrastinate_jobs WHERE task_name LIKE 'tenants.%'"


class Message(database.Entity):
    text = Required(str)


class Known:
    """The tenants of a town; those called in ``closed`` can't be served."""

    def __init__(self, place: Town) -> None:
        self.shared = place.shared
        self.closed: set[str] = set()
        self._place = place

    def find(self, name: str) -> Tenant:
        if name in self.closed:
            raise TenantUnavailableError(f"{name} is being moved.")
        return self._place.tenants[name]


@jobs.task(name="tenants.write")
def write(text: str) -> None:
    """Write a row that says for whom."""
    text = f"{text} for {current_tenant()}"
    with unit_of_work():
        db.execute("INSERT INTO message (text) VALUES ($text)")


@jobs.task(name="tenants.write_async")
async def write_async(text: str) -> None:
    """Leave the row to another job."""
    await write.defer_async(text=text)


@pytest.fixture(scope="module")
def place(server) -> Iterator[Town]:
    with town(server, database, "ada", "bob") as made:
        with made.connection.cursor() as cursor:
            cursor.execute(SchemaManager.get_schema())
        grant_data_rights(made.connection, made.shared, made.databases.runtime_url.user)
        yield made


@pytest.fixture(autouse=True)
def known(place) -> Iterator[Known]:
    """The global database is sent to the tenants, which have no rows."""
    source = ConnectionPool(place.databases.migration_url.with_schema(NOWHERE), Limits())
    known = Known(place)
    with queries_to(source, tenants=known):
        for each in ("ada", "bob", SHARED):
            run_unit(lambda: db.execute("DELETE FROM message"), tenant=each)
        run_unit(lambda: db.execute("DELETE FROM procrastinate_jobs"), tenant=SHARED)
        yield known
    source.close()


def rows(tenant, query="text FROM message ORDER BY text") -> list[object]:
    with unit_of_work(tenant=tenant):
        return list(db.select(query))


def test_each_runs_for_the_tenant_whose_unit_deferred_it() -> None:
    for name in ("ada", "bob", SHARED):
        with unit_of_work(tenant=name):
            write.defer(text="unit")
    with tenant_context("bob"):
        write.defer(text="context")
        write_async.defer(text="async")
    run_waiting()
    assert rows("ada") == ["unit for ada"]
    assert rows("bob") == ["async for bob", "context for bob", "unit for bob"]
    assert rows(SHARED) == ["unit for Shared.SHARED"]
    assert rows(SHARED, JOBS) == []


def test_one_of_a_unit_that_was_undone_never_runs() -> None:
    with unit_of_work(tenant="ada") as unit:
        write.defer(text="undone")
        unit.rollback()
    run_waiting()
    assert rows("ada") == []


def test_one_of_nobody_has_no_tables() -> None:
    write.defer(text="lost")
    with pytest.raises(TenantMissingError):
        run_waiting()


def test_a_lock_is_one_tenant_s() -> None:
    for name in ("ada", "bob"):
        with tenant_context(name):
            write.configure(queueing_lock="once").defer(text="first")
            with pytest.raises(AlreadyEnqueued):
                write.configure(queueing_lock="once").defer(text="second")
    run_waiting()
    assert rows("ada") + rows("bob") == ["first for ada", "first for bob"]


def test_one_waits_until_its_tenant_can_be_served(known, monkeypatch) -> None:
    with unit_of_work(tenant="ada"):
        write.defer(text="patient")
    known.closed.add("ada")
    run_waiting()
    assert rows(SHARED, JOBS) == [("todo", 1)]
    known.closed.clear()
    monkeypatch.setattr(tenants, "AGAIN_SECONDS", 0)
    run_unit(lambda: db.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL"), tenant=SHARED)
    run_waiting()
    assert rows("ada") == ["patient for ada"]


def test_one_of_a_tenant_that_was_dropped_is_none_of_the_next_of_its_name(place) -> None:
    with tenant_context("bob"):
        write.configure(queueing_lock="once").defer(text="old")
    place.replace("bob")
    with tenant_context("bob"):
        write.configure(queueing_lock="once").defer(text="new")
    with pytest.raises(TenantUnknownError, match="another one has its name"):
        run_waiting()
    run_waiting()
    assert rows("bob") == ["new for bob"]


def test_nothing_leads_to_another_tenant() -> None:
    with unit_of_work(tenant="ada"), pytest.raises(TypeError, match="Berceau's own"):
        jobs.configure_task("elsewhere.write").defer(berceau_tenant="bob", text="x")
    with pytest.raises(TenantError), unit_of_work(tenant="ada"):
        run_unit(lambda: None, tenant="bob")
