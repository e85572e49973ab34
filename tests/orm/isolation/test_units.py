"""Units of work inside of one transaction that is never committed, as most tests run them."""

from contextlib import suppress
from typing import Never

import pytest
from pony.orm import (
    CommitException,
    IntegrityError,
    ProgrammingError,
    TransactionIntegrityError,
    commit,
    db_session,
    flush,
    rollback,
)

from berceau.errors import DatabaseError, IsolationError
from berceau.orm.session import unit_of_work
from tests.orm.isolation.entities import Author, add, database, names


def test_what_one_session_commits_only_the_next_one_sees(shared, committed) -> None:
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
