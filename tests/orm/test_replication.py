"""A primary and its standby: where reads go, and what a failover costs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pony.orm import Database, Required, select
from pony.orm.core import CommitException

from berceau.errors import DatabaseError
from berceau.orm import database as orm
from berceau.orm.mapping import to_schema
from berceau.orm.session import run_unit, unit_of_work
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import execute_statements
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.schema.diff import create
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.settings import Limits
from tests.replication import Node, nodes
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def make_entity(node) -> Any:
    """Return a mapped entity that has its table on ``node``."""
    database = Database()
    entity = type("Note", (database.Entity,), {"text": Required(str)})
    orm.map_entities(database)
    with connect(node.url, autocommit=True) as connection:
        execute_statements(connection, to_statements(order(create(to_schema(database)))))
    return entity


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Node, Node]]:
    """A primary and the standby that follows it, with the table of the entity below."""
    with nodes(2) as (primary, standby):
        primary.make()
        primary.start()
        standby.make_standby(primary, "standby")
        standby.start()
        primary.wait_until_followed()
        yield primary, standby


@pytest.fixture
def entity(servers) -> Iterator[Any]:
    """An entity with a table on the primary, which reads from the standby where it may."""
    primary, standby = servers
    note = make_entity(primary)
    # A standby is behind by moments: a test that only reads there would not find the table.
    wait_until(lambda: standby.ask("SELECT to_regclass('note') IS NOT NULL"))
    database = note._database_
    pool = ConnectionPool(primary.url, Limits())
    orm.connect(pool, database, ReplicaPool(standby.url, Limits()))
    yield note
    database.disconnect()
    primary.ask("DROP TABLE note")


def texts(entity, after="") -> tuple[set[str], bool]:
    """Return what a reader finds, and whether a standby told it."""
    with unit_of_work() as unit:
        unit.read_replica(after)
        told_by_standby = entity._database_.select("pg_is_in_recovery()") == [True]
        return set(select(note.text for note in entity)), told_by_standby


def write(entity, text) -> str:
    with unit_of_work() as unit:
        entity(text=text)
    return unit.position


def test_a_reader_sees_what_they_wrote(servers, entity) -> None:
    _, standby = servers
    position = write(entity, "first")
    assert "first" in texts(entity, position)[0]
    wait_until(lambda: texts(entity, position)[1])
    standby.ask("SELECT pg_wal_replay_pause()")
    wait_until(lambda: standby.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
    try:
        position = write(entity, "second")
        assert texts(entity, position) == ({"first", "second"}, False)
        assert texts(entity)[1]
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")
    wait_until(lambda: texts(entity, position) == ({"first", "second"}, True))


def test_a_unit_that_wrote_nothing_has_no_position(entity) -> None:
    with unit_of_work() as unit:
        entity.get(text="first")
    assert unit.position is None


def test_a_replica_refuses_writes(entity) -> None:
    def write_there() -> None:
        with unit_of_work() as unit:
            unit.read_replica()
            entity(text="lost").flush()

    with pytest.raises(DatabaseError, match="asked to write"):
        write_there()


@pytest.mark.parametrize("position", ["nonsense", "0/0'; DROP TABLE note; --", "FFFFFFFF/FFFFFFFF"])
def test_a_position_that_no_server_gave_means_the_primary(entity, position) -> None:
    write(entity, "here")
    assert texts(entity, position) == ({"here"}, False)


def test_without_the_replica_the_primary_is_read(servers, entity, caplog) -> None:
    _, standby = servers
    write(entity, "here")
    standby.stop()
    try:
        assert texts(entity) == ({"here"}, False)
        assert "reading from the primary" in caplog.text
    finally:
        standby.start()


class TestFailover:
    @pytest.fixture
    def pair(self) -> Iterator[tuple[Node, Node]]:
        """A primary whose commits wait for its standby."""
        with nodes(2) as (primary, standby):
            primary.make()
            primary.start()
            standby.make_standby(primary, "standby")
            standby.start()
            primary.wait_until_followed()
            primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.ask("SELECT pg_reload_conf()")
            yield primary, standby

    @pytest.fixture
    def work(self, pair) -> Iterator[Any]:
        primary, standby = pair
        note = make_entity(primary)
        both = replace(primary.url, hosts=(*primary.url.hosts, *standby.url.hosts))
        orm.connect(ConnectionPool(both, Limits()), note._database_)
        yield note
        note._database_.disconnect()

    @pytest.mark.slow
    def test_the_application_goes_on_with_the_new_primary(self, pair, work) -> None:
        primary, standby = pair
        run_unit(lambda: work(text="before"))
        primary.kill()
        with pytest.raises((DatabaseError, CommitException)):
            run_unit(lambda: work(text="between"))
        standby.promote()
        run_unit(lambda: work(text="after"))
        with unit_of_work():
            assert set(select(note.text for note in work)) == {"before", "after"}
