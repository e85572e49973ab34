"""Components that relate to each other's entities: each is taken out, and put back."""

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

    def greeting(self):
        return f"I am {self.name}"
"""
COMPONENTS = {
    "articles": """
        from components.people.entities import Person
        from berceau.orm import index

        class Article(db.Entity):
            author = Required(Person)
            title = Required(str)

        class PersonArticles(Person, extend=True):
            written = Set("Article", reverse="author", cascade_delete=True)
            index("city")

            def titles(self):
                return sorted(self.written.title)
        """,
    "badges": """
        import enum

        class Colour(enum.StrEnum):
            GOLD = "GOLD"
            TIN = "TIN"

        class Badge(db.Entity):
            colour = Required(Colour)
            holders = Set("Person", reverse="badges")
            givers = Set("Person")
        """,
    "folders": """
        class Folder(db.Entity):
            name = Required(str)
            parent = Optional("Folder", reverse="inside")
            related = Set("Folder", reverse="origins")
        """,
    "messages": """
        class Message(db.Entity):
            sender = Required("Person", cascade_delete=False)
            receiver = Optional("Person")
            text = Required(str)
        """,
    "profiles": """
        class Profile(db.Entity):
            person = Required("Person", unique=True, reverse="profile", cascade_delete=True)
            motto = Optional(str)

        class Loud(Profile):
            volume = Optional(int)
        """,
}
TEST = """
import pytest
from pony.orm import db_session, flush

from components.people.entities import Person


@pytest.mark.usefixtures("db")
def test_{name}():
    with db_session:
        ada = Person(name="Ada")
        {body}
        flush()
        ada.delete()
"""
BODIES = {
    "people": "assert ada.greeting() == 'I am Ada'",
    "articles": "ada.written.create(title='x'); assert ada.titles() == ['x']",
    "badges": "from components.badges.entities import Badge, Colour; "
    "Badge(colour=Colour.TIN, holders=[ada]); assert ada.badges.count() == 1",
    "folders": "from components.folders.entities import Folder; "
    "Folder(name='x', parent=Folder(name='y'))",
    "messages": "from components.messages.entities import Message; "
    "Message(sender=Person(name='B'), receiver=ada, text='x')",
    "profiles": "from components.profiles.entities import Profile; "
    "Profile(person=ada); assert ada.profile.motto == ''",
}
VIEW = """
from pyramid.view import view_config
from components.{name}.entities import {entity}


@view_config(route_name="{name}", renderer="string")
def show(request):
    return str({entity}.select().count())
"""
INIT = """
def includeme(config):
    config.add_route("{name}", "/{name}")
"""
ENTITIES = {
    "people": "Person",
    "articles": "Article",
    "badges": "Badge",
    "folders": "Folder",
    "messages": "Message",
    "profiles": "Profile",
}
ROWS = """
INSERT INTO person (id, name, city) VALUES (1, 'Ada', ''), (2, 'Bob', '');
INSERT INTO article (author, title) VALUES (1, 'a'), (1, 'b'), (2, 'c');
INSERT INTO badge (id, colour) VALUES (1, 'GOLD');
INSERT INTO badge_person (badge, person) VALUES (1, 1), (1, 2);
INSERT INTO badge_person_2 (badge, person) VALUES (1, 2);
INSERT INTO folder (id, name, parent) VALUES (1, 'top', NULL), (2, 'in', 1);
INSERT INTO folder_folder (folder, folder_2) VALUES (1, 2);
INSERT INTO message (sender, receiver, text) VALUES (1, 2, 'x'), (2, NULL, 'y');
INSERT INTO profile (person, classtype, motto) VALUES (1, 'Loud', 'm'), (2, 'Profile', '');
"""
TABLES = {
    "people": ("person",),
    "articles": ("article",),
    "badges": ("badge", "badge_person", "badge_person_2"),
    "folders": ("folder", "folder_folder"),
    "messages": ("message",),
    "profiles": ("profile",),
}


@pytest.fixture
def house(connected: Project, query: Callable[[str], Any]) -> Project:
    """A project of six components, migrated, with rows."""
    connected.component("people", PEOPLE, **_modules("people"))
    for name, entities in COMPONENTS.items():
        connected.component(name, entities, **_modules(name))
    for name in TABLES:
        test = TEST.format(name=name, body=BODIES[name])
        connected.write(f"components/{name}/tests/__init__.py", "")
        connected.write(f"components/{name}/tests/test_{name}.py", test)
    connected.succeed("migrate", "--name", "init")
    query(ROWS)
    return connected


def _modules(name: str) -> dict[str, str]:
    return {
        "__init__": INIT.format(name=name),
        "views": VIEW.format(name=name, entity=ENTITIES[name]),
    }


def counts(query: Callable[[str], Any]) -> dict[str, int]:
    names = [table for tables in TABLES.values() for table in tables]
    return {name: query(f"SELECT count(*) FROM {name}")[0][0] for name in names}


def out(house: Project, name: str) -> Path:
    """Take the component ``name`` out, and return where it is now."""
    return Path(shutil.move(house.root / "components" / name, house.root / name))


@pytest.mark.slow
def test_each_component_is_taken_out_and_put_back(house: Project, query: Any) -> None:
    before, files = counts(query), house.migrations()
    for name in COMPONENTS:
        folder = out(house, name)
        assert f"  {name}: " not in house.succeed("build")
        status = house.succeed("migrate.status")
        for table in TABLES[name]:
            line = f"declared by no component: table {table}, left by the component {name}"
            assert line in status.splitlines()
        migrated = house.succeed("migrate")
        assert f"kept of the component {name}, which isn't there: " in migrated
        if name != "articles":  # which also has an index on a table of people
            assert migrated.endswith("migrate: nothing to do\n")
        assert house.succeed("migrate.check")
        assert counts(query) == before
        shutil.move(folder, house.root / "components" / name)
        house.succeed("migrate")
        assert "declared by no component" not in house.succeed("migrate.status")
        assert house.succeed("migrate.check")
        assert counts(query) == before
    assert len(house.migrations()) == len(files) + 2  # the index that went, and came back


@pytest.mark.slow
def test_others_migrate_while_a_component_is_out(house: Project, query: Any) -> None:
    before = counts(query)
    folders = [out(house, name) for name in ("badges", "profiles")]
    entities = house.root / "components/people/entities.py"
    entities.write_text(entities.read_text() + "    nickname = Optional(str)\n")
    messages = house.root / "components/messages/entities.py"
    messages.write_text(
        messages.read_text() + "\nclass Thread(db.Entity):\n    text = Required(str)\n"
    )
    house.succeed("migrate", "--name", "more")
    assert query("SELECT nickname FROM person WHERE id = 1") == [("",)]
    assert query("SELECT count(*) FROM thread") == [(0,)]
    assert counts(query) == before
    for folder in folders:
        shutil.move(folder, house.root / "components" / folder.name)
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert counts(query) == before


@pytest.mark.slow
def test_what_is_left_is_dropped_when_that_is_said(house: Project, query: Any) -> None:
    out(house, "badges")
    folder = out(house, "messages")
    for name, text in (("people", "    city = Optional(str)\n"), ("articles", 'index("city")')):
        entities = house.root / f"components/{name}/entities.py"
        entities.write_text(entities.read_text().replace(text, ""))
    for name in ("people", "bades"):
        message = house.fail("migrate", "--drop-component", name)
        assert f"The component {name} has left nothing" in message
        assert "Components that aren't there: badges, messages." in message
    message = house.fail("migrate", "--drop-component", "badges")
    assert "table badge (of component badges, 1 row)" in message
    assert "messages" not in message.partition("would lose data")[2]
    house.succeed("migrate", "--name", "no_city", "--allow-data-loss")
    assert query("SELECT count(*) FROM badge") == [(1,)]  # nobody spoke of badges
    house.succeed(
        "migrate", "--name", "no_badges", "--allow-data-loss", "--drop-component", "badges"
    )
    assert query("SELECT to_regclass('badge'), to_regclass('badge_person')") == [(None, None)]
    assert query("SELECT to_regtype('colour')") == [(None,)]
    assert "left by the component badges" not in house.succeed("migrate.status")
    shutil.move(folder, house.root / "components/messages")
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert query("SELECT count(*) FROM message") == [(2,)]


@pytest.mark.slow
def test_a_component_with_another_name_takes_its_tables_along(house: Project, query: Any) -> None:
    shutil.move(house.root / "components/messages", house.root / "components/letters")
    entities = house.root / "components/letters/entities.py"
    entities.write_text(entities.read_text().replace("class Message", "class Letter"))
    for file in (house.root / "components/letters").rglob("*.py"):
        text = file.read_text().replace("components.messages", "components.letters")
        file.write_text(text.replace("Message", "Letter"))
    message = house.fail("migrate")
    assert "--rename message=letter" in message
    house.succeed("migrate", "--rename", "message=letter")
    assert query("SELECT count(*) FROM letter") == [(2,)]


@pytest.mark.slow
def test_what_a_component_that_is_there_dropped_is_refused(house: Project) -> None:
    entities = house.root / "components/badges/entities.py"
    entities.write_text("from berceau.orm import db\n")
    (house.root / "components/badges/views.py").unlink()
    out(house, "profiles")
    message = house.fail("migrate")
    assert "table badge (of component badges, 1 row)" in message
    assert "profile" not in message.partition("would lose data")[2]


def test_a_component_that_others_need_is_missed_by_name(house: Project) -> None:
    out(house, "people")
    message = house.fail("build")
    assert "needs the component people, which isn't there" in message


@pytest.mark.slow
def test_the_application_and_the_tests_of_others_go_on(house: Project, query: Any) -> None:
    def check(names: list[str]) -> None:
        house.succeed("test", "--", "-q", "-p", "no:cacheprovider", "components")
        pages = "\n".join(
            f"assert app.get('/{name}').text == '{counts(query)[TABLES[name][0]]}'"
            for name in names
        )
        (house.root / "pages.py").write_text(
            "from webtest import TestApp\nfrom pyramid.paster import get_app\n"
            f"app = TestApp(get_app('development.ini'))\n{pages}\n"
        )
        result = house.run("pages")
        assert result.code == 0, result.err

    house.write(
        "development.ini", "[app:main]\nuse = egg:berceau#main\nberceau.development = true\n"
    )
    check(list(TABLES))
    for name in COMPONENTS:
        folder = out(house, name)
        check([each for each in TABLES if each != name])
        shutil.move(folder, house.root / "components" / name)
    check(list(TABLES))


@pytest.mark.slow
def test_a_squash_keeps_whose_the_tables_are(house: Project, query: Any) -> None:
    entities = house.root / "components/people/entities.py"
    entities.write_text(entities.read_text() + "    nickname = Optional(str)\n")
    house.succeed("migrate", "--name", "nickname")
    house.succeed("migrate.squash", "--name", "all")
    assert len(house.migrations()) == 1
    out(house, "messages")
    assert "left by the component messages" in house.succeed("migrate.status")
    assert house.succeed("migrate").endswith("migrate: nothing to do\n")
    assert counts(query)["message"] == 2


@pytest.mark.slow
def test_a_key_that_what_is_left_refers_to_is_changed_by_name(house: Project, query: Any) -> None:
    before = counts(query)
    for name in ("articles", "badges", "messages"):
        out(house, name)
    entities = house.root / "components/people/entities.py"
    text = "    id = PrimaryKey(str)\n    name = "
    entities.write_text(entities.read_text().replace("    name = ", text, 1))
    message = house.fail("migrate")
    assert 'foreign key constraint "article_author_fkey" cannot be implemented' in message
    assert "Nothing was written." in message
    assert counts(query) == before
