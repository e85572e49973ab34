"""Units of work whose rows are on another server: no commit that got lost counts as saved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from pony.orm import PrimaryKey, Required, flush, select
from pony.orm.core import CommitException

from berceau.errors import CommitUnknownError
from berceau.orm import database as orm
from berceau.orm.database import GlobalDatabase
from berceau.orm.mapping import to_schema
from berceau.orm.rates import Counts, Rate
from berceau.orm.session import run_unit, unit_of_work
from berceau.postgres.citus.schemas import distribute, servers
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from tests.proxy import Proxy, proxy

database = GlobalDatabase()
END = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name LIKE 'citus_internal%' AND state = 'idle in transaction'
"""


class Letter(database.Entity):
    title = PrimaryKey(str)


class RequestCount(database.Entity):
    key = PrimaryKey(str, 64)
    expires_at = Required(datetime, index=True)


@pytest.fixture(scope="module")
def way(admin: Url) -> Iterator[Proxy]:
    """The way to the coordinator; the tables are on one of the other servers."""
    orm.map_entities(database)
    with scratch(admin) as connection:
        schema = fetch_value(connection, "SELECT current_schema()")
        distribute(connection, schema)
        for statement in to_statements(order(create(to_schema(database)))):
            execute(connection, str(statement))
        with proxy(admin.with_schema(schema)) as way:
            orm.connect(ConnectionPool(way.url, Limits()), database)
            yield way
            database.disconnect()


@pytest.fixture(scope="module")
def everywhere(admin: Url) -> Iterator[str]:
    """A table that is on all servers: units that write it are prepared on each of them."""
    with scratch(admin) as connection:
        execute(connection, "CREATE TABLE everywhere (number int)")
        execute(connection, "SELECT create_reference_table('everywhere')")
        yield f"{fetch_value(connection, 'SELECT current_schema()')}.everywhere"


@pytest.fixture(autouse=True)
def no_rows(way: Proxy) -> Iterator[None]:  # noqa: ARG001 - it holds the tables
    yield
    with unit_of_work():
        Letter.select().delete(bulk=True)


def titles() -> set[str]:
    with unit_of_work():
        return set(select(letter.title for letter in Letter))


def test_a_commit_that_never_arrived_is_not_counted_as_saved(way) -> None:
    way.cut = "before"
    with pytest.raises(CommitException) as unknown, unit_of_work():
        Letter(title="lost")
    assert isinstance(unknown.value.exceptions[0][1], CommitUnknownError)
    assert titles() == set()


def test_a_commit_whose_answer_was_lost_is_found(way) -> None:
    with unit_of_work():
        Letter(title="kept")
        flush()
        way.cut = "after"
    assert titles() == {"kept"}


def end_sessions(admin: Url) -> None:
    """End what units have open on the other servers."""
    with connect(admin) as connection:
        places = servers(connection)
    for host, _, port in (place.rpartition(":") for place in places):
        with connect(replace(admin, hosts=((host, int(port)),))) as connection:
            execute(connection, END)


@pytest.mark.usefixtures("way")
def test_a_commit_that_the_only_other_server_lost_is_unknown(admin) -> None:
    def lose() -> None:
        with unit_of_work():
            Letter(title="lost")
            flush()
            end_sessions(admin)

    with pytest.raises(CommitException) as unknown:
        lose()
    assert isinstance(unknown.value.exceptions[0][1], CommitUnknownError)
    assert titles() == set()


@pytest.mark.usefixtures("way")
def test_a_commit_that_one_of_many_servers_lost_is_repeated(admin, everywhere) -> None:
    attempts = []

    def write() -> None:
        attempts.append(Letter(title="once"))
        flush()
        database.execute(f"INSERT INTO {everywhere} VALUES (1)")
        if len(attempts) == 1:
            end_sessions(admin)

    run_unit(write)
    assert len(attempts) == 2
    assert titles() == {"once"}


def test_a_unit_that_only_read_has_nothing_to_lose(way) -> None:
    with unit_of_work(read_only=True):
        assert not Letter.exists()
        way.cut = "before"
    way.cut = None


def test_what_happens_is_counted() -> None:
    counts, rate = Counts(RequestCount), Rate(2, 60)
    waits = [
        run_unit(lambda: counts.admit("ada", rate).wait(counts.end_without_waiting()))
        for _ in range(3)
    ]
    assert waits[:2] == [0.0, 0.0]
    assert 0 < waits[2] <= 30
