"""An entity is split in two while the release of before runs: triggers keep both in step."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect import catalog
from berceau.schema.diff import diff
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.status import status
from berceau.workflows.shared.cache import SchemaCache
from tests.acceptance.copying import require_same_copy
from tests.conftest import cases

BEFORE = """
class Person(db.Entity):
    name = Required(str)
    street = Required(str)
    town = Optional(str, nullable=True)
    born = Optional(int)
"""
AFTER = """
class Person(db.Entity):
    name = Required(str)
    born = Optional(int)
    address = Optional("Address")
class Address(db.Entity):
    person = Required(Person)
    street = Required(str)
    town = Optional(str, nullable=True)
    code = Required(str)
"""
MOVES = ["person.street=address.street", "person.town=address.town"]
CODE = ["address.code=upper(name)"]
BOTH = """
SELECT name, p.street, p.town, a.street, a.town FROM person p
LEFT JOIN address a ON a.person = p.id ORDER BY p.id
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


def test_either_release_reads_what_the_other_wrote(migrate, query, sql, finding) -> None:
    other = "class Note(db.Entity):\n    text = Required(str)\n"
    after = AFTER + other.replace("text", "body")
    migrate(BEFORE + other)
    query("INSERT INTO person (name, street, town) VALUES ('Ada', 'Main St', 'London')")
    migrate(after, moves=MOVES, backfills=CODE, renames=["note.text=body"], expand=True)
    assert "-- Keeps: column note.text, person.street, person.town\n" in sql()
    assert "-- Keeps: transfer person.address\n" in sql()
    query("INSERT INTO person (name, street) VALUES ('by the old release', 'A')")
    query("INSERT INTO person (name) VALUES ('by the new one')")
    query("INSERT INTO address (person, street, code) VALUES (3, 'B', 'x')")
    assert query(BOTH) == [
        ("Ada", "Main St", "London", "Main St", "London"),
        ("by the old release", "A", None, "A", None),
        ("by the new one", "B", None, "B", None),
    ]
    query("UPDATE person SET street = 'C', town = 'T' WHERE id = 2")
    query("UPDATE address SET street = 'D' WHERE person = 3; DELETE FROM address WHERE person = 1")
    assert query(BOTH) == [
        ("Ada", "", None, None, None),
        ("by the old release", "C", "T", "C", "T"),
        ("by the new one", "D", None, "D", None),
    ]
    assert query("SELECT code FROM address ORDER BY id") == [("BY THE OLD RELEASE",), ("x",)]
    query("DELETE FROM person WHERE id = 2")
    assert finding(after) == ""
    migrate(after, contract=True)
    assert "Ends: transfer person.address" in sql()
    assert "loses data" not in sql(), "the other table has it"
    assert finding(after) == ""
    assert query("SELECT street FROM address") == [("D",)]
    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = '{}'::regclass AND NOT tgisinternal"
    assert query(triggers.format("address")) == query(triggers.format("person")) == []
    functions = "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    assert query(functions) == []


def test_only_what_a_statement_changes_moves(migrate, query) -> None:
    before = """
    class Person(db.Entity):
        name = Required(str)
        found = Optional(int)
        new = Optional(int)
    """
    after = """
    class Person(db.Entity):
        name = Required(str)
        spot = Optional("Spot")
    class Spot(db.Entity):
        person = Optional(Person, column="person")
        found = Optional(int)
        new = Optional(int)
    """
    both = "SELECT p.found, p.new, s.found, s.new FROM person p FULL JOIN spot s ON s.person = p.id"
    migrate(before)
    query("INSERT INTO person (name, found, new) VALUES ('Ada', 1, 2)")
    migrate(after, moves=["person.found=spot.found", "person.new=spot.new"], expand=True)
    assert query(both) == [(1, 2, 1, 2)]
    query("ALTER TABLE person DISABLE TRIGGER USER; UPDATE person SET found = NULL, new = NULL")
    query("ALTER TABLE person ENABLE TRIGGER USER; UPDATE person SET name = 'as it is added'")
    assert query(both) == [(None, None, 1, 2)]
    query("UPDATE person SET new = 3; UPDATE spot SET found = found")
    assert query(both) == [(1, 3, 1, 3)], "the other one has its value still"
    query("UPDATE spot SET person = NULL; UPDATE person SET name = 'cut'")
    assert query(both + " ORDER BY 1, 3") == [(None, None, 1, 3), (None, None, None, None)]


def test_triggers_between_releases_are_parts_of_their_tables(
    migrate, query, settings, database, declare
) -> None:
    """A database whose history is gone lists its tables, and a function of one's own."""
    note = "class Note(db.Entity):\n    {} = Required(str)\n    _table_ = 'Our notes'\n"
    after = AFTER + note.format("body")
    migrate(BEFORE + note.format("text"))
    renames = ["Our notes.text=body"]
    migrate(after, moves=MOVES, backfills=CODE, renames=renames, expand=True)
    query("CREATE FUNCTION own() RETURNS int LANGUAGE sql RETURN 1")
    migrations = migration_directory.read(settings.migrations)
    for history in (migrations, ()):
        found = status(database.migration_url, declare(after), history, SchemaCache(settings.cache))
        tables = ["table Our notes", "table address", "table person"]
        expected = ["function own()", *([] if history else tables)]
        assert [*map(str, found.unmanaged)] == expected
        assert not found.drift
        query("DELETE FROM berceau_migration")


@pytest.mark.slow
def test_each_step_leads_back(migrate, query, settings, database) -> None:
    migrate(BEFORE)
    query("INSERT INTO person (name, street, town) VALUES ('Ada', 'Main St', 'London')")
    with connect(database.migration_url) as connection:
        before = catalog.read(connection)
    migrate(AFTER, moves=MOVES, backfills=CODE, expand=True)
    migrate(AFTER, contract=True)
    query("UPDATE address SET street = 'High St'; INSERT INTO person (name) VALUES ('Bob')")
    names = [each.name for each in migration_directory.read(settings.migrations)]

    def undo(to: str) -> None:
        migrations = migration_directory.read(settings.migrations)
        down(database.migration_url, migrations, to, allow_data_loss=True)

    undo(names[1])
    assert query(BOTH)[0] == ("Ada", "High St", "London", "High St", "London")
    query("INSERT INTO person (name, street) VALUES ('Eve', 'A')")
    assert query("SELECT street FROM address WHERE person = 3") == [("A",)]
    undo(names[0])
    assert query("SELECT name, street FROM person ORDER BY id") == [
        ("Ada", "High St"),
        ("Bob", ""),
        ("Eve", "A"),
    ]
    with connect(database.migration_url) as connection:
        assert diff(catalog.read(connection), before) == ()


REFUSED = {
    "no backfill": (AFTER, MOVES, (), r"address\.code needs a value: add --backfill"),
    "no relation": (
        AFTER.replace("    address = Optional", "    addresses = Set").replace(
            ' = Optional("Add', 's = Set("Add'
        ),
        MOVES,
        CODE,
        "needs a one-to-one relation to person",
    ),
    "another type": (
        AFTER.replace("street = Required(str)", "street = Required(str, 20)"),
        MOVES,
        CODE,
        "text isn't character varying",
    ),
    "no value": (
        AFTER.replace("Optional(str, nullable=True)", "Required(str)"),
        MOVES,
        CODE,
        "person.town may be empty",
    ),
    "no such column": (AFTER, ["person.road=address.street"], CODE, "person has to lose road"),
    "no other table": (AFTER, ["person.street=person.road"], CODE, "person isn't a new table"),
}


@cases("after, moves, backfills, said", REFUSED, quick=1)
def test_what_cannot_move_is_refused(migrate, after, moves, backfills, said) -> None:
    migrate(BEFORE)
    with pytest.raises(MigrationError, match=said):
        migrate(after, moves=moves, backfills=backfills, expand=True)


@pytest.mark.slow
def test_what_moves_stays_as_it_is_until_the_contract(migrate, query, database) -> None:
    migrate(BEFORE)
    with pytest.raises(MigrationError, match="no release is known to use it meanwhile"):
        migrate(AFTER, moves=MOVES, backfills=CODE, allow_downtime=True)
    migrate(AFTER, moves=MOVES, backfills=CODE, expand=True)
    with pytest.raises(MigrationError, match="address can't get another name while person"):
        migrate(AFTER.replace("Address", "Home"), renames=["address=home"])
    with pytest.raises(MigrationError, match=r"transfer person\.address needs it"):
        migrate(AFTER, contract=True, contracted=["person.street"])
    more = AFTER + "    note = Optional(str)\n"
    migrate(more)
    query("INSERT INTO person (name, street) VALUES ('Ada', 'A')")
    assert query("SELECT street, note FROM address") == [("A", "")]
    require_same_copy(database.migration_url)
    migrate("class Person(db.Entity):\n    name = Required(str)\n", allow_data_loss=True)
    query("INSERT INTO person (name) VALUES ('Bob')")


KIND = "    kind = Required(str, sql_default=\"'home'\")\n"


def test_a_default_moves_with_its_column(migrate, query, settings, database) -> None:
    migrate(BEFORE + KIND)
    query("INSERT INTO person (name, street) VALUES ('Ada', 'A')")
    migrate(AFTER + KIND, moves=[*MOVES, "person.kind=address.kind"], backfills=CODE, expand=True)
    query("INSERT INTO person (name) VALUES ('by the new one')")
    query("INSERT INTO address (person, street, code, kind) VALUES (2, 'B', 'x', 'work')")
    query("INSERT INTO person (name, street) VALUES ('by the old one', 'C')")
    query("DELETE FROM address WHERE person = 1; UPDATE person SET name = 'Eve' WHERE id = 1")
    kinds = (
        "SELECT p.kind, a.kind FROM person p LEFT JOIN address a ON a.person = p.id ORDER BY p.id"
    )
    assert query(kinds) == [(None, None), ("work", "work"), ("home", "home")]
    migrations = migration_directory.read(settings.migrations)
    down(database.migration_url, migrations, migrations[0].name, allow_data_loss=True)
    query("INSERT INTO person (name, street) VALUES ('Bob', 'D')")
    assert query("SELECT kind FROM person ORDER BY id") == [
        ("home",),
        ("work",),
        ("home",),
        ("home",),
    ]


AGE = "    age = Required(int)\n"
BACK = {
    "required": (AGE, ["person.age=0"], "person.age can't have a default while"),
    "computed": (AGE, ["person.age=length(name)"], "person.age can't be filled in while"),
    "a default": (
        AGE.replace("int", "int, sql_default='7'"),
        (),
        "person.age can't have a default",
    ),
}


@cases("attribute, backfills, said", BACK, quick=1)
def test_what_comes_back_has_no_value_of_its_own(migrate, attribute, backfills, said) -> None:
    migrate(BEFORE + AGE)
    migrate(AFTER + AGE, moves=[*MOVES, "person.age=address.age"], backfills=CODE, expand=True)
    back = AFTER[: AFTER.index("class Address")]
    back = back.replace('    address = Optional("Address")\n', attribute)
    with pytest.raises(MigrationError, match=said) as error:
        migrate(back, backfills=backfills, expand=True)
    assert "invoke migrate --contract" in error.value.cure


def test_what_comes_back_beside_the_one_that_moved_is_another_attribute(migrate, finding) -> None:
    """It needs a column of its own: in step, each would get the values of the other."""
    migrate(BEFORE)
    migrate(AFTER, moves=MOVES, backfills=CODE, expand=True)
    back = AFTER.replace("    born", "    street = Optional(str)\n    born")
    said = r"person\.street and address\.street are kept in step for an earlier release"
    with pytest.raises(MigrationError, match=said) as caught:
        migrate(back)
    assert "column='street_new'" in caught.value.cure
    assert "person.street and address.street are kept in step" in finding(back)
    assert migrate(back.replace("Optional(str)\n", "Optional(str, column='street_new')\n")).written


def test_what_comes_back_empty_ends_with_the_other_entity(migrate, query, sql) -> None:
    migrate(BEFORE)
    migrate(AFTER, moves=MOVES, backfills=CODE, expand=True)
    back = AFTER[: AFTER.index("class Address")]
    back = back.replace('address = Optional("Address")', "street = Optional(str)")
    migrate(back, expand=True)
    query("INSERT INTO person (name) VALUES ('by the release between')")
    query("INSERT INTO address (person, street, code) VALUES (1, 'B', 'x')")
    assert query("SELECT street FROM person") == [("B",)]
    migrate(back, contract=True, allow_data_loss=True)
    assert "transfer person.address" in sql()
    assert query("SELECT street FROM person") == [("B",)]


def test_a_column_in_step_keeps_its_type(migrate) -> None:
    short = BEFORE.replace("name = Required(str)", "name = Required(str, 20)")
    after = AFTER.replace("name = Required(str)", "title = Required(str, 20)")
    migrate(short)
    migrate(
        after,
        moves=MOVES,
        backfills=["address.code='x'"],
        renames=["person.name=title"],
        expand=True,
    )
    for old, new, partner in (
        ("title = Required(str, 20)", "title = Required(str, 40)", "person.name"),
        ("town = Optional(str", "town = Optional(str, 99", "person.town"),
    ):
        with pytest.raises(MigrationError, match=f"in step with {partner} for a release") as error:
            migrate(after.replace(old, new))
        assert "End that first: invoke migrate --contract" in error.value.cure
