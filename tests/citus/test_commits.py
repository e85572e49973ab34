"""Commits that are cut off between the coordinator and another server, at each of their points."""

from collections.abc import Iterator
from typing import Any

import pytest
from pony.orm import Database, PrimaryKey
from pony.orm.core import CommitException

from berceau.errors import CommitUnknownError
from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.orm.session import run_unit
from berceau.postgres.citus.schemas import distribute, move, server_of
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch_value
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from tests.citus.cluster import Cluster
from tests.proxy import COMMIT, Proxy, proxy

pytestmark = pytest.mark.slow

PREPARE, SECOND = b"PREPARE TRANSACTION", b"COMMIT PREPARED"


@pytest.fixture(scope="module")
def way(servers: Cluster) -> Iterator[Proxy]:
    """The way from the coordinator to one of the other servers."""
    node = servers.others[0]
    with proxy(node.url) as way:
        ((_, port),) = way.url.hosts
        lead(servers, node.port, port)
        try:
            yield way
        finally:
            lead(servers, port, node.port)


def lead(servers: Cluster, before: int, port: int) -> None:
    """Let Citus find the server that it knew at one port at another one."""
    servers.ask(
        f"SELECT citus_update_node(nodeid, '127.0.0.1', {port}) FROM pg_dist_node"
        f" WHERE nodeport = {before}"
    )
    servers.ask("SELECT start_metadata_sync_to_all_nodes()")


@pytest.fixture(scope="module")
def letter(servers: Cluster, way: Proxy) -> Iterator[Any]:
    """An entity whose table is on that server, and the name of a table that is on all."""
    database = Database()
    entity = type("Letter", (database.Entity,), {"title": PrimaryKey(str)})
    orm.map_entities(database)
    ((host, port),) = way.url.hosts
    with scratch(servers.admin) as here, scratch(servers.admin) as connection:
        execute(here, "CREATE TABLE everywhere (title text)")
        execute(here, "SELECT create_reference_table('everywhere')")
        entity.everywhere = f"{fetch_value(here, 'SELECT current_schema()')}.everywhere"
        schema = fetch_value(connection, "SELECT current_schema()")
        distribute(connection, schema)
        for statement in to_statements(order(create(to_schema(database)))):
            execute(connection, str(statement))
        if server_of(connection, schema) != f"{host}:{port}":
            move(connection, schema, f"{host}:{port}")
        orm.connect(ConnectionPool(servers.admin.with_schema(schema), Limits()), database)
        yield entity
        database.disconnect()


def write(letter: Any, way: Proxy, title: str, at: bytes, cut: str) -> int:
    """Write a letter in a unit whose first commit is cut at a point; return how often it ran."""
    runs = []

    def work() -> None:
        letter(title=title)
        if at != COMMIT:
            letter._database_.execute(f"INSERT INTO {letter.everywhere} VALUES ($title)")
        letter._database_.flush()
        if not runs:
            way.at, way.cut = at, cut
        runs.append(title)

    run_unit(work)
    return len(runs)


def count(servers: Cluster, letter: Any, title: str) -> list[int]:
    """Return how many rows the two tables have."""
    schema = letter._database_.provider.pool.source.url.schema
    tables = (f"{schema}.letter", letter.everywhere)
    with connect(servers.admin) as connection:
        query = "SELECT count(*) FROM {} WHERE title = %s"
        return [fetch_value(connection, query.format(table), (title,)) for table in tables]


LOST = {
    "before the only one commits": (COMMIT, "before", [0, 0]),
    "after the only one committed": (COMMIT, "after", [1, 0]),
    "before one prepares": (PREPARE, "before", [0, 0]),
    "after one prepared": (PREPARE, "after", [0, 0]),
}


@pytest.mark.parametrize("point", LOST)
def test_one_that_a_server_did_not_answer_is_unknown(servers, way, letter, point) -> None:
    at, cut, kept = LOST[point]
    with pytest.raises(CommitException) as unknown:
        write(letter, way, point, at, cut)
    assert isinstance(unknown.value.exceptions[0][1], CommitUnknownError)
    servers.ask("SELECT recover_prepared_transactions()")
    assert count(servers, letter, point) == kept


@pytest.mark.parametrize("cut", ["before", "after"])
def test_one_that_all_servers_prepared_is_kept(servers, way, letter, cut) -> None:
    title = f"kept, {cut}"
    assert write(letter, way, title, SECOND, cut) == 1
    servers.ask("SELECT recover_prepared_transactions()")
    assert count(servers, letter, title) == [1, 1]
