"""Where the one transaction of a test ends: it is lost, kept, or out of reach."""

import pytest
from pony.orm import CommitException, OperationalError, db_session, flush

from berceau.errors import IsolationError
from berceau.orm import database as orm
from berceau.orm.isolation import SharedSource, queries_to
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits
from tests.orm.isolation.entities import Author, add, database, names


def test_a_connection_that_is_lost_loses_the_test(connection) -> None:
    add("Ada")
    with db_session:
        (backend,) = database.select("pg_backend_pid()")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    for _ in range(2):
        with pytest.raises(IsolationError, match="connection is lost"):
            names()


def test_whoever_connects_during_a_test_changes_nothing(committed, server) -> None:
    orm.connect(ConnectionPool(server.migration_url.with_schema("elsewhere"), Limits()), database)
    add("Ada")
    database.disconnect()
    assert names() == {"Ada"}
    assert committed() == 0


def test_between_tests_the_database_is_out_of_reach(shared) -> None:
    with queries_to(SharedSource(shared), database):
        add("Ada")
    with pytest.raises(IsolationError) as refusal:
        names()
    assert "fixture db or app" in refusal.value.cure


def test_kept_rows_are_committed(shared, connection, committed) -> None:
    add("Ada")
    with db_session:
        Author(name="Bo")
        flush()
        shared.keep()
    assert committed() == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")


def test_what_is_lost_can_not_be_kept(shared, connection) -> None:
    with db_session:
        Author(name="Ada")
        flush()
        (backend,) = database.select("pg_backend_pid()")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with pytest.raises(IsolationError, match="can't be kept"):
        shared.keep()


def test_work_that_its_connection_took_along_is_not_counted_as_kept(connection) -> None:
    def work() -> None:
        Author(name="Ada")
        flush()
        (backend,) = database.select("pg_backend_pid()")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    with pytest.raises((CommitException, OperationalError)), db_session:
        work()
