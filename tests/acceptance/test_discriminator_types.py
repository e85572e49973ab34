"""A discriminator that gets another type: each row stays what it is, up and down."""

from collections.abc import Callable

import pytest

from berceau.errors import MigrationError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.resolve import mark_applied
from tests.conftest import cases

KIND = "class Kind(enum.StrEnum):\n    {}\n"
LEVEL = "class Level(enum.IntEnum):\n    LOW = 1\n    MIDDLE = 2\n    HIGH = 3\n"

# The discriminator's type, its values in Python, and as PostgreSQL prints them.
TYPES = {
    "text": ("str", "'P'", "'S'", "'T'", "P S T"),
    "digits": ("str", "'1'", "'2'", "'3'", "1 2 3"),
    "signs": ("str", "'::'", '"\'"', r"'\\'", r":: ' \ "),
    "number": ("int", "1", "2", "3", "1 2 3"),
    "others": ("int", "-3", "2", "1", "-3 2 1"),
    "date": ("date", *(f"date(2020, 1, {n})" for n in "123"), "2020-01-01 2020-01-02 2020-01-03"),
    "enum": ("Kind", "Kind.A", "Kind.B", "Kind.C", "a b c"),
    "int enum": ("Level", "Level.LOW", "Level.MIDDLE", "Level.HIGH", "LOW MIDDLE HIGH"),
}
PAIRS = (
    "text > number, number > digits, digits > others, others > text, text > enum, enum > digits,"
    "enum > int enum, int enum > number, number > enum, date > text, number > date, signs > enum,"
    "text > signs, signs > number"
)
ROWS = "SELECT string_agg(kind::text, ' ' ORDER BY id) FROM person"


def people(chosen: str, labels: str = "abc", **names: str) -> str:
    """Return an entity and two subclasses, as text; ``names`` call one otherwise, or leave it out.

    What their rows hold is one of ``TYPES``.
    """
    kind, *values, _ = TYPES[chosen]
    used = {"Kind": KIND.format("; ".join(f"{each.upper()} = {each!r}" for each in labels))}
    lines = [f"{used.get(kind, LEVEL if kind == 'Level' else '')}class Person(db.Entity):"]
    lines += [f"    kind = Discriminator({kind})", f"    _discriminator_ = {values[0]}"]
    for name, value in zip(("Student", "Teacher"), values[1:], strict=True):
        if given := names.get(name, name):
            lines += [f"class {given}(Person):", f"    _discriminator_ = {value}"]
    return "\n".join(lines) + "\n"


def printed(chosen: str) -> list[str]:
    return TYPES[chosen][-1].split()


def renames(before: str, after: str) -> list[str]:
    pairs = [*zip(printed(before), printed(after), strict=True)][1:]
    return [f"person.kind.{old}={new}" for old, new in pairs if old != new]


@pytest.fixture
def start(migrate, query) -> Callable[..., None]:
    """Return a function that migrates to people, and adds one of each kind."""

    def start(chosen: str) -> None:
        migrate(people(chosen))
        for value in printed(chosen):
            query(f"INSERT INTO person (kind) VALUES ($${value}$$)")

    return start


@pytest.fixture
def undo(database, settings) -> Callable[[], tuple[str, ...]]:
    """Return a function that undoes the last migration."""
    return lambda: down(
        database.migration_url, migration_directory.read(settings.migrations), allow_data_loss=True
    )


@cases("pair", {each.strip(): each.strip() for each in PAIRS.split(",")}, quick=3)
def test_rows_keep_their_entity(pair, start, undo, migrate, query) -> None:
    before, after = pair.split(" > ")
    start(before)
    options = {"renames": renames(before, after)}
    if options["renames"]:
        with pytest.raises(MigrationError, match="have another meaning now") as caught:
            migrate(people(after, Student="Pupil"))
        assert caught.value.message.count("--rename") == len(options["renames"])
    migrate(people(after, Student="Pupil"), **options)
    assert query(ROWS) == [(" ".join(printed(after)),)]
    undo()
    assert query(ROWS) == [(" ".join(printed(before)),)]


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["text > number", "number > enum", "enum > text"])
@pytest.mark.parametrize("here", [True, False])
def test_a_subclass_goes_with_the_type(pair, here, start, undo, migrate, query) -> None:
    before, after = pair.split(" > ")
    (start if here else lambda chosen: migrate(people(chosen)))(before)
    (_, gone, kept), (root, _, new) = printed(before), printed(after)
    options = {"renames": [f"person.kind.{kept}={new}"]}
    without = people(after, Student="")
    with pytest.raises(MigrationError, match=f"kind is '{gone}' .{int(here)} row"):
        migrate(without, **options)
    migrate(without, **options, allow_data_loss=True)
    assert query(ROWS) == [(f"{root} {new}" if here else None,)]
    undo()
    assert query(ROWS) == [(f"{printed(before)[0]} {kept}" if here else None,)]
    migrate(without, **options, labels=[f"person.kind.{gone}={new}"], allow_data_loss=True)
    undo()


def test_rows_of_a_subclass_that_goes_become_those_of_another(start, undo, migrate, query) -> None:
    start("text")
    options = {"renames": ["person.kind.T=3"], "labels": ["person.kind.S=1"]}
    migrate(people("number", Student=""), **options, allow_data_loss=True)
    assert query(ROWS) == [("1 1 3",)]
    undo()
    assert query(ROWS) == [("P P T",)]


# What calls or leaves out a subclass, the labels of its enum, options, and what rows hold by then.
ENUMS = {
    "a label that is renamed": ({}, "abd", {"renames": ["kind.c=d"]}, "a b d"),
    "a label and its entity that are renamed": (
        {"Teacher": "Boss"},
        "abd",
        {"renames": ["kind.c=d", "person.kind.c=d"]},
        "a b d",
    ),
    "another label for an entity": (
        {},
        "abd",
        {"renames": ["person.kind.c=d"], "allow_data_loss": True},
        "a b d",
    ),
    "a label that goes with its entity": (
        {"Teacher": ""},
        "ab",
        {"allow_data_loss": True},
        "a b",
    ),
    "a label that goes, whose rows become others": (
        {"Teacher": ""},
        "ab",
        {"labels": ["person.kind.c=b"], "allow_data_loss": True},
        "a b b",
    ),
}


@cases("names, labels, options, held", ENUMS, quick=2)
def test_an_enum_changes_its_labels(
    names, labels, options, held, start, undo, migrate, query
) -> None:
    start("enum")
    after = people("enum", labels, **names).replace("Kind.C", f"Kind.{labels[-1].upper()}")
    with pytest.raises(MigrationError):
        migrate(after)
    migrate(after, **options)
    assert query(ROWS) == [(held,)]
    undo()
    assert query(ROWS) == [(held.replace("d", "c"),)]


def test_values_of_no_entity_are_named(start, migrate, query) -> None:
    start("text")
    query("INSERT INTO person (kind) VALUES ('X'), ('X')")
    says = r"person\.kind can't be integer in 2 rows: 'X'"
    with pytest.raises(MigrationError, match=says):
        migrate(people("number"), renames=renames("text", "number"))


def test_without_records_the_default_tells_the_root(migrate, query, settings, database) -> None:
    migrate(people("text", Student="", Teacher=""))
    migration = migration_directory.read(settings.migrations)[0]
    bare = "\n".join(line for line in migration.sql.splitlines() if "Means" not in line) + "\n"
    (settings.migrations / migration.name / "migration.sql").write_text(bare)
    mark_applied(
        database.migration_url, migration_directory.read(settings.migrations), migration.name
    )
    query("INSERT INTO person (kind) VALUES ('P')")
    migrate(people("number"))
    assert query(ROWS) == [("1",)]
