"""Rows that forced row security hides from the owner: no count passes over them in silence."""

from collections.abc import Callable

import pytest

from berceau.errors import DataLossError, RenameError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down

PERSON = """
class Person(db.Entity):
    name = Required(str, 50)
    {}
"""
ROWS = "INSERT INTO person (name, note) VALUES ('a', 'x'), ('b', 'y'), ('c', 'z')"
HIDE = """
ALTER TABLE person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY shown ON person USING ({})
"""
SUBCLASS = "\nclass {}(Person):\n    pass\n"


@pytest.fixture
def hidden(migrate, query) -> Callable[..., None]:
    """Return a function that migrates to a table with three rows, of which the owner sees some."""

    def hide(seen, more="") -> None:
        migrate(PERSON.format("note = Optional(str, 50)") + more)
        query(ROWS)
        query(HIDE.format(seen))

    return hide


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        ("false", r"0 rows, and any that row security hides"),
        ("name = 'a'", r"1 row, and any that row security hides"),
    ],
)
def test_a_loss_is_told_of_rows_that_are_hidden(
    hidden, migrate, settings, database, seen, count
) -> None:
    hidden(seen)
    with pytest.raises(DataLossError, match=rf"column person.note \({count} with a value\)"):
        migrate(PERSON.format(""))
    with pytest.raises(DataLossError, match=rf"table person \({count}\)"):
        migrate("")
    with pytest.raises(DataLossError, match=rf"table person \({count}\) in"):
        down(database.migration_url, migration_directory.read(settings.migrations))


def test_without_force_the_owner_sees_and_counts_all(hidden, migrate, query) -> None:
    hidden("false")
    query("ALTER TABLE person NO FORCE ROW LEVEL SECURITY")
    with pytest.raises(DataLossError, match=r"table person \(3 rows\)"):
        migrate("")


def test_rows_that_a_change_cannot_see_are_named(hidden, migrate) -> None:
    hidden("name = 'a'", SUBCLASS.format("Student"))
    after = PERSON.format("note = Optional(str, 50)") + SUBCLASS.format("Pupil")
    with pytest.raises(RenameError, match="any that row security hides"):
        migrate(after)
    said = []
    migrate(after, said.append, renames=("person.classtype.Student=Pupil",))
    assert "row security hides rows of person from the owner" in "".join(said)


def test_a_loss_of_a_table_is_counted_by_its_name_before(
    hidden, migrate, query, settings, database
) -> None:
    hidden("true")
    query("ALTER TABLE person NO FORCE ROW LEVEL SECURITY")
    migrate(
        PERSON.format("note = Optional(str, 50)").replace("Person", "Human"),
        renames=("person=human",),
    )
    with pytest.raises(DataLossError, match=r"table human \(3 rows\)"):
        down(database.migration_url, migration_directory.read(settings.migrations), "zero")
