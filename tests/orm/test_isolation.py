"""Units of work inside of one transaction that is never committed, as most tests run them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event, Thread
from typing import Any, Never

import pytest
from pony.orm import (
    CommitException,
    Database,
    IntegrityError,
    OperationalError,
    PrimaryKey,
    ProgrammingError,
    Required,
    Set,
    TransactionIntegrityError,
    commit,
    db_session,
    flush,
    rollback,
    select,
)

from berceau.errors import DatabaseError, IsolationError
from berceau.orm import database as orm
from berceau.orm.isolation import SharedSource, queries_to
from berceau.orm.session import unit_of_work
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.postgres.pooling.queries import ObservedPool, Recorder
from berceau.postgres.pooling.shared_transaction import share
from berceau.settings import Limits

pytestmark = pytest.mark.usefixtures("shared")

database = Database()


class Author(database.Entity):
    name = Required(str, unique=True)
    books = Set("Book")


class Book(database.Entity):
    id = PrimaryKey(int, auto=True)
    title = Required(str)
    author = Required(Author)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables, connection) -> None:
    make_tables(database)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            ALTER TABLE book ALTER CONSTRAINT book_author_fkey DEFERRABLE INITIALLY DEFERRED;
            CREATE TABLE page (number int PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE);
            CREATE FUNCTION add_author(text) RETURNS int LANGUAGE SQL
                AS 'INSERT INTO author (name) VALUES ($1) RETURNING id';
            """
        )


@pytest.fixture
def url(server, connection) -> Url:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return server.migration_url.with_schema(*cursor.fetchone())


@pytest.fixture
def shared(url, recorder, connection) -> Iterator[Any]:
    """The connection that the units of work of a test share, while it runs."""
    before = database.provider.pool
    shared = share(url, recorder, patience=1)
    with queries_to(SharedSource(shared), database):
        yield shared
    shared.end()
    shared.close()
    database.provider.pool = before
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")


@pytest.fixture
def committed(connection) -> Callable[..., int]:
    """Return a function that counts what is really in a table."""

    def committed(table="author") -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return cursor.fetchone()[0]

    return committed


def add(name) -> None:
    with db_session:
        Author(name=name)


def names() -> set[str]:
    with db_session:
        return set(select(author.name for author in Author))


def test_what_one_session_commits_the_next_one_sees_and_nobody_else(shared, committed) -> None:
    with db_session:
        Author(name="Ada")
        commit()
        Author(name="Bo")
    assert names() == {"Ada", "Bo"}
    assert committed() == 0
    shared.end()
    assert names() == set()


def test_a_rollback_undoes_its_own_transaction_only() -> None:
    add("Ada")
    with db_session:
        Author(name="Bo")
        commit()
        Author(name="Cy")
        flush()
        rollback()
        Author(name="Di")
    assert names() == {"Ada", "Bo", "Di"}


def test_what_a_failed_session_did_is_gone() -> None:
    def fail() -> Never:
        with db_session:
            Author(name="Ada")
            flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert names() == set()


def test_a_test_goes_on_after_what_the_server_refused() -> None:
    add("Ada")
    with pytest.raises(TransactionIntegrityError):
        add("Ada")
    add("Bo")
    with db_session:
        with pytest.raises(ProgrammingError):
            database.select("nonsense")
        assert Author.exists(name="Ada")
    assert names() == {"Ada", "Bo"}


def test_a_function_that_writes_in_a_query_keeps_what_it_wrote() -> None:
    with db_session:
        database.select("add_author('Ada')")
    with db_session:
        database.select("add_author('Bo')")
        Author(name="Cy")
        flush()
        rollback()
    assert names() == {"Ada", "Bo"}


def test_a_raw_connection_is_inside_as_well(committed) -> Never:
    with db_session:
        raw = database.get_connection()
        with raw.cursor() as cursor:
            cursor.executemany("INSERT INTO author (name) VALUES (%s)", [("Ada",), ("Bo",)])
        raw.commit()
        with raw, raw.cursor() as cursor:
            cursor.execute("INSERT INTO author (name) VALUES ('Cy')")
        with suppress(LookupError), raw, raw.cursor() as cursor:
            cursor.execute("INSERT INTO author (name) VALUES ('Di')")
            raise LookupError
    assert names() == {"Ada", "Bo", "Cy"}
    assert committed() == 0


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "COMMIT; BEGIN"])
def test_an_end_of_the_transaction_in_sql_is_noticed(shared, connection, statement) -> None:
    @db_session
    def escape() -> None:
        Author(name="Ada")
        flush()
        database.execute(statement)
        Author(name="Bo")

    with pytest.raises((CommitException, IsolationError), match="SQL of its own"):
        escape()
    assert shared.escaped
    shared.end()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")
    assert names() == set()


def test_savepoints_of_the_application_work() -> None:
    with db_session:
        add_one, undo = "INSERT INTO author (name) VALUES ('Bo')", "ROLLBACK TO SAVEPOINT mine"
        for statement in ("SAVEPOINT mine", add_one, undo):
            database.execute(statement)
        Author(name="Ada")
    assert names() == {"Ada"}


def test_settings_and_temporary_tables_end_with_their_session() -> None:
    for _ in range(2):
        with db_session:
            database.execute("SET timezone = 'Asia/Tokyo'")
            database.execute("CREATE TEMP TABLE mine ()")
            database.execute("PREPARE mine AS SELECT 1")
            database.execute("SELECT pg_advisory_lock(1)")
            commit()
        with db_session:
            assert database.select("current_setting('timezone')") == ["UTC"]
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = {}"
            assert database.select(held.format("pg_backend_pid()")) == [0]


def test_a_serializable_session_is_told_to_ask_for_commits() -> None:
    with pytest.raises(IsolationError) as refusal, db_session(serializable=True):
        Author.get(name="Ada")
    assert "@pytest.mark.commits" in refusal.value.cure


@pytest.mark.parametrize("options", [{"immediate": True}, {"optimistic": False}, {"strict": True}])
def test_sessions_of_other_kinds_work(options) -> None:
    with db_session(**options):
        assert not Author.exists(name="Ada")
        Author(name="Ada")
    assert names() == {"Ada"}


def test_a_unit_that_only_reads_can_not_write_and_others_can() -> None:
    def write() -> None:
        with unit_of_work(read_only=True):
            assert not Author.exists(name="Ada")
            Author(name="Ada")
            flush()

    with pytest.raises(DatabaseError, match="read-only"):
        write()
    with unit_of_work(read_only=True):
        database.get_connection().cursor().execute("SELECT 1")
    add("Ada")
    assert names() == {"Ada"}


def test_a_deferred_constraint_is_checked_where_it_would_be_at_commit() -> None:
    def write(*, author_too) -> None:
        with db_session:
            database.execute("INSERT INTO book (title, author) VALUES ('Lost', 7)")
            if author_too:
                database.execute("INSERT INTO author (id, name) VALUES (7, 'Ada')")

    with pytest.raises(CommitException, match="book_author_fkey"):
        write(author_too=False)
    write(author_too=True)
    with pytest.raises(CommitException, match="book_author_fkey"), db_session:
        database.execute("UPDATE author SET id = 8")
    assert names() == {"Ada"}


def test_a_constraint_that_is_only_deferrable_stays_immediate() -> None:
    add("Ada")
    with db_session:
        database.execute("INSERT INTO page VALUES (1)")
        with pytest.raises(IntegrityError, match="page_pkey"):
            database.execute("INSERT INTO page VALUES (1)")
        rollback()
    with db_session:
        database.execute("SET CONSTRAINTS page_pkey DEFERRED")
        database.execute("INSERT INTO page VALUES (1)")
        database.execute("INSERT INTO page VALUES (1)")
        database.execute("UPDATE page SET number = 2 WHERE ctid = (SELECT max(ctid) FROM page)")
    with pytest.raises(IntegrityError, match="page_pkey"), db_session:
        database.execute("UPDATE page SET number = 1")


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
            looked.wait(timeout=5)
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
        go_on.wait(5)
        rollback()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        written.wait(5)
        looking = pool.submit(names)
        go_on.set()
        assert looking.result() == set()
        writing.result()


def test_who_waits_for_a_thread_that_waits_for_him_is_told_so() -> None:
    with db_session, ThreadPoolExecutor(1, thread_name_prefix="other") as pool:
        Author(name="Ada")
        flush()
        with pytest.raises(IsolationError) as refusal:
            pool.submit(add, "Bo").result()
    assert "other_0 waited 1 s" in refusal.value.message
    assert "MainThread has a transaction open" in refusal.value.message
    assert "@pytest.mark.commits" in refusal.value.cure
    assert names() == {"Ada"}


def test_a_session_that_only_read_blocks_nobody() -> None:
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
        go_on.wait(5)
        Author(name="Ada")

    with ThreadPoolExecutor(1) as pool:
        lingering = pool.submit(linger)
        begun.wait(5)
        shared.end()
        go_on.set()
        with pytest.raises(IsolationError, match="a test that has ended"):
            lingering.result()
    assert names() == set()


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


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def observed(url, recorder, connection) -> Iterator[ObservedPool]:
    """The pool of a test that commits."""
    before = database.provider.pool
    pool = ObservedPool(url, Limits(), recorder)
    with queries_to(pool, database):
        yield pool
    pool.close()
    database.provider.pool = before
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM author")


def test_work_that_its_connection_took_along_is_not_counted_as_kept(connection) -> None:
    def work() -> None:
        Author(name="Ada")
        flush()
        (backend,) = database.select("pg_backend_pid()")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    with pytest.raises((CommitException, OperationalError)), db_session:
        work()


@pytest.mark.parametrize("pool", ["shared", "observed"])
def test_what_runs_is_recorded_and_nothing_of_ours(pool, recorder, request) -> None:
    request.getfixturevalue(pool)
    with recorder.record() as queries:
        add("Ada")
        with db_session:
            assert Author.get(name="Ada")
            raw = database.get_connection().cursor()
            raw.executemany("SELECT %s", [(1,), (2,)])
    add("Bo")
    assert [query.text.split()[0] for query in queries] == ["INSERT", "SELECT", "SELECT", "SELECT"]
    assert "'Ada'" in queries[0].text
    assert queries[1].rows == 1
    assert str(queries[3]).endswith("ms  SELECT 2")
