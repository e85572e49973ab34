"""Units of work: all or nothing, whatever breaks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Thread
from typing import Any, Never

import pytest
from pony.orm import Database, OperationalError, OrmError, Required, commit, flush, select
from pony.orm.core import CommitException, DBException, OptimisticCheckError

from berceau.errors import CommitUnknownError, ConflictError, DatabaseError
from berceau.orm import database as orm
from berceau.orm import session
from berceau.orm.failures import is_repeatable
from berceau.orm.session import pause, run_unit, unit_of_work
from berceau.postgres.core import commit_status
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.settings import Limits
from tests.proxy import proxy
from tests.waiting import SECONDS

database = Database()


class Account(database.Entity):
    name = Required(str, unique=True)
    balance = Required(int, default=0)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def no_rows(tables) -> Iterator[None]:  # noqa: ARG001 (they are emptied)
    yield
    with unit_of_work():
        Account.select().delete(bulk=True)


@pytest.fixture
def broken_way() -> Iterator[Any]:
    """The way to the server, which a test may cut."""
    direct = database.provider.pool.source
    with proxy(direct.url, local=True) as way:
        orm.connect(ConnectionPool(way.url, Limits()), database)
        yield way
        orm.connect(direct, database)


def names() -> set[str]:
    with unit_of_work():
        return set(select(account.name for account in Account))


def balances() -> dict[str, int]:
    return dict(select((account.name, account.balance) for account in Account))


class TestUnit:
    def test_its_end_commits(self) -> None:
        with unit_of_work():
            Account(name="ada")
        assert names() == {"ada"}

    def test_an_exception_undoes_all(self) -> None:
        def fail() -> Never:
            with unit_of_work():
                Account(name="ada").flush()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert names() == set()

    def test_it_can_be_rolled_back(self) -> None:
        with unit_of_work() as unit:
            Account(name="ada").flush()
            unit.rollback()
        assert names() == set()

    def test_a_part_of_it_can_t_be_committed(self) -> None:
        def commit_early() -> None:
            with unit_of_work():
                Account(name="ada")
                commit()

        with pytest.raises(CommitException, match="before the end"):
            commit_early()
        assert names() == set()

    def test_an_inner_unit_is_a_part(self) -> None:
        with unit_of_work():
            Account(name="ada")
            with unit_of_work():
                Account(name="bob")
        assert names() == {"ada", "bob"}

    def test_an_inner_unit_that_failed_can_t_be_forgotten(self) -> None:
        def forget() -> Never:
            with unit_of_work():
                Account(name="ada")
                with pytest.raises(ZeroDivisionError), unit_of_work():
                    raise ZeroDivisionError

        with pytest.raises(CommitException, match="its exception didn't reach the outer one"):
            forget()
        assert names() == set()

    def test_reading_sees_one_snapshot(self) -> None:
        with unit_of_work(read_only=True):
            before = names_elsewhere = set(select(account.name for account in Account))
            thread = Thread(target=add, args=("ada",))
            thread.start()
            thread.join()
            assert set(select(account.name for account in Account)) == before == names_elsewhere
        assert names() == {"ada"}

    def test_reading_can_t_write(self) -> None:
        with pytest.raises(DatabaseError, match="asked to write"), unit_of_work(read_only=True):
            Account(name="ada").flush()
        assert names() == set()


def add(name) -> None:
    with unit_of_work():
        Account(name=name)


class TestRepetition:
    def test_those_who_can_t_be_ordered_run_again(self) -> None:
        with unit_of_work():
            Account(name="ada", balance=100)
            Account(name="bob", balance=100)
        together = Barrier(2, timeout=SECONDS)
        attempts = []

        def take(name) -> None:
            attempts.append(name)
            total = sum(balances().values())
            if len(attempts) <= 2:
                together.wait()  # both have read before either writes
            if total >= 150:
                Account.get(name=name).balance -= 100

        threads = [
            Thread(
                target=run_unit, args=(lambda name=name: take(name),), kwargs={"serializable": True}
            )
            for name in ("ada", "bob")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(attempts) == 3
        with unit_of_work():
            assert sum(balances().values()) == 100

    def test_a_deadlock_is_resolved(self) -> None:
        with unit_of_work():
            Account(name="ada")
            Account(name="bob")
        together = Barrier(2, timeout=SECONDS)
        attempts = []

        def increase(*order) -> None:
            attempts.append(order)
            for name in order:
                database.execute("UPDATE account SET balance = balance + 1 WHERE name = $name")
                if len(attempts) <= 2 and name == order[0]:
                    together.wait()

        orders = ("ada", "bob"), ("bob", "ada")
        at_once(lambda order: run_unit(lambda: increase(*order)), *orders)
        assert len(attempts) == 3
        with unit_of_work():
            assert balances() == {"ada": 2, "bob": 2}

    def test_what_others_changed_meanwhile_is_read_again(self) -> None:
        with unit_of_work():
            Account(name="ada", balance=1)
        attempts = []

        def double() -> None:
            ada = Account.get(name="ada")
            balance = ada.balance
            if not attempts:
                thread = Thread(target=set_balance, args=(10,))
                thread.start()
                thread.join()
            attempts.append(balance)
            ada.balance = balance * 2

        run_unit(double)
        assert attempts == [1, 10]
        with unit_of_work():
            assert Account.get(name="ada").balance == 20

    def test_a_lasting_failure_is_raised_in_the_end(self) -> None:
        attempts = []

        def fail() -> Never:
            attempts.append(None)
            raise OptimisticCheckError("again")

        with pytest.raises(OptimisticCheckError):
            run_unit(fail, attempts=3)
        assert len(attempts) == 3

    def test_a_mistake_is_not_repeated(self) -> None:
        attempts = []

        def fail() -> None:
            attempts.append(None)
            Account(name="ada")
            Account(name="ada")

        with pytest.raises(Exception, match="already exists") as mistake:
            run_unit(fail)
        assert not is_repeatable(mistake.value)
        assert len(attempts) == 1

    def test_the_pauses_are_random_and_grow(self) -> None:
        assert len({pause(1) for _ in range(10)}) > 1
        for attempt, longest in [(1, 0.1), (2, 0.2), (3, 0.4)]:
            assert all(0 <= pause(attempt) <= longest for _ in range(100))


def at_once(work, *arguments) -> None:
    with ThreadPoolExecutor() as threads:
        list(threads.map(work, arguments))


def set_balance(balance) -> None:
    with unit_of_work():
        Account.get(name="ada").balance = balance


class TestBrokenConnection:
    def test_in_the_middle_undoes_all_and_runs_again(self, connection) -> None:
        attempts = []

        def work() -> None:
            attempts.append(None)
            Account(name=f"first {len(attempts)}")
            flush()
            if len(attempts) == 1:
                (backend,) = database.select("pg_backend_pid()")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
            Account(name=f"second {len(attempts)}")

        run_unit(work)
        assert names() == {"first 2", "second 2"}

    @pytest.mark.parametrize(("breaks", "kept"), [("before", 2), ("after", 1), ("crash", 2)])
    def test_it_runs_again_unless_the_commit_arrived(self, broken_way, breaks, kept) -> None:
        attempts = []

        def work() -> None:
            attempts.append(None)
            Account(name=f"attempt {len(attempts)}").flush()
            if breaks == "crash" and len(attempts) == 1:
                broken_way.crash()

        broken_way.cut = breaks
        run_unit(work)
        assert names() == {f"attempt {kept}"}

    def test_where_no_server_can_be_asked_it_is_unknown(self, broken_way, monkeypatch) -> None:
        monkeypatch.setattr(commit_status, "PATIENCE", 0.3)

        def work() -> None:
            Account(name="ada")
            flush()
            broken_way.cut = "after"
            broken_way.refusing = True

        with pytest.raises(CommitException, match="the status of transaction") as unknown:
            run_unit(work)
        assert isinstance(unknown.value.exceptions[0][1], CommitUnknownError)
        broken_way.refusing = False
        assert names() == {"ada"}

    def test_a_server_that_is_gone_is_an_error(self, broken_way, monkeypatch) -> None:
        monkeypatch.setattr(session, "FIRST_PAUSE", 0.01)
        broken_way.refusing = True
        with pytest.raises((OperationalError, DatabaseError)):
            run_unit(lambda: Account.get(name="ada"))


def _write_twice() -> None:
    database.execute("INSERT INTO account (name, balance) VALUES ('x', 0), ('x', 0)")


def _flush_half() -> None:
    database.insert(Account, name="x", balance=0)
    Account(name="w")
    Account(name="x")
    flush()


def _divide() -> None:
    database.select("SELECT 1 / 0 AS x")


def _raise() -> None:
    raise ZeroDivisionError


def _add() -> None:
    Account(name="y")


def _add_now() -> None:
    Account(name="y").flush()


def _read() -> None:
    balances()


def _nothing() -> None:
    pass


FAILURES = {each.__name__: each for each in (_write_twice, _flush_half, _divide, _raise)}
AFTERWARDS = {each.__name__: each for each in (_nothing, _add, _add_now, _read)}


class TestFailuresThatAreCaught:
    """A unit that goes on after a failure ends in one message that names it; nothing is kept."""

    @pytest.mark.parametrize("go_on", AFTERWARDS.values(), ids=AFTERWARDS)
    @pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
    def test_of_an_inner_unit(self, fail, go_on) -> None:
        failure = None

        def forget() -> None:
            nonlocal failure
            with unit_of_work():
                Account(name="ada").flush()
                try:
                    with unit_of_work():
                        fail()
                except Exception as error:
                    failure = error
                go_on()

        with pytest.raises(DatabaseError, match=r"exception (didn't reach|was caught)") as refused:
            forget()
        assert isinstance(refused.value, CommitException)
        assert refused.value.cure is not None
        assert failure is not None
        assert names() == set()

    @pytest.mark.parametrize("go_on", AFTERWARDS.values(), ids=AFTERWARDS)
    @pytest.mark.parametrize("fail", [_write_twice, _flush_half, _divide])
    def test_of_a_statement(self, fail, go_on) -> None:
        def forget() -> None:
            with unit_of_work():
                Account(name="ada").flush()
                with suppress(OrmError, DBException):
                    fail()
                go_on()

        with pytest.raises(CommitException, match=r"exception was caught.*(key value|by zero)"):
            forget()
        assert names() == set()

    def test_the_unit_can_be_rolled_back(self) -> None:
        with unit_of_work() as unit:
            Account(name="ada").flush()
            with pytest.raises(ConflictError), unit_of_work():
                _write_twice()
            unit.rollback()
        assert names() == set()

    def test_a_unit_that_only_reads_goes_on(self) -> None:
        with unit_of_work():
            with pytest.raises(ZeroDivisionError), unit_of_work():
                _raise()
            assert balances() == {}
