"""The stubs that a build writes: when, and for entities of every shape."""

import pytest

STUBS = ".berceau/types/pony/orm"
ODD = """
import datetime as clock
import uuid as keys
from enum import Enum
from typing import Any

from pony.orm import Optional, PrimaryKey, Required, Set
from berceau.orm import db


def colors() -> type[Enum]:
    class Color(Enum):
        RED = 1
    return Color


class Event(db.Entity):
    uuid = PrimaryKey(keys.UUID, default=keys.uuid4)
    datetime = Required(clock.datetime)
    self = Required(str)
    where = Optional(str)
    type = Required(int, sql_default="1")
    number = Required(int, volatile=True)
    components = Set("Event", reverse="event")
    event = Optional("Event", reverse="components")
    color = Optional(colors())


class Ticket(db.Entity):
    event = Required(str)

    def __init__(self, number: int) -> None:
        super().__init__(event=str(number))


class Seat(db.Entity):
    row = Required("Row")
    number = Required(int)
    PrimaryKey(row, number)


class Row(db.Entity):
    seats = Set(Seat)
"""
USES = """
from datetime import UTC, datetime
from uuid import uuid4
from components.odd.entities import Event, Row, Seat, Ticket

event = Event(datetime=datetime.now(UTC), self="a", uuid=uuid4(), color=None)
event.set(where="b", components=[event], event=event)
Event.get(self="a", datetime=event.datetime, type=1)
Ticket(3)
seat = Seat[Row[1], 2]
seat.row.seats.select(lambda each: each.number > 3)
Event(datetime=1, self="a")
Ticket(event="a")
Seat[3]
"""


@pytest.mark.slow
def test_a_build_writes_them_again_only_where_they_differ(typed) -> None:
    stub = typed.root / STUBS / "_project.pyi"
    before, written = stub.read_text(), stub.stat().st_mtime_ns
    assert "nothing changed" in typed.run("invoke", "build")
    entities = typed.root / "components/blog/entities.py"
    entities.write_text(entities.read_text() + "# nothing of it\n")
    typed.build()
    assert stub.stat().st_mtime_ns == written
    stub.write_text("")
    assert "build:" not in typed.run("invoke", "build", "--check")
    typed.build()
    assert stub.read_text() == before


def test_what_is_gone_is_gone(typed) -> None:
    for name in ("blog", "reviews"):
        for file in (typed.root / "components" / name).glob("*.py"):
            file.unlink()
    people = typed.root / "components/people/entities.py"
    lines = people.read_text().splitlines(keepends=True)
    people.write_text("".join(line for line in lines if "Post" not in line and "Comm" not in line))
    typed.build()
    texts = [path.read_text() for path in (typed.root / STUBS).glob("*.pyi")]
    assert not any("blog" in text for text in texts)
    assert not any("reviews" in text for text in texts)
    assert any("people.entities.Person" in text for text in texts)


@pytest.mark.slow
def test_a_project_without_entities_has_stubs_too(typed) -> None:
    for name in ("blog", "people", "reviews"):
        for file in (typed.root / "components" / name).glob("entities.py"):
            file.unlink()
    for name in ("right.py", "wrong.py"):
        (typed.root / name).unlink()
    typed.build()
    assert "ENTITY" not in (typed.root / STUBS / "_attributes.pyi").read_text()
    assert not typed.mypy()
    assert not typed.pyright()


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_no_name_of_an_attribute_hides_another(typed, checker) -> None:
    folder = typed.root / "components/odd"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Odd names."""\n')
    (folder / "entities.py").write_text(ODD)
    (typed.root / "uses.py").write_text(USES)
    (typed.root / "wrong.py").unlink()
    typed.build()
    wrong = USES.splitlines().index('Event(datetime=1, self="a")') + 1
    found = set(getattr(typed, checker)())
    assert found == {("uses.py", line) for line in range(wrong, wrong + 3)}


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_component_passes_as_it_is_first_written(typed, checker) -> None:
    (typed.root / "wrong.py").unlink()
    assert "wrote components/notes" in typed.run("invoke", "new", "notes")
    typed.build()
    assert not getattr(typed, checker)()
