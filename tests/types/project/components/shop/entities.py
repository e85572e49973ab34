"""Purchases of wares, and a school: every kind of attribute that queries can use."""

from datetime import date, datetime
from decimal import Decimal

from pony.orm import (
    Discriminator,
    IntArray,
    Json,
    Optional,
    PrimaryKey,
    Required,
    Set,
    StrArray,
    composite_index,
    composite_key,
    sum,
)

from berceau.orm import db


class Buyer(db.Entity):
    email = Required(str, unique=True)
    name = Required(str)
    country = Required(str)
    age = Optional(int)
    purchases = Set("Purchase", cascade_delete=True)
    friends = Set("Buyer", reverse="friends")
    spouse = Optional("Buyer", reverse="spouse")

    @property
    def spent(self) -> Decimal:
        return sum(each.total for each in self.purchases)


class Purchase(db.Entity):
    id = PrimaryKey(int, auto=True)
    state = Required(str)
    made = Required(datetime)
    shipped = Optional(datetime)
    total = Required(Decimal, 10, 2)
    buyer = Required(Buyer)
    lines = Set("Line", cascade_delete=True)
    composite_index(state, "made")


class Line(db.Entity):
    amount = Required(int)
    price = Required(Decimal, 10, 2)
    purchase = Required(Purchase)
    ware = Required("Ware")
    PrimaryKey(purchase, ware)


class Ware(db.Entity):
    id = PrimaryKey(int, auto=True)
    name = Required(str)
    price = Required(Decimal, 10, 2)
    stock = Required(int)
    rating = Optional(float)
    details = Required(Json)
    labels = Optional(Json)
    points = Optional(IntArray)
    words = Optional(StrArray)
    picture = Optional(bytes)
    lines = Set(Line, cascade_delete=False)
    shelves = Set("Shelf")


class Shelf(db.Entity):
    name = Required(str, unique=True)
    wares = Set(Ware)


class Someone(db.Entity):
    name = Required(str)
    born = Optional(date)
    kind = Discriminator(int)
    _discriminator_ = 1


class Pupil(Someone):
    grade = Optional(Decimal, 4, 2)
    group = Required("Group")
    courses = Set("Course")
    mentor = Optional("Teacher")
    _discriminator_ = 2


class Teacher(Someone):
    degree = Required(str)
    pupils = Set(Pupil)
    _discriminator_ = 3


class Group(db.Entity):
    number = PrimaryKey(int)
    faculty = Required(int)
    pupils = Set(Pupil, cascade_delete=False)


class Course(db.Entity):
    name = Required(str)
    term = Required(int)
    pupils = Set(Pupil)
    PrimaryKey(name, term)
    composite_key("term", "name")


class Noted(db.Entity):
    name: str = Required(str)
    made: datetime = Required(datetime)
    words: str | None = Optional(str, nullable=True)
