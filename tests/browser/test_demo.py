"""The demo as a visitor meets it."""

import pytest

pytestmark = pytest.mark.browser


def fill_in(page, **values) -> None:
    given = {
        "Title": "A folder is a good boundary",
        "Text": "Moving house means moving one box.",
        "Your name": "Ada",
        "Your e-mail address": "ada@example.org",
    }
    for label, value in (given | values).items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Save the post").click()


def titles(page) -> list[str]:
    return page.locator(".post h2").all_inner_texts()


def test_a_visitor_writes_and_deletes_a_post(visit) -> None:
    page = visit("/")
    page.get_by_role("navigation").get_by_role("link", name="Posts").click()
    page.get_by_text("Nothing written yet").wait_for()
    page.get_by_label("Status").select_option("Published")
    fill_in(page)
    page.locator(".badge", has_text="Published").wait_for()
    assert titles(page) == ["A folder is a good boundary"]
    page.get_by_role("button", name="Delete the post “A folder is a good boundary”").click()
    page.get_by_text("Nothing written yet").wait_for()
    assert titles(page) == []


@pytest.mark.slow
def test_a_mistake_is_where_the_cursor_goes_and_nothing_typed_is_lost(visit) -> None:
    page = visit("/demo/posts")
    fill_in(page, **{"Your e-mail address": "ada"})
    message = page.get_by_text("Enter an address such as ada@example.org.")
    message.wait_for()
    field = page.get_by_label("Your e-mail address")
    assert field.evaluate("field => field === document.activeElement")
    assert field.get_attribute("aria-describedby") == message.get_attribute("id")
    assert page.get_by_label("Title").input_value() == "A folder is a good boundary"
    field.fill("ada@example.org")
    field.press("Enter")
    page.locator(".post").wait_for()
    assert titles(page) == ["A folder is a good boundary"]


@pytest.mark.slow
def test_the_keyboard_reaches_the_content_first(visit) -> None:
    page = visit("/demo/posts")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.slow
def test_nothing_is_wider_than_the_window(visit) -> None:
    page = visit("/demo/posts")
    fill_in(page, **{"Title": "x" * 200, "Text": "y" * 500, "Your name": "z" * 100})
    page.locator(".post").wait_for()
    for path in ("/", "/demo", "/demo/posts", "/nowhere"):
        page.goto(path)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
