"""A partner of a one-to-one relation that another unit of work makes meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from pony.orm import Database, Optional, PrimaryKey, Required, UnrepeatableReadError

from berceau.orm.database import GlobalDatabase
from berceau.orm.session import run_unit, unit_of_work
from tests.waiting import SECONDS

database = GlobalDatabase()


class Person(database.Entity):
    id = PrimaryKey(int)
    desk = Optional("Desk")


class Desk(database.Entity):
    owner = Required(Person)
    number = Optional(int)


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def execute(connection: Any) -> Callable[[str], None]:
    def execute(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    execute("TRUNCATE person, desk; INSERT INTO person (id) VALUES (1)")
    return execute


LOOK = {
    "a query": lambda: Desk.select()[:],
    "a key": lambda: Desk.get(owner=1),
    "the partner": lambda: Desk.get(owner=Person[1]),
    "get or create": lambda: Desk.get_or_create(owner=Person[1]),
    "upsert": lambda: Desk.upsert(owner=Person[1], defaults={"number": 2}),
}


@pytest.mark.parametrize("look", LOOK.values(), ids=LOOK)
def test_the_unit_runs_again(look: Callable[[], Any], execute: Callable[[str], None]) -> None:
    attempts = []

    def work() -> int:
        attempts.append(Person[1].desk)
        if len(attempts) == 1:
            execute("INSERT INTO desk (owner, number) VALUES (1, 1)")
        look()
        return Person[1].desk.id

    assert run_unit(work)
    assert len(attempts) == 2
    assert attempts[0] is None


def test_outside_of_run_unit_it_is_an_error(execute: Callable[[str], None]) -> None:
    says = r"Phantom object Desk\[\d+\] appeared in Person\[1\]\.desk"
    with unit_of_work():
        assert Person[1].desk is None
        execute("INSERT INTO desk (owner) VALUES (1)")
        with pytest.raises(UnrepeatableReadError, match=says):
            Desk.select()[:]


def test_what_the_unit_makes_itself_is_no_phantom() -> None:
    with unit_of_work():
        assert Person[1].desk is None
        made = Desk(owner=Person[1])
        assert Desk.select()[:] == [made]
        assert Person[1].desk is made


@pytest.mark.parametrize("method", ["get_or_create", "upsert"])
def test_equal_writes_at_once_make_one(method: str) -> None:
    barrier = Barrier(8, timeout=SECONDS)

    def write(number: int) -> bool:
        attempts = []

        def work() -> bool:
            attempts.append(number)
            if len(attempts) == 1:
                barrier.wait()
            _, is_new = getattr(Desk, method)(owner=Person[1], defaults={"number": number})
            return bool(is_new)

        return run_unit(work)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
    with unit_of_work():
        assert Desk.select().count() == 1
