"""Savepoints: a part of a unit fails alone, in the database and in its objects."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from pony.orm import (
    Database,
    IntArray,
    Json,
    OperationalError,
    Optional,
    PrimaryKey,
    ProgrammingError,
    Required,
    Set,
    composite_key,
    flush,
    select,
)
from pony.orm.core import CommitException, OperationWithDeletedObjectError, OptimisticCheckError

from berceau.errors import ConflictError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import run_unit, unit_of_work
from berceau.orm.unit import UnitOfWork, current_unit

database = GlobalDatabase()


class Owner(database.Entity):
    name = Required(str, unique=True)
    age = Optional(int)
    data = Optional(Json)
    numbers = Optional(IntArray)
    pets = Set("Pet")
    clubs = Set("Club")


class Pet(database.Entity):
    owner = Required(Owner)
    name = Required(str)
    composite_key(owner, name)


class Cat(Pet):
    lives = Required(int, default=9)


class Club(database.Entity):
    name = PrimaryKey(str)
    members = Set(Owner)


class Undo(Exception):  # noqa: N818 - no error
    """Ends the body of a savepoint."""


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture
def unit(tables: None) -> Iterator[UnitOfWork]:  # noqa: ARG001 (they are in them)
    """A unit with an owner, a pet and a club, which is committed."""
    with unit_of_work():
        database.execute("TRUNCATE owner, pet, club, club_owner")
        ada = Owner(name="Ada", age=1, data={"a": [1]}, numbers=[1])
        Cat(owner=ada, name="Tom")
        ada.clubs.add(Club(name="chess"))
        Owner(name="Bob", age=5)
    with unit_of_work() as unit:
        yield unit


def ada() -> Owner:
    found = Owner.get(name="Ada")
    assert found is not None
    return found


def undone(unit: UnitOfWork, body: Callable[[], object]) -> None:
    """Run ``body`` in a savepoint, write what it did, and undo it."""
    with suppress(Undo), unit.savepoint():
        body()
        flush()
        raise Undo


def test_what_succeeds_is_kept(unit) -> None:
    with unit.savepoint():
        ada().age = 2
        with unit.savepoint():
            Club(name="go").members.add(ada())
    assert database.select("age FROM owner WHERE name = 'Ada'") == [2]
    assert sorted(database.select("club FROM club_owner")) == ["chess", "go"]


def test_values_are_as_before(unit) -> None:
    owner = ada()
    document = owner.data

    def change() -> None:
        owner.set(name="Eve", age=7)
        owner.data["a"].append(2)
        owner.numbers.append(2)

    undone(unit, change)
    assert (owner.name, owner.age, owner.data, owner.numbers) == ("Ada", 1, {"a": [1]}, [1])
    assert document == {"a": [1, 2]}, "what the body changed isn't the owner's any more"
    assert ada() is owner
    assert Owner.get(name="Eve") is None
    owner.data["b"] = 1
    owner.age += 1
    flush()
    (row,) = database.select("age, data FROM owner WHERE name = 'Ada'")
    assert row == (2, '{"a": [1], "b": 1}')


def test_what_was_changed_before_is_kept(unit) -> None:
    owner = ada()
    owner.age = 3
    owner.data["a"].append(3)
    undone(unit, lambda: owner.set(age=4))
    assert (owner.age, owner.data) == (3, {"a": [1, 3]})
    flush()
    assert database.select("age FROM owner WHERE name = 'Ada'") == [3]


@pytest.mark.parametrize("written", [True, False])
def test_what_was_made_is_gone(unit, written) -> None:
    made = []
    owner = ada()
    with suppress(Undo), unit.savepoint():
        made += [Owner(name="Eve"), Pet(owner=owner, name="Rex"), Club(name="go", members=[owner])]
        if written:
            flush()
            made[0].age = 1
            flush()
        raise Undo
    assert [pet.name for pet in owner.pets] == ["Tom"]
    assert [club.name for club in owner.clubs] == ["chess"]
    assert Owner.get(name="Eve") is Club.get(name="go") is None
    assert Pet.get(owner=owner, name="Rex") is None
    for each in made:
        with pytest.raises(OperationWithDeletedObjectError):
            each.set(name="x")
    Owner(name="Eve")
    Pet(owner=owner, name="Rex")
    Club(name="go").members.add(owner)
    flush()
    assert len(owner.pets) == len(owner.clubs) == 2


def test_what_was_deleted_is_there(unit) -> None:
    owner = ada()
    pet = owner.pets.select().first()
    undone(unit, owner.delete)
    assert ada() is owner
    assert set(owner.pets) == {pet}
    assert pet.name == "Tom"
    owner.age = 8
    pet.delete()
    flush()
    assert not owner.pets
    assert database.select("age FROM owner WHERE name = 'Ada'") == [8]


def test_collections_are_as_before(unit) -> None:
    owner, club = ada(), Club["chess"]
    assert owner in club.members
    undone(unit, lambda: owner.clubs.clear())
    assert owner in club.members
    assert club in owner.clubs
    club.members.remove(owner)
    club.members.add(Owner.get(name="Bob"))
    flush()
    assert select(each.name for each in Owner if club in each.clubs)[:] == ["Bob"]


def test_what_was_loaded_is_loaded_again(unit) -> None:
    found = []

    def load() -> None:
        found.extend([ada(), *Pet.select(), *Owner.select(lambda each: each.name == "Bob")])
        found[0].set(name="Eve", age=7)
        found[2].delete()

    undone(unit, load)
    owner, pet, bob = found
    assert (owner.name, owner.age, pet.name, pet.lives) == ("Ada", 1, "Tom", 9)
    assert (bob.name, bob.age) == ("Bob", 5)
    assert ada() is owner
    assert Pet.get(name="Tom") is pet
    bob.age = 6
    flush()
    assert database.select("age FROM owner WHERE name = 'Bob'") == [6]


def test_an_inner_one_fails_alone(unit) -> None:
    with unit.savepoint():
        outer = Owner(name="Outer")
        undone(unit, lambda: (Owner(name="Inner"), outer.set(age=9)))
        assert outer.age is None
    assert outer.name == "Outer"
    flush()
    assert sorted(database.select("name FROM owner")) == ["Ada", "Bob", "Outer"]


def test_an_outer_one_undoes_an_inner_one(unit) -> None:
    made = []

    def body() -> None:
        with unit.savepoint():
            made.append(Owner(name="Inner"))

    undone(unit, body)
    with pytest.raises(OperationWithDeletedObjectError):
        made[0].age = 1
    assert sorted(database.select("name FROM owner")) == ["Ada", "Bob"]


def test_what_the_server_refused_is_over(unit) -> None:
    with pytest.raises(ProgrammingError), unit.savepoint():
        database.select("nonsense")
    with pytest.raises(ConflictError), unit.savepoint():
        Owner(name="Ada")
    ada().age = 2
    flush()
    assert database.select("age FROM owner WHERE name = 'Ada'") == [2]


def test_a_failed_inner_unit_is_forgotten_with_it() -> None:
    with unit_of_work() as unit:
        Owner(name="Kept")
        with suppress(Undo), unit.savepoint(), unit_of_work():
            Owner(name="Lost")
            raise Undo
    assert {"Kept"} == {"Kept", "Lost"} & set(names())


def names() -> list[str]:
    with unit_of_work():
        return list(database.select("name FROM owner"))


def test_an_inner_unit_that_failed_before_stays_failed() -> None:
    def forget() -> None:
        with unit_of_work() as unit:
            with suppress(Undo), unit_of_work():
                Owner(name="Lost")
                raise Undo
            undone(unit, lambda: Owner(name="Lost too"))

    with pytest.raises(CommitException, match="inner unit"):
        forget()


def test_a_session_s_first_query_may_be_in_it() -> None:
    with unit_of_work() as unit:
        undone(unit, lambda: Owner(name="First"))
        Owner(name="Second")
    assert {"First", "Second"} & set(names()) == {"Second"}


def test_what_was_read_before_is_still_checked(unit) -> None:
    owner = ada()
    assert owner.age == 1
    undone(unit, lambda: owner.set(age=2))
    database.execute("UPDATE owner SET age = 40 WHERE name = 'Ada'")
    owner.age += 1
    with pytest.raises(OptimisticCheckError):
        flush()
    unit.rollback()


def test_after_a_lost_connection_the_unit_runs_again(connection) -> None:
    attempts = []

    def work() -> None:
        unit = current_unit()
        assert unit is not None
        attempts.append(None)
        with suppress(OperationalError), unit.savepoint():
            (backend,) = database.select("pg_backend_pid()")
            if len(attempts) == 1:
                Owner(name="Lost").flush()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
            Owner(name=f"After {len(attempts)}").flush()
        Owner(name=f"Last {len(attempts)}").flush()

    run_unit(work)
    assert {"Lost", "After 1", "After 2", "Last 1", "Last 2"} & set(names()) == {
        "After 2",
        "Last 2",
    }
