"""Subclasses of which the release that runs has rows: it finds them by a value that must stay."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from berceau.errors import MigrationError
from berceau.migration.header import Header, checksum
from berceau.migration.migration import Migration
from berceau.schema.choices import Choices
from berceau.schema.diff import create
from berceau.schema.keeping import Keeping
from berceau.schema.order import order
from berceau.schema.sql import to_statements
from berceau.schema.sql.text import to_text
from berceau.settings import Settings
from berceau.workflows.write.decisions import Decisions
from berceau.workflows.write.plan import Plan
from berceau.workflows.write.planner import Planner
from tests.acceptance.entities import PERSON, entities

pytestmark = pytest.mark.slow

SCHOOL = {"Student_Person": "grade = Optional(int)", "Teacher_Person": ""}
STUDENT = ("person.classtype", "Student")


@pytest.fixture
def planned(declare, server, cache) -> Callable[..., Plan]:
    """Return a function that plans what comes after a release that is known to run."""

    def planned(before: str, after: str, **decided: Any) -> Plan:
        release = declare(before)
        sql = to_text(to_statements(order(create(release))))
        name = "20260101000000_old"
        header = Header(generated=checksum(sql), means=release.meanings)
        decisions = Decisions(
            keeping=Keeping(True, lambda: release), find_running=lambda: release, **decided
        )
        migrations = [Migration(name, header.to_sql(name) + sql)]
        return Planner(server.migration_url, migrations, cache, decisions).plan(declare(after))

    return planned


def test_a_subclass_keeps_its_value_while_it_is_used(planned) -> None:
    before = entities(**PERSON, **SCHOOL)
    after = before.replace("Student", "Pupil")
    renames = ["person.classtype.Student=Pupil"]
    with pytest.raises(MigrationError, match=r"finds the rows of Student by 'Student'") as caught:
        planned(before, after, renames=renames)
    assert "_discriminator_ = 'Student'" in caught.value.cure
    kept = after.replace("Pupil(Person):", "Pupil(Person):\n    _discriminator_ = 'Student'")
    assert planned(before, kept).up == ()


def test_the_root_may_have_another_name(planned) -> None:
    """Its rows are found by any value."""
    before = entities(**PERSON, **SCHOOL)
    after = before.replace("Person", "Human").replace("class Human(db.Entity):", TABLE)
    assert planned(before, after).verdict.misfits == ()


TABLE = "class Human(db.Entity):\n    _table_ = 'person'"


def test_rows_of_a_subclass_that_is_used_are_not_deleted(planned) -> None:
    before, after = entities(**PERSON, **SCHOOL), entities(**PERSON, Teacher_Person="")
    with pytest.raises(MigrationError, match="rows of Student, which would be deleted") as caught:
        planned(before, after, choices=Choices(cuts=True))
    assert "--map-value person.classtype.Student=VALUE" in caught.value.cure
    given = planned(before, after, choices=Choices(subclasses={STUDENT: "Teacher"}))
    assert list(map(str, given.verdict.surprises)) == [
        "Person.classtype: SELECT and INSERT: the other release has no Student"
    ]


def test_a_release_is_told_of_subclasses_that_it_does_not_know(planned) -> None:
    before = entities(**PERSON, **SCHOOL)
    found = planned(before, before + "class Guest(Person):\n    pass\n")
    assert list(map(str, found.verdict.surprises)) == []
    found = planned(before, before + "class Guest(Person):\n    room = Optional(int)\n")
    assert list(map(str, found.verdict.surprises)) == [
        "Person.classtype: SELECT: rows may be of Guest, which it doesn't know"
    ]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


@pytest.mark.parametrize("after", [SCHOOL["Teacher_Person"], None])
def test_rows_that_the_running_release_gives_to_a_subclass_go_where_the_others_went(
    migrate, query, sql, finding, after
) -> None:
    """Also to the root, where no subclass is left."""
    before = entities(**PERSON, **({} if after is None else {"Teacher_Person": after}))
    to = "Person" if after is None else "Teacher"
    migrate(before + "class Student(Person):\n    pass\n")
    query("INSERT INTO person (name, classtype) VALUES ('Ada', 'Student')")
    migrate(before, labels=[f"person.classtype.Student={to}"], expand=True)
    assert "mapping person.classtype.Student" in sql()
    query("INSERT INTO person (name, classtype) VALUES ('Bob', 'Student')")
    assert query("SELECT classtype FROM person") == [(to,), (to,)]
    assert finding(before) == ""
    migrate(before, contract=True, allow_data_loss=True)
    assert "mapping person.classtype.Student" in sql()
    assert finding(before) == ""
    assert query("SELECT tgname FROM pg_trigger WHERE tgrelid = 'person'::regclass") == []


def test_another_table_of_the_subclasses_is_mapped_by_its_name(migrate, query) -> None:
    before = entities(**PERSON, **SCHOOL)
    migrate(before)
    after = entities(**PERSON, Teacher_Person="").replace("Person", "Human")
    given = {"labels": ["human.classtype.Student=Teacher"], "renames": ["person=human"]}
    migrate(after, expand=True, **given)
    query("INSERT INTO person (name, classtype) VALUES ('Bob', 'Student')")
    assert query("SELECT classtype FROM human") == [("Teacher",)]


@pytest.fixture
def mapped(migrate, query) -> str:
    """A project that gives rows of Student to Teacher for a release; return its other entities."""
    before = entities(**PERSON, Pupil_Person="", Teacher_Person="")
    migrate(before + "class Student(Person):\n    pass\n")
    query("INSERT INTO person (name, classtype) VALUES ('Ada', 'Pupil')")
    migrate(before, labels=["person.classtype.Student=Teacher"], expand=True)
    return before


def test_a_subclass_that_comes_back_has_its_rows(mapped, migrate, query, sql, finding) -> None:
    after = mapped + "class Student(Person):\n    pass\n"
    assert "Student" in finding(after)
    migrate(after)
    assert "-- Ends: mapping person.classtype.Student" in sql()
    query("INSERT INTO person (name, classtype) VALUES ('Bob', 'Student')")
    assert query("SELECT classtype FROM person ORDER BY name") == [("Pupil",), ("Student",)]
    assert finding(after) == ""


def test_a_subclass_gets_the_name_of_one_whose_rows_go_to_another(
    mapped, migrate, query, finding
) -> None:
    after = mapped.replace("Pupil", "Student")
    migrate(after, renames=["person.classtype.Pupil=Student"])
    assert query("SELECT classtype FROM person") == [("Student",)]
    assert finding(after) == ""


def test_the_rows_of_two_subclasses_do_not_go_in_a_circle(mapped, migrate, query) -> None:
    """The one that was given away comes back, and gets those of the other."""
    after = mapped.replace("Teacher", "Student")
    migrate(after, labels=["person.classtype.Teacher=Student"], expand=True)
    ((rules,),) = query("SELECT prosrc FROM pg_proc WHERE proname = 'person_berceau_sync'")
    assert "NEW.classtype := 'Teacher'" not in rules
    for value in ("Student", "Teacher"):
        query(f"INSERT INTO person (name, classtype) VALUES ('{value}', '{value}')")
    assert query("SELECT classtype FROM person ORDER BY name") == [
        ("Pupil",),
        ("Student",),
        ("Student",),
    ]


def test_a_mapping_ends_for_the_subclass_that_comes_back_only(migrate, query, sql) -> None:
    before = entities(**PERSON, Teacher_Person="")
    pupil, student = (f"class {name}(Person):\n    pass\n" for name in ("Pupil", "Student"))
    migrate(before + pupil + student)
    given = [f"person.classtype.{name}=Teacher" for name in ("Pupil", "Student")]
    migrate(before, labels=given, expand=True)
    migrate(before + pupil)
    assert "-- Ends: mapping person.classtype.Pupil" in sql()
    for value in ("Pupil", "Student"):
        query(f"INSERT INTO person (name, classtype) VALUES ('{value}', '{value}')")
    assert query("SELECT classtype FROM person ORDER BY name") == [("Pupil",), ("Teacher",)]
