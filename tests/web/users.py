"""Rows of the demo that views of tests write."""

from berceau.orm.session import unit_of_work
from components.demo.entities import DemoUser


def add_user(name="Ada", email="ada@example.org") -> DemoUser:
    return DemoUser(name=name, email=email)


def user_count() -> int:
    with unit_of_work():
        return DemoUser.select().count()
