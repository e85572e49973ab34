"""Rows of a subclass that isn't declared: its component is out, or it is of a newer release."""

from collections.abc import Callable, Iterator
from enum import Enum, IntEnum
from typing import Any

import pytest
from pony.orm import Database, Discriminator, Optional, PrimaryKey, Required, count, flush, select

from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work

database = GlobalDatabase()


class Kind(Enum):
    PLAIN = "plain"
    ROUND = "round"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Person(database.Entity):
    id = PrimaryKey(int)
    name = Required(str, unique=True)


class Student(Person):
    room = Optional(int)


class Letter(database.Entity):
    id = PrimaryKey(int)
    sender = Required(Person)
    reader = Optional(Student)


class Shape(database.Entity):
    kind = Discriminator(Kind)
    _discriminator_ = Kind.PLAIN


class Ball(Shape):
    _discriminator_ = Kind.ROUND


class Floor(database.Entity):
    level = Discriminator(Level)
    _discriminator_ = Level.LOW


class Roof(Floor):
    _discriminator_ = Level.HIGH


ROWS = """
INSERT INTO person (id, name, classtype, room) VALUES
    (1, 'Ada', 'Person', NULL), (2, 'Bob', 'Student', 1),
    (3, 'Cid', 'Manager', NULL), (4, 'Dan', 'Senior', 2);
INSERT INTO letter (id, sender, reader) VALUES (1, 3, 4), (2, 1, 2), (3, 2, NULL);
INSERT INTO shape (id, kind) VALUES (1, 'plain'), (2, 'round');
INSERT INTO floor (id, level) VALUES (1, 'LOW'), (2, 'HIGH');
"""


@pytest.fixture(scope="module", autouse=True)
def tables(make_tables: Callable[[Database], None]) -> None:
    make_tables(database)


@pytest.fixture(autouse=True)
def rows(connection: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE person, letter, shape, floor")
        cursor.execute(ROWS)
    with unit_of_work():
        yield


def kinds(objects: Any) -> dict[str, type]:
    return {each.name: type(each) for each in objects}


def test_they_are_rows_of_the_root() -> None:
    everybody = {"Ada": Person, "Bob": Student, "Cid": Person, "Dan": Person}
    assert kinds(Person.select()) == everybody
    assert count(p for p in Person) == 4
    assert kinds(select(p for p in Person if p.name > "C")) == {"Cid": Person, "Dan": Person}


@pytest.mark.parametrize(
    "find",
    [lambda: Person[3], lambda: Person.get(name="Cid"), lambda: Letter[1].sender],
    ids=["key", "name", "relation"],
)
def test_they_are_found_changed_and_deleted(find: Callable[[], Any]) -> None:
    cid = find()
    assert (type(cid), cid.name) == (Person, "Cid")
    cid.name = "Cyd"
    flush()
    assert select(p.name for p in Person if p.id == 3)[:] == ["Cyd"]
    cid.delete()
    flush()
    assert not Person.exists(id=3)


def test_a_subclass_has_rows_of_its_own_only() -> None:
    assert kinds(Student.select()) == {"Bob": Student}
    assert Student.get(id=4) is None
    assert kinds(select(p for p in Person if isinstance(p, Student))) == {"Bob": Student}


@pytest.mark.parametrize("first", [True, False], ids=["the relation first", "the root first"])
def test_a_relation_to_a_subclass_tells_what_they_are(*, first: bool) -> None:
    if not first:
        assert len(Person.select()[:]) == 4
    reader = Letter[1].reader
    assert (type(reader), reader.name, reader.room) == (Student, "Dan", 2)
    if first:
        assert kinds(Person.select())["Dan"] is Student


def test_queries_join_them() -> None:
    assert {letter.id for letter in Letter.select(lambda e: e.sender.name == "Cid")} == {1}
    assert set(select(e.sender.name for e in Letter)) == {"Ada", "Bob", "Cid"}


def test_an_enum_tells_the_entity() -> None:
    assert [type(each) for each in Shape.select().order_by(Shape.id)] == [Shape, Ball]
    assert [each.id for each in Ball.select()] == [2]
    assert [type(each) for each in Floor.select().order_by(Floor.id)] == [Floor, Roof]
    assert [each.id for each in Roof.select()] == [2]
