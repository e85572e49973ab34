"""A component's settings are the same for the server, for commands and for tests."""

import json
import re

import pytest

from tests.conftest import Project

NOTE = "class Note(db.Entity):\n    text = Required(str)\n"
SETTINGS = """
    from datetime import timedelta

    from berceau import ComponentSettings, setting


    class NotesSettings(ComponentSettings):
        first: str = setting(help="the text of the first note")
        age: timedelta = setting(default=timedelta(days=7), help="how long notes are kept")
        token: str = setting(default="none", secret=True, help="a secret")
"""
MANIFEST = "def includeme(config):\n    config.add_route('notes', '/notes')\n"
VIEWS = """
    from pyramid.view import view_config

    from .settings import NotesSettings

    @view_config(route_name="notes", renderer="string")
    def notes(request):
        return f"{NotesSettings.current().first} {NotesSettings.current().age}"
"""
SEEDS = """
    from .entities import Note
    from .settings import NotesSettings

    def seed():
        Note(text=NotesSettings.current().first)
"""
INI = """
[DEFAULT]
greeting = 100%% sure

[app:main]
use = egg:berceau#main
berceau.root = %(here)s
notes.first = %(greeting)s
"""


@pytest.fixture
def notes(connected) -> Project:
    """A migrated project whose only component has settings."""
    connected.write("development.ini", INI)
    connected.component(
        "notes", NOTE, __init__=MANIFEST, settings=SETTINGS, views=VIEWS, seeds=SEEDS
    )
    connected.succeed("migrate")
    return connected


def listed(project, *options: str, **environment: str) -> dict[str, tuple[str, str]]:
    """Return value and source of each setting of the component."""
    found = json.loads(project.succeed("settings", "--json", *options, **environment))
    return {
        row["name"]: (row["value"], row["source"])
        for row in found["settings"]
        if row["component"] == "notes"
    }


def test_commands_read_the_ini_file_as_the_server_does(notes, query) -> None:
    notes.succeed("db.seed")
    assert query("SELECT text FROM note") == [("100% sure",)]


def test_all_settings_are_listed(notes) -> None:
    notes.write(".env", "NOTES_TOKEN='hush # hush'\nNOTES_AGE=\"90\"\n")
    notes.write("other.ini", "[app:main]\nuse = config:development.ini\nnotes.first = Hi\n")
    assert listed(notes) == {
        "notes.first": ("100% sure", "development.ini"),
        "notes.age": ("0:01:30", ".env"),
        "notes.token": ("[hidden]", ".env"),
    }
    assert listed(notes, "--ini", "other.ini", NOTES_AGE="2d") == {
        "notes.first": ("Hi", "other.ini"),
        "notes.age": ("2 days, 0:00:00", "environment"),
        "notes.token": ("[hidden]", ".env"),
    }
    assert listed(notes, BERCEAU_INI="other.ini")["notes.first"] == ("Hi", "other.ini")
    text = notes.succeed("settings")
    assert "hush" not in text
    assert ["notes.age", "0:01:30", ".env", "how", "long"] in [
        line.split()[:5] for line in text.splitlines()
    ]


def test_mistakes_stop_what_runs_code_of_components_and_are_listed(notes) -> None:
    notes.write(".env", "NOTES_AGE=old\n")
    result = notes.invoke("settings")
    assert result.code == 1
    assert "notes.first" in result.out
    assert "NOTES_AGE in .env is 'old': it should be a duration" in result.err
    assert "NOTES_AGE in .env is 'old'" in notes.fail("db.seed")
    notes.succeed("build")  # it runs nothing


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[app:main]\nuse = egg:berceau#main\nnotes.first = 100%\n", "development.ini"),
        ("[server:main]\nuse = egg:berceau#main\n", "No section 'main'"),
        ("notes.first = x\n", "no section headers"),
    ],
)
def test_an_ini_file_that_cannot_be_read_is_one_message(notes, text, told) -> None:
    notes.write("development.ini", text)
    said = notes.fail("db.seed")
    assert "The ini file can't be read" in said
    assert told in said


TESTS = """
    import pytest
    from webtest import TestApp

    from components.notes.settings import NotesSettings


    def test_as_in_the_ini_file(app):
        assert app.get("/notes").text == "100% sure 7 days, 0:00:00"


    @pytest.mark.settings({"notes.first": "all", "notes.age": "1h"})
    class TestOverrides:
        @pytest.mark.settings({"notes.first": "one"})
        def test_the_closest_counts(self, app):
            assert app.get("/notes").text == "one 1:00:00"

        def test_code_outside_of_requests_finds_them(self, db):
            assert NotesSettings.current().first == "all"

        def test_an_application_of_its_own(self, db, berceau_worker):
            app = TestApp(berceau_worker.application({"notes.token": "1"}))
            assert app.get("/notes").text == "all 1:00:00"


    def test_nothing_stays_overridden(app):
        assert NotesSettings.current().first == "100% sure"
        assert app.get("/notes").text == "100% sure 7 days, 0:00:00"


    @pytest.mark.settings({"notes.firts": "x"})
    def test_a_name_that_nobody_declares(db):
        pass


    @pytest.mark.settings(notes_first="x")
    def test_a_marker_without_a_dictionary(db):
        pass
"""


@pytest.mark.slow
def test_tests_override_settings(notes) -> None:
    notes.write("pytest.ini", "[pytest]\npythonpath = .\naddopts = --strict-markers\n")
    notes.write("components/notes/tests/test_notes.py", TESTS)
    result = notes.run("pytest", "-q")
    assert re.search(r"5 passed, .*2 errors", result.out)
    assert "notes.firts overridden, is declared by no component" in result.out
    assert "doesn't have one dictionary" in result.out


@pytest.mark.slow
def test_the_server_reads_them(notes, serve) -> None:
    notes.environment["NOTES_FIRST"] = "Hello"
    with serve(notes) as site:
        assert site.get("/notes")[1] == "Hello 7 days, 0:00:00"


@pytest.mark.slow
def test_a_change_of_dotenv_is_picked_up(notes, serve) -> None:
    with serve(notes, "--reload") as site:
        site.await_text("/notes", "notes.first has no value")
        notes.write(".env", "NOTES_FIRST=Hello\n")
        assert "7 days" in site.await_text("/notes", "Hello")
        notes.write(".env", "NOTES_FIRST=Good evening\n")
        site.await_text("/notes", "Good evening")
