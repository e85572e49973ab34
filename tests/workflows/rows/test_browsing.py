"""Pages of rows: what they show, how they are filtered and sorted, and where the next begins."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest

from berceau.errors import RowsError
from berceau.orm.session import unit_of_work
from berceau.postgres.core.connection import Connection
from berceau.postgres.rows.only_reading import only_reading
from berceau.workflows.rows.browsing import Browsing, Page, browse
from berceau.workflows.rows.cells import Cell
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.operators import Filter, operators
from tests.workflows.rows.world import INJECTION, MARKUP, Author, Mood, Post

Look = Callable[..., Page]
ONE, TWO, THREE = (str(UUID(int=number)) for number in (1, 2, 3))


def shown(page: Page) -> dict[str, tuple[Cell, ...]]:
    return {row.label: row.cells for row in page.rows}


def labels(page: Page) -> list[str]:
    return [row.label for row in page.rows]


def test_values_are_shown_as_text(look: Look) -> None:
    names = "text price rating pages printed at daily took facts words numbers cover odd".split()
    cells = shown(look("Post", columns=("title", "mood", *names)))["One"]
    assert [cell.text for cell in cells] == [
        *("One", "calm", "x" * 200, "12.50", "0.1", "3", "false"),
        *("2026-01-02 03:04:05.678901+00", "07:30:00", "1 day 00:00:02"),
        *('{"a": [1, {"b": null}], "c": "ü"}', '["x","y\\"\\\\","{z}"]', "[0.5,2]", "00ff", "7"),
    ]
    assert [cell.text for cell in cells if cell.cut] == ["x" * 200]


def test_related_objects_have_their_names(look: Look) -> None:
    page = look("Post", columns=("author",), sort="title")
    assert {row.label: row.cells[0].text for row in page.rows}[INJECTION] == MARKUP
    mentors = look("Author", columns=("mentor",)).rows
    assert [row.cells[0].text for row in mentors] == [None, "Ada"]
    assert mentors[1].cells[0].key == mentors[0].key


def test_the_key_of_several_columns_is_one_text(look: Look) -> None:
    (row, _) = look("Tag").rows
    assert (row.label, row.key) == ("50%/x", "a%2Cb,50%25%2Fx")
    found = look("Post", filters=(Filter("tags", "has", row.key),), columns=("id",))
    assert [row.key for row in found.rows] == [ONE, THREE]


def test_secrets_are_never_shown_filtered_or_sorted_by(look: Look, entities: Entities) -> None:
    page = look("Author", columns=("password_hash", "name"))
    assert shown(page)["Ada"][0] == Cell(None, hidden=True)
    (login,) = look("Login").rows
    assert login.key is None
    assert [cell.text for cell in login.cells] == [None, "ada", "2026-01-01 00:00:00+00"]
    assert "s3cr3t" not in str((page.rows, login))
    author = entities.find("Author")
    assert not operators(entities, author, entities.field(author, "password_hash"))
    for how in {"sort": "password_hash"}, {"filters": (Filter("password_hash", "begins", "s"),)}:
        with pytest.raises(RowsError):
            look("Author", **how)


def test_rows_of_a_subclass_are_shown_alone(look: Look, entities: Entities) -> None:
    assert entities.subclasses(entities.find("Post")) == ("Review",)
    assert labels(look("Review")) == [INJECTION]
    assert len(look("Post").rows) == 3
    assert "isbn" not in [each.name for each in look("Post", columns=()).columns]


def test_filters_compare_as_the_type_does(look: Look) -> None:
    expected = {
        ("title", "equals", INJECTION): [TWO],
        ("title", "contains", "drop table"): [TWO],
        ("title", "contains", "%"): [],
        ("title", "begins", "T"): [THREE],
        ("title", "ends", "--"): [TWO],
        ("title", "differs", "One"): [TWO, THREE],
        ("text", "equals", ""): [TWO, THREE],
        ("mood", "equals", "bright"): [TWO],
        ("author", "equals", "-1"): [],
        ("price", "at least", "12.5"): [ONE],
        ("price", "missing", ""): [TWO, THREE],
        ("rating", "equals", "0.1"): [ONE],
        ("pages", "more", "3"): [TWO],
        ("pages", "differs", "3"): [TWO, THREE],
        ("printed", "equals", "true"): [],
        ("at", "less", "2026-01-02T04:04:06+01:00"): [ONE],
        ("daily", "at most", "07:30"): [ONE],
        ("took", "more", "1 day"): [ONE],
        ("facts", "has key", "a"): [ONE],
        ("facts", "holds", '{"c": "ü"}'): [ONE],
        ("facts", "contains", "null"): [ONE],
        ("words", "has item", 'y"\\'): [ONE],
        ("words", "holds", "{x}"): [ONE],
        ("numbers", "has item", "2"): [ONE],
        ("cover", "present", ""): [ONE],
        ("odd", "equals", "7"): [ONE],
        ("id", "equals", ONE): [ONE],
    }
    found = {case: look("Post", filters=(Filter(*case),)).rows for case in expected}
    assert {case: [row.key for row in rows] for case, rows in found.items()} == expected


def test_each_operator_of_each_field_is_valid_sql(look: Look, entities: Entities) -> None:
    """A value that the type can't read is refused by a message, and breaks nothing."""
    for entity in entities.by_name.values():
        for field in entity.fields:
            for operator in operators(entities, entity, field):
                for value in ("1", INJECTION, "%s\\", "a,b"):
                    with suppress(RowsError):
                        look(entity.name, filters=(Filter(field.name, operator.name, value),))
    assert len(look("Author").rows) == 2


@pytest.mark.parametrize(
    "how",
    [
        {"entity": INJECTION},
        {"entity": "Post", "columns": (INJECTION,)},
        {"entity": "Post", "columns": ("tags",)},
        {"entity": "Post", "sort": INJECTION},
        {"entity": "Post", "sort": "facts"},
        {"entity": "Post", "filters": (Filter(INJECTION, "equals", "1"),)},
        {"entity": "Post", "filters": (Filter("title", INJECTION, "1"),)},
        {"entity": "Post", "filters": (Filter("title", "equals", "\0"),)},
        {"entity": "Post", "filters": (Filter("tags", "has", "one"),)},
        {"entity": "Post", "after": "x"},
        {"entity": "Post", "after": "WzEsMiwzLDRd"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(look: Look, how: dict[str, object]) -> None:
    with pytest.raises(RowsError) as caught:
        look(**how)
    assert caught.value.cure


@pytest.fixture
def many(reader: Connection) -> None:  # noqa: ARG001 (it has the tables)
    """More posts, many of them equal in what they may be sorted by."""
    with unit_of_work():
        ada = Author.get(name="Ada")
        for number in range(4, 40):
            Post(
                id=UUID(int=number),
                title=f"Post {number % 5}",
                text="y" * 600 + str(number % 3) if number % 2 else "",
                author=ada,
                pages=number % 4 or None,
                rating=float("nan") if number % 7 == 0 else number / 3,
                mood=list(Mood)[number % 2],
            )


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "sort", ["", "-id", "pages", "-pages", "title", "-text", "rating", "-mood", "at"]
)
def test_pages_together_have_each_row_once_and_in_order(look: Look, sort: str) -> None:
    whole = [row.key for row in look("Post", sort=sort, limit=100).rows]
    found, after = [], ""
    while True:
        page = look("Post", sort=sort, after=after, limit=7)
        found += [row.key for row in page.rows]
        if page.next is None:
            break
        after = page.next
    assert found == whole
    assert len(set(found)) == 39


@pytest.mark.usefixtures("many")
def test_a_place_of_another_list_is_refused(look: Look) -> None:
    after = look("Post", sort="pages", limit=2).next
    with pytest.raises(RowsError, match="no place in this list"):
        look("Post", sort="-pages", after=after)


def test_a_look_can_not_write_and_leaves_its_transaction_alone(
    reader: Connection, entities: Entities
) -> None:
    with pytest.raises(RowsError), only_reading(reader, 1), reader.cursor() as cursor:
        cursor.execute("DELETE FROM login")
    with pytest.raises(RowsError, match=r"longer than 0\.1"), only_reading(reader, 0.1):
        reader.cursor().execute("SELECT pg_sleep(9)")
    assert len(browse(reader, entities, Browsing("Login")).rows) == 1
    with unit_of_work():
        author = Author(name="Not yet there")
        author.flush()
        own = author._database_.get_connection()
        with pytest.raises(RowsError):
            browse(own, entities, Browsing("Post", filters=(Filter("pages", "equals", "x"),)))
        found = browse(own, entities, Browsing("Author"))
        assert "Not yet there" in labels(found)
        author.name = "There"
    assert "There" in labels(browse(reader, entities, Browsing("Author")))
    with unit_of_work():
        Author.get(name="There").delete()
