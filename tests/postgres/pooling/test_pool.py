"""Connections that threads share: bounded, checked, recycled, and clean for the next one."""

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from berceau.errors import ConnectionFailedError, PoolTimeoutError
from berceau.postgres.core.connection import connect
from berceau.postgres.pooling import pool as pools
from berceau.postgres.pooling.pool import ConnectionPool, PoolStatus
from berceau.settings import Limits
from tests.proxy import proxy
from tests.waiting import SECONDS, wait_until


@pytest.fixture
def make_pool(database) -> Iterator[Callable[..., ConnectionPool]]:
    """Return a function that makes a pool with some limits; all are closed at the end."""
    made = []

    def make(**limits) -> ConnectionPool:
        made.append(ConnectionPool(database.runtime_url, replace(Limits(), **limits)))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def ask(connection, question="SELECT pg_backend_pid()") -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def test_a_connection_is_used_again(make_pool) -> None:
    pool = make_pool()
    first, new = pool.acquire()
    assert new
    pid = ask(first)
    pool.release(first)
    again, new = pool.acquire()
    assert not new
    assert ask(again) == pid
    pool.release(again)


def test_the_next_one_finds_nothing_of_the_last(make_pool, database) -> None:
    pool = make_pool()
    connection, _ = pool.acquire()
    ask(connection, "SELECT set_config('statement_timeout', '10s', false)")
    ask(connection, "SELECT set_config('search_path', 'pg_catalog', false)")
    ask(connection, "SELECT pg_advisory_lock(1)::text")
    pool.release(connection)
    connection, _ = pool.acquire()
    assert ask(connection, "SELECT current_setting('statement_timeout')") == "30s"
    assert ask(connection, "SELECT current_schema()") == database.runtime_url.schema
    assert (
        ask(
            connection,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        )
        == 0
    )
    pool.release(connection)


def test_what_was_left_open_is_undone(make_pool) -> None:
    pool = make_pool()
    connection, _ = pool.acquire()
    connection.autocommit = False
    ask(connection, "SELECT pg_current_xact_id()::text")
    pool.release(connection)
    connection, _ = pool.acquire()
    assert ask(connection, "SELECT pg_current_xact_id_if_assigned() IS NULL")
    pool.release(connection)


def test_more_than_there_may_be_wait_for_one_to_come_back(make_pool) -> None:
    pool = make_pool(pool_size=1)
    connection, _ = pool.acquire()
    taken = Event()

    def take() -> None:
        second, _ = pool.acquire()
        taken.set()
        pool.release(second)

    thread = Thread(target=take)
    thread.start()
    wait_until(lambda: pool.status.waiting)
    assert not taken.wait(0.1)
    assert pool.status == PoolStatus(size=1, opened=1, in_use=1, waiting=1)
    pool.release(connection)
    assert taken.wait(SECONDS)
    thread.join()
    assert pool.status == PoolStatus(size=1, opened=1, in_use=0, waiting=0)


def test_waiting_has_an_end(make_pool) -> None:
    pool = make_pool(pool_size=1, pool_timeout=0.2)
    connection, _ = pool.acquire()
    began = monotonic()
    with pytest.raises(PoolTimeoutError, match="All 1 connections") as refusal:
        pool.acquire()
    assert monotonic() - began >= 0.2
    assert "berceau.pool_size" in refusal.value.cure
    pool.release(connection)
    pool.release(pool.acquire()[0])


def test_an_old_connection_is_replaced(make_pool) -> None:
    pool = make_pool(connection_lifetime=0.01)
    pool.release(pool.acquire()[0])
    sleep(0.02)
    connection, new = pool.acquire()
    assert new
    pool.release(connection)


def test_a_connection_that_died_at_rest_is_replaced(make_pool, database, monkeypatch) -> None:
    monkeypatch.setattr(pools, "TRUSTED_REST", 0)
    pool = make_pool()
    connection, _ = pool.acquire()
    pid = ask(connection)
    pool.release(connection)
    with connect(database.runtime_url) as other:
        ask(other, f"SELECT pg_terminate_backend({pid}, 5000)")
    connection, new = pool.acquire()
    assert new
    assert ask(connection) != pid
    pool.release(connection)


def test_one_broken_connection_makes_the_others_be_checked(make_pool, database) -> None:
    pool = make_pool()
    three = [pool.acquire()[0] for _ in range(3)]
    pids = [ask(connection) for connection in three]
    for connection in three[1:]:
        pool.release(connection)
    with connect(database.runtime_url) as other:
        for pid in pids:
            ask(other, f"SELECT pg_terminate_backend({pid}, 5000)")
    pool.discard(three[0])
    connection, new = pool.acquire()
    assert new
    assert ask(connection) not in pids
    pool.release(connection)


def test_a_place_is_free_again_where_none_could_be_opened(database) -> None:
    with proxy(database.runtime_url) as way:
        pool = ConnectionPool(way.url, Limits(pool_size=1, pool_timeout=1))
        way.refusing = True
        for _ in range(3):
            with pytest.raises(ConnectionFailedError):
                pool.acquire()
        way.refusing = False
        pool.release(pool.acquire()[0])
        pool.close()


def test_a_crash_of_the_server_breaks_what_is_read(database) -> None:
    with proxy(database.runtime_url, local=True) as way:
        pool = ConnectionPool(way.url, Limits())
        pool.release(pool.acquire()[0])
        way.crash()
        with pytest.raises(ConnectionFailedError), pool.reading("public"):
            pass
        pool.close()


def test_closing_ends_those_at_rest_now_and_the_others_when_they_come_back(make_pool) -> None:
    pool = make_pool()
    resting, working = pool.acquire()[0], pool.acquire()[0]
    pool.release(resting)
    pool.close()
    assert resting.closed
    assert ask(working)
    pool.release(working)
    assert working.closed
    assert pool.status.opened == 0


def test_the_server_ends_what_takes_too_long(make_pool) -> None:
    pool = make_pool(statement_timeout=1.5, idle_transaction_timeout=20)
    connection, _ = pool.acquire()
    assert ask(connection, "SELECT current_setting('statement_timeout')") == "1500ms"
    waits = ask(connection, "SELECT current_setting('idle_in_transaction_session_timeout')")
    assert waits == "20s"
    pool.release(connection)


def test_a_fork_has_connections_of_its_own(make_pool) -> None:
    pool = make_pool()
    connection, _ = pool.acquire()
    mine = ask(connection)
    pool.release(connection)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def child() -> None:
        taken, new = pool.acquire()
        answers.put((ask(taken), new))

    process = context.Process(target=child)
    process.start()
    theirs, new = answers.get(timeout=SECONDS)
    process.join()
    assert new
    assert theirs != mine
    connection, _ = pool.acquire()
    assert ask(connection) == mine
    pool.release(connection)


def test_times_are_in_utc_and_dates_are_read_whatever_the_environment_says(
    make_pool, monkeypatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("PGDATESTYLE", "German")
    pool = make_pool()
    for _ in ("new", "used again"):
        connection, _ = pool.acquire()
        assert ask(connection, "SELECT current_setting('timezone')") == "UTC"
        assert ask(connection, "SELECT date '2026-01-02'") == date(2026, 1, 2)
        pool.release(connection)
