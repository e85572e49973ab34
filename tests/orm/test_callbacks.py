"""What runs after the end of a unit of work: once, and only for what was kept."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Never

import pytest
from pony.orm import Database, Required, db_session, flush, rollback, select
from pony.orm.core import CommitException, OptimisticCheckError

from berceau.errors import ConflictError, DatabaseError
from berceau.orm import database as orm
from berceau.orm.session import run_unit, unit_of_work
from berceau.orm.unit import current_unit
from berceau.postgres.core import commit_status
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits
from tests.proxy import proxy

database = Database()
inserted: list[str] = []


class Letter(database.Entity):
    to = Required(str, unique=True)

    def after_insert(self) -> None:
        with unit_of_work() as unit:
            unit.after_commit(partial(inserted.append, self.to))


class Undo(Exception):  # noqa: N818 - no error
    """Ends what is to be undone."""


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def no_rows(tables) -> Iterator[None]:  # noqa: ARG001 (they are emptied)
    yield
    with unit_of_work():
        Letter.select().delete(bulk=True)


@pytest.fixture
def sent() -> list[str]:
    """What was called, in this order."""
    return []


@pytest.fixture
def broken_way() -> Iterator[Any]:
    """The way to the server, which a test may cut."""
    direct = database.provider.pool.source
    with proxy(direct.url) as way:
        orm.connect(ConnectionPool(way.url, Limits()), database)
        yield way
        orm.connect(direct, database)


def stored() -> set[str]:
    with unit_of_work():
        return set(select(letter.to for letter in Letter))


def test_it_runs_after_the_commit_in_the_order_given(sent) -> None:
    def send(to) -> None:
        assert current_unit() is None
        sent.append(f"{to} beside {sorted(stored())}")

    with unit_of_work() as unit:
        for to in ("ada", "bob"):
            Letter(to=to)
            unit.after_commit(partial(send, to))
        assert sent == []
    assert sent == ["ada beside ['ada', 'bob']", "bob beside ['ada', 'bob']"]


def test_it_runs_where_nothing_was_asked_of_the_database(sent) -> None:
    with unit_of_work() as unit:
        unit.after_commit(lambda: sent.append("ada"))
    assert sent == ["ada"]


def test_an_inner_unit_gives_it_to_the_outermost(sent) -> None:
    with unit_of_work() as outer:
        outer.after_commit(lambda: sent.append("first"))
        with unit_of_work() as inner:
            Letter(to="ada")
            inner.after_commit(lambda: sent.append("second"))
        assert sent == []
    assert sent == ["first", "second"]


def test_a_decorated_function_and_a_thread_have_units_too(sent) -> None:
    @unit_of_work()
    def write(to) -> None:
        Letter(to=to)
        current_unit().after_commit(lambda: sent.append(to))

    thread = Thread(target=write, args=("ada",))
    thread.start()
    thread.join()
    write("bob")
    assert sent == ["ada", "bob"]


def test_what_an_entity_s_hook_gives_at_the_commit_runs() -> None:
    inserted.clear()
    with unit_of_work():
        Letter(to="ada")
        assert inserted == []
    assert inserted == ["ada"]


class TestUndone:
    """What was undone is never followed by what waited for its commit."""

    def test_by_an_exception(self, sent) -> None:
        with suppress(Undo), unit_of_work() as unit:
            unit.after_commit(lambda: sent.append("ada"))
            raise Undo
        assert sent == []

    def test_by_the_unit_s_rollback(self, sent) -> None:
        with unit_of_work() as unit:
            unit.rollback()
            unit.after_commit(lambda: sent.append("ada"))
        assert sent == []

    def test_by_a_commit_that_fails(self, sent) -> None:
        def write() -> None:
            with unit_of_work() as unit:
                Letter(to="ada")
                unit.after_commit(lambda: sent.append("ada"))

        write()
        with pytest.raises(ConflictError):
            write()
        assert sent == ["ada"]

    @pytest.mark.parametrize("asked", [True, False])
    def test_in_a_savepoint(self, sent, asked) -> None:
        with unit_of_work() as unit:
            if asked:
                Letter(to="ada").flush()
            unit.after_commit(lambda: sent.append("before"))
            with suppress(Undo), unit.savepoint():
                Letter(to="bob").flush()
                unit.after_commit(lambda: sent.append("undone"))
                raise Undo
            with unit.savepoint():
                unit.after_commit(lambda: sent.append("after"))
        assert sent == ["before", "after"]

    def test_in_an_inner_unit_that_failed(self, sent) -> None:
        with unit_of_work() as outer:
            outer.after_commit(lambda: sent.append("outer"))
            with suppress(Undo), unit_of_work() as inner:
                inner.after_commit(lambda: sent.append("undone"))
                raise Undo
        assert sent == ["outer"]

    @pytest.mark.parametrize("flushed", [True, False])
    def test_by_pony_s_rollback(self, sent, flushed) -> None:
        with unit_of_work() as unit:
            Letter(to="ada")
            if flushed:
                flush()
            unit.after_commit(lambda: sent.append("undone"))
            rollback()
            Letter(to="bob")
            unit.after_commit(lambda: sent.append("bob"))
        assert sent == ["bob"]
        assert stored() == {"bob"}


class TestAfterRollback:
    """What waits for the rollback runs once the outermost unit has ended."""

    def test_it_runs_where_the_unit_is_undone(self, sent) -> None:
        def send() -> None:
            assert current_unit() is None
            sent.append(sorted(stored()))

        with suppress(Undo), unit_of_work() as unit:
            Letter(to="ada").flush()
            unit.after_rollback(send)
            raise Undo
        assert sent == [[]]

    def test_it_doesn_t_run_where_the_unit_is_kept(self, sent) -> None:
        with unit_of_work() as unit:
            unit.after_rollback(lambda: sent.append("ada"))
        assert sent == []

    def test_the_unit_s_rollback_counts(self, sent) -> None:
        with unit_of_work() as unit:
            unit.after_rollback(lambda: sent.append("ada"))
            unit.rollback()
        assert sent == ["ada"]

    def test_so_does_a_commit_that_fails(self, sent) -> None:
        add("ada")
        with pytest.raises(ConflictError):
            add("ada", lambda: sent.append("ada"))
        assert sent == ["ada"]

    def test_so_does_a_part_of_a_unit_that_is_kept(self, sent) -> None:
        with unit_of_work() as unit:
            unit.after_rollback(lambda: sent.append("the unit"))
            with suppress(Undo), unit.savepoint():
                unit.after_rollback(lambda: sent.append("a savepoint"))
                raise Undo
            with suppress(Undo), unit_of_work():
                unit.after_rollback(lambda: sent.append("an inner unit"))
                raise Undo
            unit.after_rollback(lambda: sent.append("undone by Pony's"))
            Letter(to="ada")
            unit.after_rollback(lambda: sent.append("undone by Pony's, too"))
            rollback()
            assert sent == []
        assert sent == ["a savepoint", "an inner unit", "undone by Pony's, too"]

    def test_each_attempt_that_fails_has_its_own(self, sent) -> None:
        attempts = []

        def work() -> None:
            with unit_of_work() as unit:
                attempts.append(None)
                unit.after_rollback(partial(sent.append, f"attempt {len(attempts)}"))
                if len(attempts) < 3:
                    raise OptimisticCheckError("somebody else was faster")

        run_unit(work)
        assert sent == ["attempt 1", "attempt 2"]


def add(to, after_rollback=print) -> None:
    with unit_of_work() as unit:
        Letter(to=to)
        unit.after_rollback(after_rollback)


class TestRepetition:
    def test_only_the_attempt_that_succeeds_is_followed(self, sent) -> None:
        attempts = []

        def work() -> None:
            with unit_of_work() as unit:
                attempts.append(None)
                unit.after_commit(partial(sent.append, f"attempt {len(attempts)}"))
                if len(attempts) < 3:
                    raise OptimisticCheckError("somebody else was faster")

        run_unit(work)
        assert sent == ["attempt 3"]

    def test_an_error_that_another_attempt_could_help_repeats_nothing(self, sent, caplog) -> None:
        def fail() -> Never:
            raise OptimisticCheckError("somebody else was faster")

        def work() -> None:
            sent.append("ran")
            with unit_of_work() as unit:
                unit.after_commit(fail)

        run_unit(work)
        assert sent == ["ran"]
        assert "somebody else was faster" in caplog.text


class TestError:
    def test_it_is_logged_with_its_place_and_hides_no_other(self, sent, caplog) -> None:
        def fail() -> Never:
            raise ZeroDivisionError("no such host")

        with unit_of_work() as unit:
            Letter(to="ada")
            unit.after_commit(fail)
            unit.after_commit(lambda: sent.append("ada"))
        assert sent == ["ada"]
        assert stored() == {"ada"}
        (record,) = caplog.records
        line = fail.__code__.co_firstlineno + 5
        assert record.getMessage() == (
            "after_commit() failed after its unit of work had ended: no such host\n"
            f"  in {__file__}:{line}"
        )
        assert record.exc_info[0] is ZeroDivisionError

    def test_it_undoes_only_its_own_unit(self, caplog) -> None:
        def archive() -> Never:
            with unit_of_work():
                Letter(to="bob").flush()
                raise Undo

        with unit_of_work() as unit:
            Letter(to="ada")
            unit.after_commit(archive)
        assert stored() == {"ada"}
        assert "Undo" in caplog.text

    def test_its_unit_may_have_such_work_itself(self, sent) -> None:
        def archive() -> None:
            with unit_of_work() as unit:
                Letter(to="bob")
                unit.after_commit(lambda: sent.append(sorted(stored())))

        with unit_of_work() as unit:
            Letter(to="ada")
            unit.after_commit(archive)
        assert sent == [["ada", "bob"]]

    def test_a_coroutine_is_refused_where_it_is_given(self) -> None:
        async def send() -> None:
            pass

        with pytest.raises(DatabaseError, match="was given a coroutine"), unit_of_work() as unit:
            unit.after_commit(send)

    def test_what_can_not_be_called_is_refused_where_it_is_given(self, sent) -> None:
        refused = pytest.raises(DatabaseError, match=r"after_commit\(\) was given None")
        with refused as caught, unit_of_work() as unit:
            unit.after_commit(sent.append("ada"))
        assert "partial" in str(caught.value)

    def test_a_coroutine_that_was_made_is_logged(self, caplog) -> None:
        async def send() -> None:
            pass

        with unit_of_work() as unit:
            unit.after_commit(lambda: send())
        assert "is a coroutine" in caplog.text

    def test_after_the_end_it_is_refused(self) -> None:
        with unit_of_work() as unit:
            pass
        with pytest.raises(DatabaseError, match="after the end of its unit"):
            unit.after_commit(print)

    def test_in_a_session_of_pony_s_it_is_refused(self) -> None:
        refused = pytest.raises(DatabaseError, match="a db_session of Pony's")
        with refused, db_session, unit_of_work() as unit:
            unit.after_commit(print)


class TestBrokenConnection:
    def test_before_the_commit_arrives(self, broken_way, sent) -> None:
        broken_way.cut = "before"
        run_unit(partial(self._write, sent))
        assert sent == ["undone 1", "after 2"]
        assert stored() == {"attempt 2"}

    def test_after_the_commit_arrived(self, broken_way, sent) -> None:
        broken_way.cut = "after"
        run_unit(partial(self._write, sent))
        assert sent == ["after 1"]
        assert stored() == {"attempt 1"}

    def test_where_it_stays_unknown(self, broken_way, sent, monkeypatch) -> None:
        monkeypatch.setattr(commit_status, "PATIENCE", 0.3)

        def work() -> None:
            self._write(sent)
            flush()
            broken_way.cut = "after"
            broken_way.refusing = True

        with pytest.raises(CommitException, match="the status of transaction"):
            run_unit(work)
        assert sent == []
        broken_way.refusing = False
        assert stored() == {"attempt 1"}

    def _write(self, sent) -> None:
        with unit_of_work() as unit:
            self.attempt = getattr(self, "attempt", 0) + 1
            Letter(to=f"attempt {self.attempt}")
            unit.after_commit(partial(sent.append, f"after {self.attempt}"))
            unit.after_rollback(partial(sent.append, f"undone {self.attempt}"))
