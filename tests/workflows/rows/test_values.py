"""Texts that people write into a form: what can't be stored as it was written is refused."""

from collections.abc import Callable
from uuid import UUID

import pytest

from berceau.orm.fields import Field
from berceau.orm.session import unit_of_work
from berceau.workflows.rows.editing import change, create
from berceau.workflows.rows.entities import Entities
from berceau.workflows.rows.forms import Form
from berceau.workflows.rows.values import DEEPEST, UnreadableError, read_value
from tests.workflows.rows.world import Author, Post

FAR = [
    *(("0001-01-01 00:00", "Asia/Tokyo"), ("9999-12-31 23:59", "America/New_York")),
    *(("0001-01-01 00:00+09:00", "UTC"), ("9999-12-31 23:59-05:00", "UTC")),
]
ROUNDED = [
    *("0.1234567890123456789", "[12345678901234567.5]", '{"a": {"b": 1e400}}', "-1e400"),
    *("1e-400", "1e99999999999999999999", "1e-99999999999999999999"),
]
KEPT = [
    *(("1.10", 1.1), ("-0.0", 0.0), ("1e2", 100.0), ("1E308", 1e308), ("5e-324", 5e-324)),
    *(("12345678901234567890123", 12345678901234567890123), ("0.30000", 0.3)),
]


@pytest.fixture
def field(entities: Entities) -> Callable[[str], Field]:
    """Return a function that gives a field of ``Post``."""

    def field(name: str) -> Field:
        return entities.field(entities.find("Post"), name)

    return field


@pytest.mark.parametrize(("text", "zone"), FAR)
def test_a_time_that_no_datetime_can_be_is_refused(
    field: Callable[[str], Field], text: str, zone: str
) -> None:
    with pytest.raises(UnreadableError, match="between the years 1 and 9999 in UTC"):
        read_value(field("at"), text, zone)


def test_json_that_is_nested_too_deeply_is_refused(field: Callable[[str], Field]) -> None:
    deepest = "[" * DEEPEST + "]" * DEEPEST
    assert read_value(field("facts"), deepest)
    for text in (f"[{deepest}]", '{"a":' * 400 + "1" + "}" * 400, "[" * 200_000):
        for name in ("facts", "words"):
            with pytest.raises(UnreadableError, match=f"more than {DEEPEST} levels"):
                read_value(field(name), text)


@pytest.mark.parametrize("text", ROUNDED)
def test_a_number_of_json_that_would_lose_digits_is_refused(
    field: Callable[[str], Field], text: str
) -> None:
    with pytest.raises(UnreadableError, match="as it is written"):
        read_value(field("facts"), text)


def test_an_integer_of_json_with_thousands_of_digits_is_refused(
    field: Callable[[str], Field],
) -> None:
    with pytest.raises(UnreadableError, match="as it is written"):
        read_value(field("facts"), "1" * 5000)


@pytest.mark.parametrize(("text", "value"), KEPT)
def test_a_number_of_json_that_keeps_its_digits_is_read(
    field: Callable[[str], Field], text: str, value: float
) -> None:
    assert read_value(field("facts"), text) == value


def test_an_array_rounds_as_its_type_does_and_has_no_infinity(
    field: Callable[[str], Field],
) -> None:
    assert read_value(field("numbers"), "[0.1234567890123456789]") == [0.12345678901234568]
    with pytest.raises(UnreadableError, match="too large"):
        read_value(field("numbers"), "[1e400]")


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800"])
def test_a_character_of_json_that_cannot_be_stored_is_refused(
    field: Callable[[str], Field], escape: str
) -> None:
    for name, text in (
        ("facts", f'{{"a": ["x{escape}"]}}'),
        ("facts", f'{{"{escape}": 1}}'),
        ("words", f'["{escape}"]'),
    ):
        with pytest.raises(UnreadableError, match="can't be stored"):
            read_value(field(name), text)
    assert read_value(field("facts"), r'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.usefixtures("reader")
def test_a_form_tells_it_beside_the_field_and_stores_the_deepest(entities: Entities) -> None:
    with unit_of_work():
        author = str(Author.get(name="Ada").id)
    typed = {"title": "New", "author": author}
    form = create(entities, "Post", typed | {"facts": "[1e400]", "words": r'["\u0000"]'})
    assert isinstance(form, Form)
    assert {each.field.name for each in form.entries if each.error} == {"facts", "words"}
    made = create(entities, "Post", typed | {"facts": "[" * DEEPEST + "]" * DEEPEST})
    assert not isinstance(made, Form)
    assert not isinstance(change(entities, "Post", made.key, {"title": "Newer"}), Form)
    with unit_of_work():
        assert Post[UUID(made.key)].facts
