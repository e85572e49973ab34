"""Which of the kept things a contract ends, and what stays because something rests on it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.migration.kept import kept_by
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory

PERSON = """
class Person(db.Entity):
    name = Required(str)
"""
ALONE = "class Person(db.Entity):\n    slug = Required(str)\n"
SLUG = ("person.slug=coalesce(lower(name), '')",)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


@pytest.fixture
def kept(settings: Settings) -> Callable[[], list[str]]:
    """Return a function that gives what the migrations keep, as text."""
    return lambda: sorted(map(str, kept_by(migration_directory.read(settings.migrations))))


def test_a_pattern_ends_a_part_of_what_is_kept(migrate, sql, kept, finding) -> None:
    migrate(PERSON + "    rating = Required(int)\n    note = Required(str)\n")
    said: list[str] = []
    migrate(PERSON, said.append)
    told = "kept for an earlier release: column person.note, column person.rating (once no process"
    assert [each for each in said if each.startswith(told)]
    with pytest.raises(MigrationError, match=r"--contract person\.raiting matches nothing") as bad:
        migrate(PERSON, contract=True, contracted=["person.raiting"])
    assert "column person.note, column person.rating" in bad.value.cure
    migrate(PERSON, contract=True, contracted=["*.r?ting"], allow_data_loss=True)
    assert sql() == (
        "-- Phase: contract\n-- Ends: column person.rating\n\n"
        "-- loses data\nALTER TABLE person DROP COLUMN rating;"
    )
    assert kept() == ["column person.note"]
    assert finding(PERSON) == ""


@pytest.mark.slow
def test_what_a_trigger_computes_from_stays_as_long_as_the_trigger(
    migrate, query, kept, finding
) -> None:
    migrate(PERSON)
    migrate("class Person(db.Entity):\n    pass\n")
    query("INSERT INTO person (name) VALUES ('Ada')")
    migrate(ALONE, backfills=SLUG)
    assert kept() == ["column person.name", "fill person.slug"]
    with pytest.raises(MigrationError, match=r"column person\.name: fill person\.slug is") as bad:
        migrate(ALONE, contract=True, contracted=["person.name"], allow_data_loss=True)
    assert "End both together" in bad.value.cure
    migrate(ALONE, contract=True, contracted=["person.name", "person.slug"], allow_data_loss=True)
    assert kept() == []
    assert finding(ALONE) == ""
    query("INSERT INTO person (slug) VALUES ('alan')")


@pytest.mark.slow
def test_a_fill_ends_with_what_it_computes_from(migrate, query, sql, kept, finding) -> None:
    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada')")
    migrate(PERSON + "    slug = Required(str)\n", backfills=SLUG)
    migrate(ALONE, allow_downtime=True, allow_data_loss=True)
    assert sql() == (
        "-- Ends: fill person.slug\n\n"
        "DROP TRIGGER zz_berceau_sync ON person;\n\nDROP FUNCTION person_berceau_sync();\n\n"
        "-- loses data\nALTER TABLE person DROP COLUMN name;"
    )
    assert kept() == []
    assert finding(ALONE) == ""
    assert query("SELECT slug FROM person") == [("ada",)]


@pytest.mark.slow
def test_what_is_unmanaged_is_kept_no_longer_and_stays(migrate, query, sql, kept) -> None:
    migrate(PERSON + "    rating = Required(int)\n")
    query("INSERT INTO person (name, rating) VALUES ('Ada', 1)")
    migrate(PERSON)
    said: list[str] = []
    unmanaged = ("person.rating",)
    migrate(PERSON, said.append, unmanaged, contract=True)
    told = "stays, since pyproject.toml lists it as unmanaged: column person.rating"
    assert told in said
    assert sql() == (
        "-- Phase: contract\n-- Ends: column person.rating\n\n"
        "-- Nothing changes in the database: what was kept stays there."
    )
    assert kept() == []
    said.clear()
    assert migrate(PERSON, said.append, unmanaged).written is None
    assert said == ["comparing the entities with the migrations"]
    assert query("SELECT rating FROM person") == [(1,)]


@pytest.mark.slow
def test_a_label_stays_as_long_as_a_column_that_holds_it(migrate, query, kept, finding) -> None:
    enum = "class State(enum.Enum):\n    OPEN = 'OPEN'\n    DONE = 'DONE'\n"
    both = "    state = Required(State)\n    before = Required(State)\n"
    fewer = enum.replace("    DONE = 'DONE'\n", "") + PERSON + "    state = Required(State)\n"
    migrate(enum + PERSON + both)
    query("INSERT INTO person (name, state, before) VALUES ('Ada', 'OPEN', 'DONE')")
    migrate(fewer, labels=["state.DONE=OPEN"])
    assert kept() == ["column person.before", "value state.DONE"]
    with pytest.raises(MigrationError, match=r"value state\.DONE: column person\.before may hold"):
        migrate(fewer, contract=True, contracted=["state.*"])
    migrate(fewer, contract=True, allow_data_loss=True)
    assert kept() == []
    assert finding(fewer) == ""
