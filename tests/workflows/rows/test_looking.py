"""One object with what is related to it, suggestions, CSV, and what a deletion would do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import pytest
from psycopg2.extensions import cursor

from berceau.errors import RowsError
from berceau.orm.session import unit_of_work
from berceau.planner.privacy import Privacy
from berceau.planner.shapes import is_plannable, shape
from berceau.postgres.core.connection import Connection
from berceau.postgres.statistics.tracked_queries import is_of_application
from berceau.workflows.rows.browsing import Browsing, Page, browse
from berceau.workflows.rows.cascades import Effect, digest, effects_of_deletion
from berceau.workflows.rows.entities import Entities, read_entities
from berceau.workflows.rows.exporting import export
from berceau.workflows.rows.looking import Seen, look_at, suggest, with_related
from berceau.workflows.rows.operators import Filter
from tests.workflows.rows.world import INJECTION, MARKUP, Author, Post, Tag, database

Look = Callable[..., Page]
ONE, TWO, THREE = (str(UUID(int=number)) for number in (1, 2, 3))


@pytest.fixture
def key(look: Look) -> Callable[[str], str]:
    """Return a function that gives the key of an author."""

    def key(name: str) -> str:
        (row,) = look("Author", filters=(Filter("name", "equals", name),)).rows
        assert row.key is not None
        return row.key

    return key


@pytest.fixture
def see(reader: Connection, entities: Entities) -> Callable[[str, str], Seen | None]:
    """Return a function that looks at an object, with what is related to it."""

    def see(entity: str, key: str) -> Seen | None:
        seen = look_at(reader, entities, entity, key)
        return None if seen is None else with_related(reader, entities, seen)

    return see


def test_an_object_is_shown_whole(see) -> None:
    seen = see("Post", ONE)
    assert (seen.label, seen.entity.name) == ("One", "Post")
    assert seen.cell("text").text == "x" * 1000
    assert seen.cell("facts").text.splitlines()[:2] == ["{", '    "a": [']
    assert seen.cell("author").text == "Ada"
    assert see("Post", TWO).entity.name == "Review"
    assert see("Post", TWO).cell("isbn").text == "1"
    assert see("Review", ONE) is None
    assert see("Post", "00000000-0000-0000-0000-000000000009") is None


def test_relations_lead_in_both_directions_whoever_wrote_them(see, key) -> None:
    seen = see("Author", key("Ada"))
    found = {
        (each.field.name, each.target): [row.label for row in each.rows] for each in seen.related
    }
    hidden = next(each for each in seen.related if each.target == "Visit")
    assert hidden.field.relation.hidden
    assert found.pop((hidden.field.name, "Visit")) == [hidden.rows[0].key]
    assert found == {
        ("posts", "Post"): ["One", "Three"],
        ("pupils", "Author"): [MARKUP],
        ("desk", "Desk"): ["window"],
    }
    (tags,) = see("Post", THREE).related
    assert [row.label for row in tags.rows] == ["50%/x", "n"]
    (posts,) = see("Tag", tags.rows[0].key).related
    assert [row.key for row in posts.rows] == [ONE, THREE]


def test_objects_whose_key_is_a_secret_can_not_be_opened(see) -> None:
    with pytest.raises(RowsError, match="secret"):
        see("Login", "t0p-s3cr3t")


def test_objects_are_suggested_by_a_part_of_their_name_or_their_key(
    reader: Connection, entities: Entities, key: Callable[[str], str]
) -> None:
    ada = key("Ada")
    assert suggest(reader, entities, "Author", "D") == ((ada, "Ada"),)
    assert suggest(reader, entities, "Author", "script")[0][1] == MARKUP
    assert suggest(reader, entities, "Author", ada) == ((ada, "Ada"),)
    assert len(suggest(reader, entities, "Author", "")) == 2
    assert suggest(reader, entities, "Author", "%") == ()
    assert suggest(reader, entities, "Author", INJECTION + "\0") == ()
    assert suggest(reader, entities, "Tag", "r,n") == (("r,n", "n"),)
    with pytest.raises(RowsError, match="secret"):
        suggest(reader, entities, "Login", "t")


def test_rows_are_written_as_csv_without_secrets(reader: Connection, entities: Entities) -> None:
    browsing = Browsing("Author", columns=("name", "password_hash", "mentor"), sort="name")
    text = "".join(export(reader, entities, browsing)).split("\r\n")
    assert text[0] == "name,password_hash,mentor"
    assert sorted(text[1:3])[1] == "Ada,[hidden],"
    assert sorted(text[1:3])[0].startswith(f"{MARKUP},")
    whole = "".join(export(reader, entities, Browsing("Post", columns=("text", "facts"))))
    assert "x" * 1000 in whole
    with pytest.raises(RowsError):
        export(reader, entities, Browsing("Post", sort="facts"))


def test_a_spreadsheet_computes_no_text(reader: Connection, entities: Entities) -> None:
    with unit_of_work():
        Post(id=UUID(int=4), title="=1+1", author=Author.get(name="Ada"), pages=-3)
    browsing = Browsing("Post", ("title", "pages"), (Filter("pages", "less", "0"),))
    assert list(export(reader, entities, browsing))[1] == "=1+1,-3\r\n"
    assert list(export(reader, entities, browsing, spreadsheet=True))[1] == "'=1+1,-3\r\n"


def test_a_deletion_tells_before_what_it_does(
    reader: Connection, entities: Entities, key: Callable[[str], str], look: Look
) -> None:
    found = effects_of_deletion(reader, entities, "Author", key("Ada"))
    visit = next(each for each in found if each.entity == "Visit")
    assert (visit.action, visit.field, visit.count) == ("delete", "author", 1)
    assert [replace(each, keys="") for each in found if each is not visit] == [
        Effect("refuse", "Desk", "owner", 1, ("window",), more=False, keys=""),
        Effect("delete", "Post", "author", 2, ("One", "Three"), more=False, keys=""),
        Effect("detach", "Author", "mentor", 1, (MARKUP,), more=False, keys=""),
        Effect("unlink", "Tag", "posts", 3, (), more=False, keys=""),
    ]
    assert len(look("Visit").rows) == 1


def test_a_deletion_tells_one_row_from_another_that_it_does_not_name(
    reader: Connection, entities: Entities, key: Callable[[str], str]
) -> None:
    """Neither the counts nor the first names change."""
    with unit_of_work():
        ada, tag = Author.get(name="Ada"), Tag["r", "n"]
        for number in range(10, 17):
            Post(id=UUID(int=number), title="Same", author=ada, tags=[tag])

    def told() -> str:
        return digest(effects_of_deletion(reader, entities, "Author", key("Ada")))

    def linked() -> str:
        return digest(effects_of_deletion(reader, entities, "Tag", "r,n"))

    seen = told()
    assert told() == seen
    with unit_of_work():
        Post[UUID(int=16)].delete()
        Post(id=UUID(int=17), title="Same", author=Author.get(name="Ada"), tags=[Tag["r", "n"]])
    assert told() != seen
    seen = linked()
    assert linked() == seen
    with unit_of_work():
        Tag["r", "n"].posts.remove(Post[UUID(int=17)])
        Tag["r", "n"].posts.add(Post[UUID(int=1)])
    assert linked() != seen


@pytest.mark.parametrize(
    ("pattern", "entity", "field"),
    [
        *(("author.born", "Author", "born"), ("post.mood", "Post", "mood")),
        *(("post.author", "Post", "author"), ("tag.realm", "Tag", "realm")),
    ],
)
@pytest.mark.usefixtures("tables")
def test_what_a_project_calls_private_is_secret_of_whatever_kind_it_is(
    pattern: str, entity: str, field: str
) -> None:
    entities = read_entities(Privacy(private=(pattern,), public=("*",)), database)
    found = entities.find(entity)
    assert [each.name for each in found.fields if entities.is_secret(found, each)] == [field]
    assert entities.has_secret_key(found) == (entity == "Tag")


@pytest.mark.parametrize(
    ("pattern", "entity", "name"),
    [
        *(("post.author", "Author", "posts"), ("author.mentor", "Author", "pupils")),
        *(("post_tag.*", "Tag", "posts"), ("post_tag.*", "Post", "tags")),
        ("desk.owner", "Author", "desk"),
    ],
)
def test_a_private_relation_is_secret_from_its_other_side_too(
    reader: Connection, pattern: str, entity: str, name: str
) -> None:
    def related(entities: Entities) -> set[str]:
        (row, *_) = browse(reader, entities, Browsing(entity)).rows
        seen = look_at(reader, entities, entity, row.key or "")
        assert seen is not None
        return {each.field.name for each in with_related(reader, entities, seen).related}

    open_, closed = (read_entities(Privacy(private=each), database) for each in ((), (pattern,)))
    assert related(open_) - related(closed) == {name}
    filtered = Browsing(entity, filters=(Filter(name, "has", ONE),))
    with pytest.raises(RowsError, match=f"{entity}.{name} can't be filtered by “has”"):
        browse(reader, closed, filtered)


def test_a_deletion_counts_what_a_private_relation_hides(reader: Connection) -> None:
    entities = read_entities(Privacy(private=("post.author",)), database)
    ada = Browsing("Author", filters=(Filter("name", "equals", "Ada"),))
    (row,) = browse(reader, entities, ada).rows
    effects = effects_of_deletion(reader, entities, "Author", row.key or "")
    assert [(each.count, each.names) for each in effects if each.entity == "Post"] == [(2, ())]


class Heard(cursor):
    """Notes the statements that it executes, with their values."""

    statements: ClassVar[list[str]] = []

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - its base calls it so
        super().execute(query, vars)
        self.statements.append((self.query or b"").decode())


def test_no_index_is_advised_for_what_the_console_reads(
    reader: Connection, entities: Entities, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "cursor_factory", Heard)
    Heard.statements.clear()
    rows = look("Post", sort="-title", filters=(Filter("pages", "more", "1"),), limit=1)
    look("Post", sort="-title", after=rows.next or "")
    seen = look_at(reader, entities, "Author", look("Author").rows[0].key or "")
    assert seen is not None
    with_related(reader, entities, seen)
    suggest(reader, entities, "Tag", "n")
    effects_of_deletion(reader, entities, "Tag", "r,n")
    look_at(reader, entities, "Review", TWO)
    shapes = [each for each in map(shape, Heard.statements) if is_plannable(each)]
    assert len(shapes) > 10
    assert [each for each in shapes if is_of_application(each)] == []
