"""Rows in the console, by mouse and by keyboard: what scripts add to the pages."""

from typing import Any

import pytest

from berceau.orm import unit_of_work
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser

MARKUP = "<img src=x onerror=alert(1)>"

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def posts(app) -> None:  # noqa: ARG001 - it has an empty database
    """Two authors and a few posts."""
    with unit_of_work():
        ada = DemoUser(name="Ada", email="ada@example.org")
        DemoUser(name=MARKUP, email="m@example.org")
        for number in range(60):
            status = DemoPostStatus.PUBLISHED if number % 2 else DemoPostStatus.DRAFT
            DemoPost(title=f"Post {number:02}", content="text " * 99, author=ada, status=status)


def names(page: Any) -> list[str]:
    return page.locator("tbody th").all_inner_texts()


def overflow(page: Any) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_long_names_make_no_page_wider_than_the_window(visit_console) -> None:
    page = visit_console("/berceau/rows/DemoPost", 390)
    page.evaluate(
        "document.querySelectorAll('.add-filter select')"
        ".forEach(each => each.add(new Option('a_very_long_name_'.repeat(9), 'a')))"
    )
    assert overflow(page) == 0


def test_filters_fit_the_attribute_that_is_chosen(visit_console) -> None:
    page = visit_console("/berceau/rows/DemoPost?sort=title")
    form = page.get_by_role("form", name="Add a filter")
    comparison = form.get_by_label("Comparison")
    assert comparison.locator("option").all_inner_texts()[0] == "contains"
    form.get_by_label("Attribute").select_option("status")
    form.get_by_label("Value").select_option("PUBLISHED")
    form.get_by_role("button").click()
    assert names(page)[:2] == ["Post 01", "Post 03"]
    form.get_by_label("Attribute").select_option("created_at")
    assert "is before" in comparison.locator("option").all_inner_texts()
    form.get_by_label("Attribute").select_option("author")
    form.get_by_role("combobox", name="Value").fill("ad")
    page.get_by_role("option", name="Ada").wait_for()
    page.keyboard.press("Enter")  # it is the only one
    assert form.get_by_role("combobox", name="Value").input_value() == "Ada"
    form.get_by_role("button").click()
    assert page.get_by_role("list", name="Filters").inner_text().split("\n")[-1] == "author is Ada"
    page.get_by_role("link", name="Remove the filter status").click()
    page.get_by_role("link", name="Next page").click()
    assert len(names(page)) == 10


def test_an_object_is_made_by_keyboard_alone(visit_console) -> None:
    page = visit_console("/berceau/rows/DemoPost/new")
    page.get_by_label("title").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("All of it")
    page.keyboard.press("Tab")
    page.keyboard.type("P")  # PUBLISHED, in the list of statuses
    page.keyboard.press("Tab")
    author = page.get_by_role("combobox", name="author")
    page.keyboard.type("img")
    page.get_by_role("option", name=MARKUP).wait_for()
    page.keyboard.press("ArrowDown")
    assert author.get_attribute("aria-activedescendant")
    page.keyboard.press("Escape")
    assert author.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name=MARKUP).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert author.input_value() == MARKUP
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="By keyboard").wait_for()
    assert page.get_by_role("status").inner_text().endswith("was made.")
    with unit_of_work():
        made = DemoPost.get(title="By keyboard")
        assert (made.author.name, made.status) == (MARKUP, DemoPostStatus.PUBLISHED)


def test_a_form_that_was_only_opened_changes_nothing(visit_console) -> None:
    with unit_of_work():
        post = DemoPost.get(title="Post 00")
        post.content = "\n one\n\ntwo"
        post.flush()
        before = post.to_dict(with_lazy=True)
    page = visit_console(f"/berceau/rows/DemoPost/edit?key={before['id']}")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Post 00").wait_for()
    with unit_of_work():
        assert DemoPost.get(title="Post 00").to_dict(with_lazy=True) == before


def test_menus_are_closed_by_escape_and_by_a_click_elsewhere(visit_console) -> None:
    page = visit_console("/berceau/rows/DemoPost")
    menu = page.locator("details.menu", has_text="Columns")
    menu.locator("summary").press("Enter")
    menu.get_by_label("content").check()
    menu.get_by_label("author").uncheck()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    page.get_by_role("heading", name="DemoPost").click()
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    menu.get_by_role("button").click()
    heads = page.locator("thead bdi").all_inner_texts()
    assert "content" in heads
    assert "author" not in heads


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_no_page_is_wider_than_its_window(visit_console, width: int, scheme: str) -> None:
    with unit_of_work():
        key = str(DemoUser.get(name="Ada").id)
    page = visit_console("/berceau/rows", width, scheme)
    for path in (
        "",
        "/DemoPost?where=title&is=contains&value=Post&sort=-title",
        "/DemoPost?where=created_at&is=less&value=x",
        f"/DemoUser/object?key={key}",
        f"/DemoUser/edit?key={key}",
        f"/DemoUser/delete?key={key}",
    ):
        page.goto(f"/berceau/rows{path}")
        assert overflow(page) <= 0, path
