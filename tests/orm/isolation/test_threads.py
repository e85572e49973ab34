"""Threads that share the one transaction of a test."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest
from pony.orm import TransactionIntegrityError, db_session, flush, rollback

from berceau.errors import IsolationError
from berceau.postgres.core.turn import Turn
from tests.orm.isolation.entities import Author, add, names
from tests.waiting import SECONDS


def test_threads_share_the_database_and_not_their_transactions(committed) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [f"Author {number}" for number in range(40)]))
    assert len(names()) == 40
    assert committed() == 0


def test_two_that_look_before_either_writes_meet_as_they_would_outside() -> None:
    looked = Barrier(2)

    @db_session
    def add_once(_) -> str:
        if not Author.exists(name="Ada"):
            looked.wait(SECONDS)
            Author(name="Ada")
            return "added"
        return "found"

    def outcome(number) -> str:
        try:
            return add_once(number)
        except TransactionIntegrityError:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(outcome, range(2))) == ["added", "refused"]
    assert names() == {"Ada"}


def test_a_thread_sees_nothing_of_a_transaction_that_is_open() -> None:
    written, go_on = Event(), Event()

    @db_session
    def write() -> None:
        Author(name="Ada")
        flush()
        written.set()
        go_on.wait(SECONDS)
        rollback()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        written.wait(SECONDS)
        looking = pool.submit(names)
        go_on.set()
        assert looking.result() == set()
        writing.result()


def test_who_waits_for_a_thread_that_waits_for_him_is_told_so(shared, monkeypatch) -> None:
    monkeypatch.setattr(shared, "_turn", Turn(0.1))
    with db_session, ThreadPoolExecutor(1, thread_name_prefix="other") as pool:
        Author(name="Ada")
        flush()
        with pytest.raises(IsolationError) as refusal:
            pool.submit(add, "Bo").result()
    assert "other_0 waited 0.1 s" in refusal.value.message
    assert "MainThread has a transaction open" in refusal.value.message
    assert "@pytest.mark.commits" in refusal.value.cure
    assert names() == {"Ada"}


def test_a_session_that_only_read_blocks_no_other() -> None:
    with db_session, ThreadPoolExecutor(1) as pool:
        assert not Author.exists(name="Ada")
        pool.submit(add, "Ada").result()
        assert Author.exists(name="Ada")


def test_a_thread_that_died_with_a_transaction_loses_it() -> None:
    def die() -> None:
        session = db_session()
        session.__enter__()
        Author(name="Ada")
        flush()

    thread = Thread(target=die)
    thread.start()
    thread.join()
    add("Bo")
    assert names() == {"Bo"}


def test_a_thread_can_not_write_into_a_later_test(shared) -> None:
    begun, go_on = Event(), Event()

    @db_session
    def linger() -> None:
        assert not Author.exists(name="Ada")
        begun.set()
        go_on.wait(SECONDS)
        Author(name="Ada")

    with ThreadPoolExecutor(1) as pool:
        lingering = pool.submit(linger)
        begun.wait(SECONDS)
        shared.end()
        go_on.set()
        with pytest.raises(IsolationError, match="a test that has ended"):
            lingering.result()
    assert names() == set()
