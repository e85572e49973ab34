"""Entities without a server, with one, and with one that goes away."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from pony.orm import Database, Required, UnexpectedError, commit, db_session, flush, select

from berceau.errors import ConnectionFailedError
from berceau.orm.database import map_entities
from tests.waiting import SECONDS

database = Database()


class Note(database.Entity):
    text = Required(str)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture
def end_connection(connection) -> Callable[..., None]:
    """End the connection of the present session, as a restart of the server would."""

    def end() -> None:
        (backend,) = database.select("pg_backend_pid()")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    return end


def test_the_mapping_needs_no_server() -> None:
    other = Database()
    type("Note", (other.Entity,), {"text": Required(str)})
    map_entities(other)
    assert list(other.schema.tables) == ["note"]
    with (
        db_session,
        pytest.raises(ConnectionFailedError, match="No database is connected") as refusal,
    ):
        other.Note.select()[:]
    assert "berceau.orm.database.connect()" in refusal.value.cure


def test_the_connection_s_settings_outlive_a_session() -> None:
    schemas = set()
    for _ in range(2):
        with db_session:
            database.execute("SET search_path = pg_catalog; SET timezone = 'Asia/Tokyo'")
        with db_session:
            assert database.select("current_setting('timezone')") == ["UTC"]
            schemas.update(database.select("current_schema()"))
    assert len(schemas) == 1
    assert schemas.pop().startswith("berceau_scratch_")


def test_threads_at_work_have_a_connection_each() -> None:
    found = set()
    together = Barrier(2, timeout=SECONDS)

    @db_session
    def look() -> None:
        found.update(database.select("pg_backend_pid()"))
        together.wait()

    thread = Thread(target=look)
    thread.start()
    look()
    thread.join()
    assert len(found) == 2


def test_a_connection_that_died_idle_is_replaced(end_connection) -> None:
    with db_session:
        end_connection()
        assert select(n for n in Note)[:] == []


def test_nothing_is_committed_where_the_connection_died_with_work(end_connection) -> None:
    def work() -> None:
        Note(text="lost with its connection")
        flush()
        end_connection()
        Note(text="must not be kept alone")
        commit()

    with pytest.raises(UnexpectedError, match="OperationalError"), db_session:
        work()
    with db_session:
        assert select(n.text for n in Note)[:] == []
