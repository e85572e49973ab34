"""People, some of whom may do more than others."""

from pony.orm import Json, Optional, PrimaryKey, Required, Set, StrArray

from berceau.orm import db


class Person(db.Entity):
    name = Required(str, 100, unique=True)
    email = Optional(str, unique=True)
    nickname = Optional(str)
    motto = Optional(str, nullable=True)
    age = Optional(int)
    settings = Optional(Json)
    languages = Required(StrArray, default=["en"])
    posts = Set("Post")
    edited = Set("Post", reverse="editor")
    mentor = Optional("Person", reverse="students")
    students = Set("Person", reverse="mentor")

    @property
    def label(self) -> str:
        return self.nickname or self.name

    def greet(self, other: "Person") -> str:
        return f"{self.label} greets {other.label}"


class Admin(Person):
    level = Required(int)
    comments = Set("Comment")


class Passport(db.Entity):
    country = Required(str, 2)
    number = Required(int, size=64)
    PrimaryKey(country, number)
