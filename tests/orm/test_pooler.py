"""Behind PgBouncer in transaction mode, sessions are anybody's: nothing may rest on one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pony.orm import Database, Required, select

from berceau.errors import ConnectionFailedError, SettingsError
from berceau.orm import database as orm
from berceau.orm.session import run_unit, unit_of_work
from berceau.postgres.core.connection import check_session, connect
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits, Settings
from berceau.workflows.shared.databases import resolve_databases
from tests.pooler import needs_pgbouncer, pooler

pytestmark = needs_pgbouncer

database = Database()


class Visit(database.Entity):
    page = Required(str)


@pytest.fixture(scope="module")
def direct(make_tables) -> Url:
    make_tables(database)
    return database.provider.pool.source.url


@pytest.fixture
def pooled(direct) -> Iterator[Any]:
    """PgBouncer, and the entities behind it."""
    source = database.provider.pool.source
    with pooler(direct) as running:
        pool = ConnectionPool(running.url, Limits(statement_timeout=7))
        orm.connect(pool, database)
        yield running
        pool.close()
        orm.connect(source, database)
    with unit_of_work():
        Visit.select().delete(bulk=True)


def test_without_the_flag_it_says_what_to_do(direct) -> None:
    with (
        pooler(direct) as running,
        pytest.raises(ConnectionFailedError, match="unsupported startup") as refusal,
    ):
        connect(replace(running.url, pooled=False))
    assert "?pgbouncer=true" in refusal.value.cure


def test_settings_that_were_ignored_on_the_way_are_missed(direct) -> None:
    with pooler(direct, more="ignore_startup_parameters = options") as running:
        url = replace(running.url, pooled=False)
        with (
            connect(url) as connection,
            pytest.raises(ConnectionFailedError, match="should have search_path") as refusal,
        ):
            check_session(connection, url)
    assert "?pgbouncer=true" in refusal.value.cure


@pytest.mark.parametrize("schema", ["public", "My Shop", 'with "quotes"'])
def test_a_session_through_it_is_as_it_should_be(pooled, schema) -> None:
    url = replace(pooled.url, schema=schema)
    with connect(url) as connection:
        check_session(connection, url)


def test_each_transaction_has_its_schema_its_time_zone_and_its_limits(pooled, direct) -> None:
    stranger = replace(pooled.url, schema="pg_catalog")
    for _ in range(3):
        with connect(stranger) as other, other.cursor() as cursor:
            cursor.execute("SET timezone = 'Asia/Tokyo'; SELECT current_schema()")
            assert cursor.fetchone() == ("pg_catalog",)
        with unit_of_work():
            Visit(page="/").flush()
            assert database.select("current_schema()") == [direct.schema]
            assert database.select("current_setting('timezone')") == ["UTC"]
            assert database.select("current_setting('statement_timeout')") == ["7s"]
    with unit_of_work():
        assert select(visit.page for visit in Visit).without_distinct()[:] == ["/"] * 3


@pytest.mark.usefixtures("pooled")
def test_more_threads_than_server_connections() -> None:
    def visit(number) -> bool:
        run_unit(lambda: Visit(page=f"/{number}"))
        with unit_of_work(read_only=True):
            return Visit.get(page=f"/{number}") is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(visit, range(40)))
    with unit_of_work():
        assert Visit.select().count() == 40


def test_a_pooler_that_starts_again_needs_no_restart_of_ours(pooled) -> None:
    run_unit(lambda: Visit(page="/before"))
    pooled.kill()
    pooled.start()
    run_unit(lambda: Visit(page="/after"))
    with unit_of_work():
        assert Visit.select().count() == 2


def test_migrations_don_t_go_through_it(tmp_path) -> None:
    url = "postgresql://h/d?pgbouncer=true"
    found = resolve_databases(Settings(tmp_path, url, url))
    assert found.runtime_url.pooled
    with pytest.raises(SettingsError, match="sessions of their own") as refusal:
        _ = found.migration_url
    assert "MIGRATION_DATABASE_URL" in refusal.value.cure
