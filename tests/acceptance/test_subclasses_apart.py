"""A subclass of another component's entity: its component is taken out, and put back."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project

PEOPLE = """
class Person(db.Entity):
    name = Required(str, unique=True)
    city = Optional(str)
"""
STUDENT = """
class Student(Person):
    pass
"""
OFFICES = """
class Office(db.Entity):
    number = Required(int, unique=True)
"""
STAFF = """
import enum

from components.offices.entities import Office
from components.people.entities import Person

class Grade(enum.StrEnum):
    HIGH = "HIGH"
    LOW = "LOW"

class Manager(Person):
    level = Required(int, column="lvl")
    badge = Optional(str, unique=True)
    grade = Optional(Grade)
    office = Optional(Office)
    team = Set("Team")
    composite_index(level, "name")

class Director(Manager):
    car = Optional(str)

class Team(db.Entity):
    name = Required(str)
    lead = Required(Manager)
"""
ROWS = """
INSERT INTO office (number) VALUES (101);
INSERT INTO person (id, name, city, classtype, lvl, badge, grade, office, car) VALUES
    (11, 'ada', '', 'Person', NULL, NULL, NULL, NULL, NULL),
    (12, 'bob', '', 'Manager', 3, 'b', 'HIGH', 1, NULL),
    (13, 'cid', '', 'Director', 4, 'c', 'LOW', NULL, 'bus');
INSERT INTO team (name, lead) VALUES ('red', 12), ('blue', 13);
"""
HELD = """
SELECT (SELECT jsonb_agg(p ORDER BY id) FROM (
           SELECT id, name, classtype, lvl, badge, grade, office, car FROM person WHERE id < 20) p),
       (SELECT jsonb_agg(t) FROM team t)
"""
SHAPE = """
SELECT attname || ' ' || attnotnull || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'person'::regclass AND attnum > 0 AND attname <> 'nickname' AND NOT attisdropped
UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'person'::regclass
UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
          WHERE conrelid = 'person'::regclass AND contype <> 'n'
ORDER BY 1
"""
NOTE = (
    "kept of the component staff, which isn't there: grade, person.badge, person.car, "
    "person.classtype, person.classtype.Director, person.classtype.Manager, person.grade, "
    "person.lvl, person.office, team (to drop it: invoke migrate --drop-component staff)"
)
SEED = """
from components.{component}.entities import {entity}

def seed():
    {entity}({values})
"""
ANSWER = """
from berceau.tasks.migrate.write import migrate_project
from berceau.tasks.project import load
from berceau.workflows.write.migrate import Options
migrate_project(load(), Options(), ask=lambda question: question.candidates[0])
"""
TEST = """
from pony.orm import db_session

from components.people.entities import Person


@db_session
def test_people(db):
    db.execute("INSERT INTO person (name, city, classtype) VALUES ('eve', '', 'Manager')")
    (eve,) = Person.select()
    assert isinstance(eve, Person)
    eve.delete()
    Person(name="joe")
"""


@pytest.fixture
def house(connected: Project, query: Callable[[str], Any]) -> Project:
    """A project whose component staff has subclasses of a person, migrated, with rows."""
    connected.component("people", PEOPLE)
    connected.component("offices", OFFICES)
    connected.component("staff", STAFF)
    connected.succeed("migrate", "--name", "init")
    query(ROWS)
    return connected


def out(house: Project, name: str = "staff") -> Path:
    """Take the component ``name`` out, and return where it is now."""
    return Path(shutil.move(house.root / "components" / name, house.root / name))


def back(house: Project, name: str = "staff") -> None:
    shutil.move(house.root / name, house.root / "components" / name)


def change(house: Project, name: str, *pairs: tuple[str, str]) -> None:
    """Replace the first of each pair in the entities of the component ``name``."""
    file = house.root / "components" / name / "entities.py"
    text = file.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def test_the_table_is_of_the_component_of_the_root(house: Project) -> None:
    migration = (house.root / "migrations" / house.migrations()[0] / "migration.sql").read_text()
    creates = next(line for line in migration.splitlines() if line.startswith("-- Creates: "))
    assert "people.person," in creates
    assert "staff.person.classtype.Manager" in creates
    assert "Person.classtype.Person" not in creates
    assert "CREATE TABLE person" in (house.root / ".berceau/schema/people.sql").read_text()


def test_it_is_taken_out_and_put_back(house: Project, query: Any) -> None:
    before, shape, files = query(HELD), query(SHAPE), house.migrations()
    out(house)
    status = house.succeed("migrate.status").splitlines()
    assert "declared by no component: column person.lvl, left by the component staff" in status
    subclass = "subclass person.classtype.Manager"
    assert f"declared by no component: {subclass}, left by the component staff" in status
    assert not [line for line in status if line.startswith(("drift", "unmanaged"))]
    migrated = house.succeed("migrate")
    assert NOTE in migrated.splitlines()
    assert migrated.endswith("migrate: nothing to do\n")
    assert house.succeed("migrate.check")
    assert (query(HELD), query(SHAPE)) == (before, shape)
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert house.succeed("migrate.check")
    assert "left by" not in house.succeed("migrate.status")
    assert (house.migrations(), query(HELD), query(SHAPE)) == (files, before, shape)


def test_others_migrate_meanwhile(house: Project, query: Any) -> None:
    before, shape = query(HELD), query(SHAPE)
    out(house)
    change(house, "people", ("    city", "    nickname = Optional(str)\n    city"))
    house.succeed("migrate", "--name", "nickname")
    query("INSERT INTO person (id, name, city, nickname) VALUES (20, 'dan', '', 'd')")
    assert query("SELECT classtype FROM person WHERE id = 20") == [("Person",)]
    assert house.succeed("migrate.check")
    house.succeed("migrate.down", "--allow-data-loss")
    house.succeed("migrate.deploy")
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert house.succeed("migrate.check")
    assert (query(HELD), query(SHAPE)) == (before, shape)


@pytest.mark.slow
def test_the_tests_of_others_go_on(house: Project) -> None:
    house.write("components/people/tests/test_people.py", TEST)
    house.succeed("test", "--", "-q", "-p", "no:cacheprovider", "components/people")
    out(house)
    house.succeed("test", "--", "-q", "-p", "no:cacheprovider", "components/people")


def test_seeds_come_after_those_of_the_root(house: Project) -> None:
    for component, entity, values in (
        ("people", "Person", "name='eve'"),
        ("staff", "Manager", "name='fay', level=1"),
    ):
        text = SEED.format(component=component, entity=entity, values=values)
        house.write(f"components/{component}/seeds.py", text)
    change(house, "staff", ("class Team", "class Club(db.Entity):\n    pass\n\nclass Team"))
    change(house, "staff", ("    team = ", "    club = Optional('Club')\n    team = "))
    house.succeed("migrate", "--name", "clubs")
    assert house.succeed("db.seed").endswith("seed: ran people, staff\n")


@pytest.mark.slow
def test_a_subclass_of_a_component_that_stays_comes_and_goes(house: Project, query: Any) -> None:
    before = query(HELD)
    out(house)
    entities = house.root / "components/people/entities.py"
    text = entities.read_text()
    entities.write_text(text + STUDENT)
    house.succeed("migrate", "--name", "students")
    query("INSERT INTO person (id, name, city, classtype) VALUES (20, 'dan', '', 'Student')")
    assert house.succeed("migrate.check")
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    out(house)
    entities.write_text(text)
    message = house.fail("migrate")
    assert "The rows of person whose classtype is 'Student' (1 row here) have no entity" in message
    assert "Manager" not in message
    house.succeed("migrate", "--map-value=person.classtype.Student=Person")
    assert query("SELECT classtype FROM person WHERE id = 20") == [("Person",)]
    assert query(HELD) == before
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")


@pytest.mark.slow
def test_it_is_dropped_when_that_is_said(house: Project, query: Any) -> None:
    out(house)
    drop = ("--drop-component", "staff")
    message = house.fail("migrate", *drop)
    assert "whose classtype is 'Manager' (1 row here) have no entity" in message
    house.succeed("migrate", "--name", "no_staff", *drop, "--allow-data-loss")
    assert query("SELECT name FROM person") == [("ada",)]
    assert query("SELECT to_regclass('team'), to_regtype('grade')") == [(None, None)]
    columns = {line for (line,) in query(SHAPE)}
    assert not [line for line in columns if line.startswith(("lvl ", "classtype ", "office "))]
    assert "left by" not in house.succeed("migrate.status")
    assert house.succeed("migrate.check")


@pytest.mark.slow
def test_its_rows_become_those_of_the_root_when_that_is_said(house: Project, query: Any) -> None:
    out(house)
    options = [f"--map-value=person.classtype.{each}=Person" for each in ("Manager", "Director")]
    message = house.fail("migrate", *options)
    assert "column person.badge (of component people, 2 rows with a value)" in message
    assert "table team" not in message
    house.succeed("migrate", *options, "--allow-data-loss")
    assert query("SELECT count(*) FROM person") == [(3,)]
    assert query("SELECT count(*) FROM team") == [(2,)]


@pytest.mark.slow
def test_a_component_with_another_name_takes_its_subclasses_along(house: Project) -> None:
    shutil.move(house.root / "components/staff", house.root / "components/leaders")
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    change(house, "leaders", ("class Manager", "class Chief"), ("Manager", "Chief"))
    message = house.fail("migrate")
    assert "--rename person.classtype.Manager=Chief" in message


@pytest.mark.slow
def test_a_component_and_a_subclass_get_another_name_at_once(house: Project, query: Any) -> None:
    shutil.move(house.root / "components/staff", house.root / "components/leaders")
    change(house, "leaders", ("Manager", "Chief"))
    assert "--rename person.classtype.Manager=Chief" in house.fail("migrate")
    house.succeed("migrate", "--rename", "person.classtype.Manager=Chief")
    assert query("SELECT count(*) FROM person WHERE classtype = 'Chief'") == [(1,)]


@pytest.mark.slow
def test_a_squash_keeps_whose_the_subclasses_are(house: Project, query: Any) -> None:
    change(house, "people", ("    city", "    nickname = Optional(str)\n    city"))
    house.succeed("migrate", "--name", "nickname")
    house.succeed("migrate.squash", "--name", "all")
    out(house)
    before = query(HELD)
    assert NOTE in house.succeed("migrate").splitlines()
    assert query(HELD) == before


@pytest.mark.slow
def test_several_subclasses_go_one_after_the_other(house: Project, query: Any) -> None:
    house.component(
        "heads",
        "from components.staff.entities import Manager\n"
        "class Head(Manager):\n    hat = Optional(str)\n",
    )
    house.succeed("migrate", "--name", "heads")
    query("INSERT INTO person (id, name, city, classtype, hat) VALUES (20, 'eve', '', 'Head', 'h')")
    assert "needs the component staff" in (out(house), house.fail("build"))[1]
    out(house, "heads")
    assert "kept of the component heads" in house.succeed("migrate")
    assert house.succeed("migrate.check")
    back(house)
    assert "person.hat" in house.succeed("migrate")
    assert house.succeed("migrate.check")
    back(house, "heads")
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert query("SELECT hat FROM person WHERE id = 20") == [("h",)]


@pytest.mark.slow
def test_the_table_of_the_root_gets_no_other_name_meanwhile(house: Project, query: Any) -> None:
    before = query(HELD)
    out(house)
    change(house, "people", ("    city", "    _table_ = 'human'\n    city"))
    for options in ((), ("--rename", "person=human")):
        assert "Nothing was written." in house.fail("migrate", *options)
    assert query(HELD) == before


@pytest.mark.slow
def test_a_new_component_may_have_a_subclass_meanwhile(house: Project, query: Any) -> None:
    before = query(HELD)
    out(house)
    house.component(
        "sports",
        "from components.people.entities import Person\n"
        "class Player(Person):\n    team_number = Optional(int)\n",
    )
    assert "kept of the component staff" in house.succeed("migrate", "--name", "sports")
    assert query(HELD) == before
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")


@pytest.mark.slow
def test_a_column_that_was_left_is_not_taken_over(house: Project, query: Any) -> None:
    before = query(HELD)
    out(house)
    change(house, "people", ("    city", "    car = Optional(str)\n    city"))
    message = house.fail("migrate")
    assert "The column person.car was left by the component staff" in message
    assert "Give the attribute another name." in message
    assert query(HELD) == before
    change(house, "people", ("    car = ", "    vehicle = "))
    house.succeed("migrate", "--name", "vehicle")
    assert query(HELD) == before


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["an option", "a person"])
@pytest.mark.parametrize("part", ["table", "column"])
def test_what_is_left_follows_what_gets_another_name(
    part: str, answer: str, house: Project, query: Any
) -> None:
    before = query(HELD)
    out(house)
    new, option = {
        "table": ("    _table_ = 'bureau'", "office=bureau"),
        "column": ("    key = PrimaryKey(int, auto=True)", "office.id=key"),
    }[part]
    change(house, "offices", ("    number", f"{new}\n    number"))
    if answer == "an option":
        assert "RENAME" in house.succeed("migrate", "--rename", option)
    else:
        house.write("answer.py", ANSWER)
        assert "RENAME" in house.run("answer").out
    assert query(HELD) == before
    assert house.succeed("migrate.check")
    house.succeed("migrate.down")
    house.succeed("migrate.deploy")
    back(house)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert query(HELD) == before
