"""The pages of the example application, as its users meet them: it is served as its README says."""

from collections.abc import Iterator

import pytest

from benchmarks.conduit_served import serving
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (360, 1280)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a copy of the example."""
    with serving(free_port(), production=False) as served:
        yield served.address


def sign_up(page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Write").click()
    page.get_by_role("link", name="I am new here").click()
    for label, value in (
        ("Name", name),
        ("E-mail address", f"{name}@example.org"),
        ("Password", "correct horse"),
    ):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_text(f"Welcome, {name}.").wait_for()


def publish(page, title: str) -> None:
    page.get_by_label("Title").fill(title)
    page.get_by_label("What it is about").fill("Why it is so")
    page.get_by_label("Text").fill("x" * 300 + "\n\nThe end")
    page.get_by_label("Tags").fill("engines, a tag of several words")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("heading", name=title).wait_for()


def test_members_write_comment_like_and_delete(visit) -> None:
    page = visit("/")
    sign_up(page, "grace")
    publish(page, "On compilers")
    page.get_by_role("button", name="Like (0)").click()
    page.get_by_role("button", name="Like (1)", pressed=True).wait_for()
    page.get_by_label("Your comment").fill("I would read more.")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("button", name="Delete your comment “I would read more.”").click()
    page.get_by_text("Nobody has said anything yet.").wait_for()
    page.get_by_text("Delete this article").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("The article was deleted.").wait_for()


def test_a_mistake_is_where_the_cursor_goes(visit) -> None:
    page = visit("/sign-in")
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("wrong horse")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody has this address and this password.").wait_for()
    assert page.get_by_label("Password").evaluate("field => field === document.activeElement")
    assert page.get_by_label("E-mail address").input_value() == "nobody@example.org"


def test_nothing_is_wider_than_the_window_and_each_field_has_its_label(visit) -> None:
    page = visit("/")
    sign_up(page, "ada")
    publish(page, "On engines")
    article = page.url
    for path in ("/", article, "/editor", "/settings", "/profile/ada", "/feed", "/sign-up"):
        page.goto(path)
        assert page.locator("h1").count() == 1
        ids = page.locator("[id]").evaluate_all("found => found.map(each => each.id)")
        assert len(ids) == len(set(ids)), path
        fields = "input:not([type=hidden]), textarea"
        labels = page.locator(fields).evaluate_all("found => found.map(f => f.labels.length)")
        assert labels == [1] * len(labels), path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            shown = page.evaluate("document.documentElement.scrollWidth")
            assert shown <= width, (path, width)
