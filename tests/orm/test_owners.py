"""Units of work in one thread that run in turns: refused, so that none undoes another's rows."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import pytest
from pony.orm import Required, select

from berceau.errors import DatabaseError
from berceau.orm import run_unit, unit_of_work
from berceau.orm.database import GlobalDatabase
from berceau.orm.unit import current_unit

T = TypeVar("T")

database = GlobalDatabase()


class Account(database.Entity):
    name = Required(str, unique=True)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def no_rows(tables) -> Iterator[None]:  # noqa: ARG001 (they are emptied)
    yield
    assert current_unit() is None
    with unit_of_work():
        Account.select().delete(bulk=True)


def names() -> set[str]:
    with unit_of_work():
        return set(select(account.name for account in Account))


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` in a thread of its own: a browser's test may have left a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()


class Asynchronous:
    async def __call__(self) -> None:
        Account(name="ada")


async def coroutine() -> None:
    Account(name="ada")


def generator() -> Iterator[None]:
    Account(name="ada")
    yield


async def asynchronous_generator():  # noqa: ANN201 (its type is what is tested)
    Account(name="ada")
    yield


LAZY: dict[str, Callable[[], object]] = {
    "a coroutine": coroutine,
    "a coroutine behind a lambda": lambda: coroutine(),
    "a partial coroutine": partial(coroutine),
    "an object that is called as a coroutine": Asynchronous(),
    "a generator": generator,
    "an asynchronous generator": asynchronous_generator,
    "an asynchronous generator behind a lambda": lambda: asynchronous_generator(),
}


@pytest.mark.parametrize("work", LAZY.values(), ids=LAZY)
def test_work_that_begins_later_is_refused(work) -> None:
    with pytest.raises(DatabaseError, match=r"would run after its unit of work") as refused:
        run_unit(work)
    assert "to_thread" in str(refused.value.cure)
    assert names() == set()


@pytest.mark.parametrize("work", [coroutine, generator, asynchronous_generator])
def test_it_isnt_decorated(work) -> None:
    with pytest.raises(DatabaseError, match="would run after its unit of work") as refused:
        unit_of_work()(work)
    assert refused.value.where.file.name == "test_owners.py"
    assert refused.value.where.line == work.__code__.co_firstlineno


def test_a_function_is_decorated() -> None:
    @unit_of_work()
    def add(name: str) -> str:
        return Account(name=name).name

    assert [add("ada"), add("bob")] == ["ada", "bob"]
    assert names() == {"ada", "bob"}


class TestTasks:
    def test_a_second_one_enters_no_unit(self) -> None:
        async def one() -> None:
            with unit_of_work():
                Account(name="ada").flush()
                await asyncio.sleep(0.01)

        async def other() -> None:
            with unit_of_work():
                Account(name="bob")
                raise ZeroDivisionError

        async def both() -> list[BaseException | None]:
            return await asyncio.gather(one(), other(), return_exceptions=True)

        mine, its = run(both())
        assert mine is None
        assert isinstance(its, DatabaseError)
        assert "Another asyncio task" in str(its)
        assert its.where is not None
        assert its.where.line == one.__code__.co_firstlineno + 1
        assert names() == {"ada"}

    def test_a_second_one_sends_no_query(self) -> None:
        async def query() -> list[str]:
            return list(select(account.name for account in Account))

        async def outer() -> list[str]:
            with unit_of_work():
                return await asyncio.create_task(query())

        with pytest.raises(DatabaseError, match="Another asyncio task"):
            run(outer())

    def test_each_has_its_own_in_turn_or_in_a_thread(self) -> None:
        def add(name: str) -> None:
            with unit_of_work():
                Account(name=name)

        async def inner() -> None:
            with unit_of_work():
                Account(name="inner")

        async def work() -> None:
            await asyncio.gather(*(asyncio.to_thread(add, name) for name in ("ada", "bob")))
            add("eve")
            with unit_of_work():
                Account(name="outer").flush()
                await inner()
                await asyncio.to_thread(add, "mel")

        run(work())
        assert names() == {"ada", "bob", "eve", "inner", "mel", "outer"}


class TestGenerators:
    def test_a_suspended_one_does_not_share_its_unit(self) -> None:
        def numbers() -> Iterator[int]:
            with unit_of_work():
                Account(name="ada").flush()
                yield 1
                yield 2

        open_one = numbers()
        next(open_one)
        with pytest.raises(DatabaseError, match="generator or coroutine that is") as refused:
            names()
        assert refused.value.where.line == numbers.__code__.co_firstlineno + 1
        with pytest.raises(DatabaseError, match="generator or coroutine that is suspended"):
            Account(name="bob")
        assert list(open_one) == [2]
        assert names() == {"ada"}

    def test_one_that_is_dropped_ends_its_unit(self) -> None:
        def numbers() -> Iterator[int]:
            with unit_of_work():
                Account(name="ada").flush()
                yield 1

        for _ in numbers():
            break
        gc.collect()
        assert names() == set()

    def test_one_that_runs_has_inner_units(self) -> None:
        def accounts() -> Iterator[str]:
            with unit_of_work():
                Account(name="ada")
                yield from names()

        assert list(accounts()) == ["ada"]

    def test_a_context_manager_is_no_generator(self) -> None:
        @contextmanager
        def writing() -> Iterator[None]:
            with unit_of_work():
                yield

        with writing():
            Account(name="ada")
            assert names() == {"ada"}

    @pytest.fixture
    def open_unit(self) -> Iterator[None]:
        with unit_of_work():
            yield

    def test_a_fixture_is_no_generator(self, open_unit) -> None:  # noqa: ARG002 (it is open)
        Account(name="ada")
        assert names() == {"ada"}
