"""The form's checks, without a request around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webob.multidict import MultiDict

from components.demo.entities import DemoPostStatus
from components.demo.forms import PostForm

VALID = {
    "title": "A title",
    "content": "Some text",
    "status": "DRAFT",
    "name": "Ada",
    "email": "ada@example.org",
}


def read(**values) -> PostForm:
    return PostForm.read(MultiDict(VALID | values))


def test_a_line_break_counts_as_one_character() -> None:
    text = "x\r\n" * 5_000
    assert read(content=text).values()["content"] == "x\n" * 4_999 + "x"


def test_space_around_a_text_is_dropped() -> None:
    assert read(title="  A title\t\n").title == "A title"


def test_the_status_becomes_a_member() -> None:
    assert read(status="ARCHIVED").values()["status"] is DemoPostStatus.ARCHIVED


@pytest.mark.parametrize("field", ["title", "content", "name"])
@pytest.mark.parametrize("text", ["\u200b", "\u202e\u202c", "\u0301", "\u3164"])
def test_text_of_which_nothing_can_be_seen_is_none(field, text) -> None:
    assert set(read(**{field: text}).errors) == {field}


@pytest.mark.parametrize("email", ["ada@example.org", "a+b@mail.example.co.uk", "ä@exämple.org"])
def test_these_are_addresses(email) -> None:
    assert not read(email=email).errors


@pytest.mark.parametrize(
    "email", ["ada", "@example.org", "ada@", "ada@host", "a da@example.org", "ada@example..org"]
)
def test_these_are_not(email) -> None:
    assert set(read(email=email).errors) == {"email"}


@pytest.mark.parametrize(("dotted", "valid"), [(115, True), (116, False)])
def test_an_address_is_counted_as_it_is_stored(dotted, valid) -> None:
    email = "İ" * dotted + "x" * 12 + "@example.org"  # lower case has two characters for each
    assert ("email" not in read(email=email).errors) is valid


@given(st.lists(st.tuples(st.sampled_from([*VALID, "other"]), st.text() | st.binary())))
def test_whatever_is_posted_the_form_is_valid_or_says_why(fields) -> None:
    form = PostForm.read(MultiDict(fields))
    if form.errors:
        assert set(form.errors) <= set(VALID)
    else:
        assert form.values()
