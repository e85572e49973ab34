"""Objects made, changed and deleted by forms."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from threading import Event
from uuid import UUID

import pytest

from berceau.orm.session import unit_of_work
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import execute
from berceau.workflows.rows.browsing import Page
from berceau.workflows.rows.cascades import effects_of_deletion
from berceau.workflows.rows.editing import Saved, change, create, delete, link
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.forms import Form, edit_form, lines, new_form
from tests.waiting import SECONDS
from tests.workflows.rows.world import Author, Desk, Mood, Post, Review, Tag, Visit

ONE, TWO, THREE = (str(UUID(int=number)) for number in (1, 2, 3))

pytestmark = pytest.mark.usefixtures("reader")


@pytest.fixture
def opened(reader: Connection, entities: Entities) -> Callable[[str, str], dict[str, str]]:
    """Return a function that gives what a browser posts where nothing was touched."""

    def opened(entity: str, key: str) -> dict[str, str]:
        form = edit_form(reader, entities, entity, key)
        assert form is not None
        posted = {}
        for entry in form.entries:
            name = entry.field.name
            posted |= {name: lines(entry.text).replace("\n", "\r\n"), f"{name}.was": entry.was}
            posted |= {f"{name}.zone": entry.zone} if entry.zone else {}
            posted |= {f"{name}.null": "on"} if entry.is_null else {}
        return posted

    return opened


def ada() -> Author:
    return Author.get(name="Ada")


def key_of_ada() -> str:
    with unit_of_work():
        return str(ada().id)


def errors(form: object) -> dict[str, str]:
    assert isinstance(form, Form)
    return {each.field.name: each.error for each in form.entries if each.error}


def test_an_object_is_made_of_all_kinds_of_values(entities: Entities) -> None:
    made = create(
        entities,
        "Review",
        {
            "title": "New",
            "text": "one\r\ntwo",
            "mood": "bright",
            "author": key_of_ada(),
            "price": "1.255",
            "rating": "0.5",
            "pages": " 12 ",
            "printed": "true",
            "at": "2026-07-01 12:00",
            "at.zone": "Europe/Paris",
            "daily": "07:30",
            "took": "1 day 02:00:00.5",
            "facts": '{"a": [1]}',
            "words": '["x", "y"]',
            "numbers": "[1, 0.5]",
            "cover": "00ff",
            "isbn": "9",
        },
    )
    assert isinstance(made, Saved)
    with unit_of_work():
        review = Review[UUID(made.key)]
        assert (review.title, review.text, review.mood) == ("New", "one\ntwo", Mood.BRIGHT)
        assert (review.author, review.price, review.pages) == (ada(), Decimal("1.26"), 12)
        assert (review.at, review.daily) == (datetime(2026, 7, 1, 10, tzinfo=UTC), time(7, 30))
        assert review.took == timedelta(days=1, hours=2, microseconds=500_000)
        assert (review.facts, list(review.words), bytes(review.cover)) == (
            {"a": [1]},
            ["x", "y"],
            b"\x00\xff",
        )


def test_what_is_left_empty_gets_its_default(entities: Entities) -> None:
    made = create(entities, "Post", {"title": "New", "author": key_of_ada(), "mood": ""})
    assert isinstance(made, Saved)
    with unit_of_work():
        post = Post[UUID(made.key)]
        assert (post.mood, post.text, post.pages, post.odd) == (Mood.CALM, "", None, None)
        assert post.at is not None


def test_each_field_says_what_is_wrong_with_it_and_keeps_what_was_typed(
    entities: Entities,
) -> None:
    form = create(
        entities,
        "Review",
        {
            "title": "x" * 201,
            "mood": "sad",
            "author": "999999",
            "price": "cheap",
            "pages": "1.5",
            "printed": "perhaps",
            "at": "2026-03-29 02:30",
            "at.zone": "Europe/Paris",
            "took": "long",
            "facts": '{"a": NaN}',
            "words": '{"x"}',
            "numbers": '["x"]',
            "text": "\0",
        },
    )
    found = errors(form)
    assert found.pop("title").endswith("Max length is 200, value length is 201")
    assert found.pop("mood").startswith("'sad' is no Mood")
    assert found.pop("numbers")
    assert found == {
        "author": "There is no Author with this key: choose one of the list.",
        "price": "Write a number such as 12.50.",
        "pages": "Write a whole number.",
        "printed": "Write true or false.",
        "at": "This time is skipped in Europe/Paris: the clocks go forward there.",
        "took": "Write a duration such as 1 day 02:30:00.",
        "facts": "JSON has no NaN.",
        "words": "This is no JSON: Expecting ':' delimiter in line 1, column 5.",
        "text": "A character of this can't be stored.",
    }
    assert form.find("pages").text == "1.5"
    assert errors(create(entities, "Post", {})) == {
        "title": "This is required.",
        "author": "This is required.",
    }


def test_a_form_that_was_not_touched_changes_nothing(entities: Entities, opened) -> None:
    with unit_of_work():
        Post[UUID(ONE)].text = "a\r\nb\n"
    posted = opened("Post", ONE)
    with unit_of_work():
        before = Post[UUID(ONE)].to_dict(with_lazy=True)
    assert change(entities, "Post", ONE, posted) == Saved("Post", ONE)
    with unit_of_work():
        assert Post[UUID(ONE)].to_dict(with_lazy=True) == before


def test_only_what_was_touched_is_written(entities: Entities, opened) -> None:
    posted = opened("Post", ONE)
    with unit_of_work():
        Post[UUID(ONE)].pages = 99
    posted |= {"title": "Changed", "price": "", "took": "", "odd": ""}
    assert change(entities, "Post", ONE, posted) == Saved("Post", ONE)
    with unit_of_work():
        post = Post[UUID(ONE)]
        assert (post.title, post.price, post.took, post.odd) == ("Changed", None, None, None)
        assert post.pages == 99


def test_a_change_of_somebody_else_is_shown_and_not_overwritten(entities: Entities, opened) -> None:
    posted = opened("Post", ONE) | {"title": "Mine", "author": key_of_ada()}
    with unit_of_work():
        Post[UUID(ONE)].title = "Theirs"
    form = change(entities, "Post", ONE, posted)
    assert list(errors(form)) == ["title"]
    entry = form.find("title")
    assert (entry.text, entry.stored) == ("Mine", "Theirs")
    assert change(entities, "Post", ONE, posted | {"title.was": entry.was}) == Saved("Post", ONE)
    with unit_of_work():
        assert Post[UUID(ONE)].title == "Mine"


def test_of_two_changes_at_once_the_later_one_sees_the_first(entities: Entities, opened) -> None:
    posted = opened("Post", ONE)
    written, committed = Event(), Event()

    def first() -> None:
        with unit_of_work():
            change(entities, "Post", ONE, posted | {"title": "First"})
            written.set()
            committed.wait(SECONDS)

    def second() -> object:
        return change(entities, "Post", ONE, posted | {"title": "Second"})

    with ThreadPoolExecutor() as threads:
        one = threads.submit(first)
        assert written.wait(SECONDS)
        two = threads.submit(second)
        with pytest.raises(TimeoutError):
            two.result(0.3)  # it waits for the row
        committed.set()
        one.result(SECONDS)
        assert list(errors(two.result(SECONDS))) == ["title"]
        assert two.result().find("title").stored == "First"


def test_an_object_that_was_deleted_meanwhile_is_not_made_again(entities: Entities, opened) -> None:
    posted = opened("Post", THREE) | {"title": "Late"}
    assert delete(entities, "Post", THREE) is None
    assert change(entities, "Post", THREE, posted) is None
    assert delete(entities, "Post", THREE) is None


def test_a_value_that_another_object_has_is_told_beside_its_field(
    entities: Entities, opened
) -> None:
    with unit_of_work():
        Author(name="Eve")
    form = change(
        entities, "Author", key_of_ada(), opened("Author", key_of_ada()) | {"name": "Eve"}
    )
    assert errors(form) == {"name": "Another Author has this already."}
    form = create(entities, "Desk", {"place": "door", "owner": key_of_ada()})
    assert "Desk.owner attribute is required" in errors(form)["owner"]
    with unit_of_work():
        assert Desk.select().count() == 1


def test_a_value_that_is_too_large_for_a_form_stays(entities: Entities, opened) -> None:
    with unit_of_work():
        Post[UUID(ONE)].text = "x" * 100_001
    posted = opened("Post", ONE)
    assert "text" not in posted
    assert change(entities, "Post", ONE, posted | {"title": "New"}) == Saved("Post", ONE)
    with unit_of_work():
        assert len(Post[UUID(ONE)].text) == 100_001


def test_null_is_told_from_an_empty_text(entities: Entities, opened) -> None:
    with unit_of_work():
        key = str(Visit.get(seat=1).id)
    posted = opened("Visit", key)
    assert posted["note.null"] == "on"
    posted.pop("note.null")
    assert change(entities, "Visit", key, posted) == Saved("Visit", key)
    with unit_of_work():
        assert Visit.get(seat=1).note == ""
    assert change(entities, "Visit", key, opened("Visit", key) | {"note.null": "on"})
    with unit_of_work():
        assert Visit.get(seat=1).note is None
    typed = opened("Visit", key) | {"note": "Who writes a text means it"}
    assert typed["note.null"] == "on"
    assert change(entities, "Visit", key, typed)
    made = new_form(entities, "Visit").find("note")
    assert made.is_null
    with unit_of_work():
        assert Visit.get(seat=1).note == "Who writes a text means it"


def test_a_secret_is_never_shown_and_stays_where_it_is_left_empty(
    entities: Entities, opened
) -> None:
    key = key_of_ada()
    posted = opened("Author", key)
    assert posted["password_hash"] == ""
    assert "s3cr3t" not in str(posted)
    change(entities, "Author", key, posted | {"born": "1815-12-11"})
    with unit_of_work():
        assert (ada().password_hash, ada().born) == ("s3cr3t", date(1815, 12, 11))
    change(entities, "Author", key, posted | {"born": "1815-12-11", "password_hash": "other"})
    with unit_of_work():
        assert ada().password_hash == "other"


def test_what_a_constraint_by_hand_refuses_is_told_without_the_row(
    entities: Entities, reader: Connection, opened
) -> None:
    """PostgreSQL's details hold all values of the row, and secrets among them."""
    key = key_of_ada()
    execute(reader, "ALTER TABLE author ADD CONSTRAINT polite CHECK (name <> 'Rude')")
    try:
        form = change(entities, "Author", key, opened("Author", key) | {"name": "Rude"})
        made = create(entities, "Author", {"name": "Rude", "password_hash": "s3cr3t"})
    finally:
        execute(reader, "ALTER TABLE author DROP CONSTRAINT polite")
    for each in (form, made):
        assert isinstance(each, Form)
        assert "polite" in each.problem
        assert "s3cr3t" not in each.problem


def test_a_deletion_does_what_was_told_before(entities: Entities, reader: Connection) -> None:
    key = key_of_ada()
    told = effects_of_deletion(reader, entities, "Author", key)
    assert told[0].action == "refuse"
    assert "associated desk" in delete(entities, "Author", key)
    with unit_of_work():
        assert (Post.select().count(), Author.select().count()) == (3, 2)
        Desk.get().delete()
    assert "refuse" not in {
        each.action for each in effects_of_deletion(reader, entities, "Author", key)
    }
    assert delete(entities, "Author", key) is None
    with unit_of_work():
        assert (Post.select().count(), Visit.select().count()) == (1, 0)
        assert Author.get().mentor is None


def test_objects_are_linked_from_both_sides(entities: Entities) -> None:
    assert link(entities, ("Post", TWO, "tags"), "r,n", add=True) is None
    assert link(entities, ("Tag", "r,n", "posts"), THREE, add=False) is None
    with unit_of_work():
        assert {post.title for post in Tag["r", "n"].posts} == {Post[UUID(TWO)].title}
    assert "deleted" in link(entities, ("Post", TWO, "tags"), "r,none", add=True)
    assert "no set" in link(entities, ("Post", TWO, "title"), "r,n", add=True)


def test_several_changes_in_one_unit_fail_alone(entities: Entities, look) -> None:
    with unit_of_work():
        assert errors(create(entities, "Author", {"name": "Ada"}))
        assert isinstance(create(entities, "Author", {"name": "Eve"}), Saved)
    page: Page = look("Author")
    assert "Eve" in [row.label for row in page.rows]
