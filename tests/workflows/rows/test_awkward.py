"""Entities and values that few have: each page shows them, and no form damages them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import pytest
from pony.orm import (
    Discriminator,
    IntArray,
    Json,
    Optional,
    PrimaryKey,
    Required,
    Set,
    composite_key,
)

from berceau.errors import RowsError
from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work
from berceau.planner.privacy import Privacy
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.scratch import scratch
from berceau.workflows.rows.browsing import Browsing, browse
from berceau.workflows.rows.cascades import effects_of_deletion
from berceau.workflows.rows.editing import Saved, change, create, delete, link
from berceau.workflows.rows.entities import Entities, read_entities
from berceau.workflows.rows.exporting import export
from berceau.workflows.rows.forms import edit_form
from berceau.workflows.rows.looking import look_at, suggest, with_related
from berceau.workflows.rows.operators import Filter
from berceau.workflows.shared.databases import Databases
from tests.orm.conftest import create_tables

database = GlobalDatabase()


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Colour(Enum):
    RED = "red"
    BLUE = "dark blue"


class Person(database.Entity):
    kind = Discriminator(int)
    _discriminator_ = 1
    name = Optional(str)
    where = Required(str, default="here")
    csrf_token = Optional(int)
    friends = Set("Person", reverse="friends")
    passport = Optional("Passport")
    seats = Set("Seat")


class Manager(Person):
    _discriminator_ = 2
    level = Required(Level, default=Level.LOW)
    teams = Set("Team")


class Passport(database.Entity):
    person = PrimaryKey(Person)
    number = Required(str, sql_default="'none'")


class Seat(database.Entity):
    person = Required(Person)
    day = Required(date)
    PrimaryKey(person, day)
    stamps = Set("Stamp")


class Stamp(database.Entity):
    colour = PrimaryKey(Colour)
    seat = Optional(Seat)
    price = Optional(Decimal, precision=30, scale=12)
    at = Optional(datetime)
    share = Optional(float)
    numbers = Optional(IntArray, nullable=True)
    data = Optional(Json, nullable=True)


class Team(database.Entity):
    lead = Required(Manager)
    number = Required(int, size=64)
    composite_key(lead, number)


ODD = (
    "UPDATE stamp SET at = 'infinity', share = 'NaN' WHERE colour = 'red'",
    "UPDATE stamp SET at = '12000-01-01', share = '-Infinity' WHERE colour = 'dark blue'",
)


@pytest.fixture(scope="module")
def connection(server: Databases) -> Iterator[Connection]:
    with scratch(server.migration_url) as connection:
        create_tables(database, server, connection)
        with unit_of_work():
            ada = Manager(name="Ada", level=Level.HIGH)
            bob = Person(name="", friends=[ada])
            Passport(person=ada, number="1")
            seat = Seat(person=bob, day=date(2026, 1, 2))
            Stamp(colour=Colour.RED, seat=seat, numbers=[1, 2], data={"big": 2**70})
            Stamp(colour=Colour.BLUE, price=Decimal("1.5"), data=None)
            Team(lead=ada, number=2**40)
        for statement in ODD:
            execute(connection, statement)
        yield connection
        database.disconnect()


@pytest.fixture
def entities(connection: Connection) -> Entities:  # noqa: ARG001 (it maps the entities)
    return read_entities(Privacy(), database)


def all_rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("person", "passport", "seat", "stamp", "team", "person_friends")
    return {
        each: fetch(connection, f"SELECT {each}::text FROM {each} ORDER BY 1") for each in tables
    }


def untouched(connection: Connection, entities: Entities, name: str, key: str) -> dict[str, str]:
    """Return what a browser posts where nothing was touched."""
    form = edit_form(connection, entities, name, key)
    assert form is not None
    posted = {}
    for entry in form.entries:
        posted |= {entry.field.name: entry.text, f"{entry.field.name}.was": entry.was}
        posted |= {f"{entry.field.name}.zone": entry.zone} if entry.zone else {}
        posted |= {f"{entry.field.name}.null": "on"} if entry.is_null else {}
    return posted


def test_each_object_is_listed_opened_suggested_and_exported(
    connection: Connection, entities: Entities
) -> None:
    opened = []
    for name in entities.by_name:
        page = browse(connection, entities, Browsing(name))
        assert list(export(connection, entities, Browsing(name)))[len(page.rows)]
        for row in page.rows:
            seen = look_at(connection, entities, name, row.key or "")
            assert seen is not None, (name, row.key)
            related = with_related(connection, entities, seen).related
            assert not [each.problem for each in related if each.problem]
            assert (row.key, row.label) in suggest(connection, entities, name, row.key or "")
            effects_of_deletion(connection, entities, name, row.key or "")
            opened.append(seen.entity.name)
    assert sorted(opened) == [
        *("Manager", "Manager", "Passport", "Person", "Seat", "Stamp", "Stamp", "Team"),
    ]


def test_a_form_that_was_not_touched_damages_nothing(
    connection: Connection, entities: Entities
) -> None:
    before = all_rows(connection)
    for name in entities.by_name:
        for row in browse(connection, entities, Browsing(name)).rows:
            if row.key != "dark blue":
                posted = untouched(connection, entities, name, row.key or "")
                assert isinstance(change(entities, name, row.key or "", posted), Saved)
    assert all_rows(connection) == before


def test_what_python_can_not_read_is_told_and_not_taken_for_gone(
    connection: Connection, entities: Entities
) -> None:
    before = all_rows(connection)
    posted = untouched(connection, entities, "Stamp", "dark blue")
    assert posted["at"] == "12000-01-01 00:00:00"
    with pytest.raises(RowsError, match="can't read a value of this Stamp: year 12000"):
        change(entities, "Stamp", "dark blue", posted)
    with pytest.raises(RowsError, match="year 12000"):
        delete(entities, "Stamp", "dark blue")
    assert all_rows(connection) == before


def test_no_part_of_a_key_can_be_changed(connection: Connection, entities: Entities) -> None:
    seat = entities.find("Seat")
    assert [each.name for each in seat.fields if each.key] == ["person", "day"]
    (row,) = browse(connection, entities, Browsing("Seat")).rows
    form = edit_form(connection, entities, "Seat", row.key or "")
    assert form is not None
    assert [each.field.name for each in form.entries] == []


def test_keys_of_several_parts_lead_in_both_directions(
    connection: Connection, entities: Entities
) -> None:
    (seat,) = browse(connection, entities, Browsing("Seat")).rows
    assert seat.key is not None
    found = browse(
        connection, entities, Browsing("Stamp", filters=(Filter("seat", "equals", seat.key),))
    )
    assert [row.key for row in found.rows] == ["red"]
    found = browse(
        connection, entities, Browsing("Seat", filters=(Filter("stamps", "has", "red"),))
    )
    assert [row.key for row in found.rows] == [seat.key]


def test_objects_with_such_keys_are_made_linked_and_deleted(
    connection: Connection, entities: Entities
) -> None:
    (ada,) = browse(connection, entities, Browsing("Manager")).rows
    assert ada.key is not None
    before = all_rows(connection)
    made = create(entities, "Seat", {"person": ada.key, "day": "2026-03-04"})
    assert made == Saved("Seat", f"{ada.key},2026-03-04")
    posted = untouched(connection, entities, "Seat", made.key)
    assert change(entities, "Seat", made.key, posted) == made
    assert delete(entities, "Seat", made.key) is None
    person = create(entities, "Person", {"name": "Eve", "where": "there", "csrf_token": "7"})
    assert isinstance(person, Saved)
    assert link(entities, ("Person", person.key, "friends"), ada.key, add=True) is None
    assert link(entities, ("Manager", ada.key, "friends"), person.key, add=False) is None
    manager = create(entities, "Manager", {"name": "Max", "level": "HIGH"})
    assert isinstance(manager, Saved)
    for each in (person, manager):
        assert delete(entities, "Person", each.key) is None
    assert all_rows(connection) == before
