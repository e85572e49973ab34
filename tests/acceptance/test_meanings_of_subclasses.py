"""What the values of a discriminator stand for: rows stay with their entity, or are counted."""

import pytest

from berceau.errors import BerceauError, DataLossError, MigrationError, RenameError
from berceau.workflows.deploy import migration_directory
from tests.acceptance.entities import PERSON, entities

PEOPLE = "INSERT INTO person (classtype) VALUES ('Student'), ('Person');"


def test_a_subclass_without_attributes_is_recorded(migrate, settings, finding) -> None:
    migrate(entities(**PERSON, Student_Person=""))
    more = entities(**PERSON, Student_Person="", Teacher_Person="")
    assert "person.classtype.Teacher stands for Teacher" in finding(more)
    outcome = migrate(more)
    assert outcome.statements == ()
    migration = migration_directory.read(settings.migrations)[-1]
    assert "-- Means: subclass person.classtype.Teacher=Teacher\n" in migration.sql
    assert migration.is_generated
    with pytest.raises(MigrationError, match="whose classtype is 'Teacher'"):
        migrate(entities(**PERSON, Student_Person=""))


def test_rows_of_a_subclass_are_not_given_to_one_that_stays(migrate, query) -> None:
    migrate(entities(**PERSON, Student_Person="", Teacher_Person=""))
    query(PEOPLE)
    with pytest.raises(RenameError, match=r"Teacher of person\.classtype has rows") as caught:
        migrate(entities(**PERSON, Teacher_Person=""), renames=["person.classtype.Student=Teacher"])
    assert "--map-value person.classtype.OLD=Teacher" in caught.value.cure


@pytest.mark.slow
@pytest.mark.parametrize("value", ["Pupil", "'", "x y"])
def test_rows_are_not_given_to_what_is_not_declared(migrate, value) -> None:
    migrate(entities(**PERSON, Student_Person="", Teacher_Person=""))
    for options in (
        {"labels": [f"person.classtype.Student={value}"]},
        {"renames": [f"person.classtype.Student={value}"]},
    ):
        with pytest.raises(BerceauError, match="No entity declares the value"):
            migrate(entities(**PERSON, Teacher_Person=""), **options)


SCHOOL = {"Person": "name = Optional(str, nullable=True)", "Teacher_Person": "room = Optional(int)"}
HIDDEN = {
    "an attribute that another subclass gets": (
        entities(**SCHOOL, Student_Person=""),
        entities(Person=SCHOOL["Person"], Teacher_Person="", Student_Person="room = Optional(int)"),
        "Teacher",
    ),
    "a subclass with another parent": (
        entities(**SCHOOL, Student_Teacher=""),
        entities(**SCHOOL, Student_Person=""),
        "Student",
    ),
    "an attribute of the root that a subclass gets": (
        entities(Person="room = Optional(int)", Teacher_Person="", Student_Person=""),
        entities(Person="", Teacher_Person="room = Optional(int)", Student_Person=""),
        "Student",
    ),
}


@pytest.mark.parametrize(("before", "after", "entity"), HIDDEN.values(), ids=HIDDEN)
def test_what_an_entity_no_longer_has_is_counted(
    before, after, entity, migrate, query, finding
) -> None:
    migrate(before)
    query(f"INSERT INTO person (classtype, room) VALUES ('{entity}', 1)")
    with pytest.raises(DataLossError, match=rf"column person\.room of {entity}.*1 row with a"):
        migrate(after)
    assert f"column person.room of {entity}" in finding(after)
    assert migrate(after, allow_data_loss=True).written is not None
    assert not finding(after)


def test_an_attribute_that_the_root_gets_is_no_loss(migrate) -> None:
    migrate(entities(**SCHOOL, Student_Person=""))
    migrate(
        entities(
            Person="room = Optional(int); " + SCHOOL["Person"], Teacher_Person="", Student_Person=""
        )
    )
