"""The console in a browser: accessible, usable by keyboard, at any width, in both schemes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from berceau.orm import unit_of_work
from components.demo.entities import DemoPost, DemoUser

pytestmark = pytest.mark.browser

MOST = 25
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def rows(db) -> None:  # noqa: ARG001 - for its effect
    """Some rows, so that no page is empty."""
    with unit_of_work():
        ada = DemoUser(name="Ada <b>", email="ada@example.org")
        for number in range(5):
            DemoPost(title=f"Post {number}", content="<script>alert(1)</script>", author=ada)


def pages(page: Any) -> Iterator[str]:
    """Yield the pages that links lead to from the overview: one for each kind of page."""
    # The first is a page of the application: a request, for those that show requests.
    waiting = ["/demo/posts", "/berceau", "/berceau/search?q=demo", "/berceau/migrations/new"]
    known: set[str] = set()
    while waiting and len(known) < MOST:
        path = waiting.pop(0)
        kind = re.sub(
            r"(tables|enums|migrations|rows|requests|plan)/(?!new\b)[^/?]+", r"\1/*", path
        )
        kind = re.sub(r"=[^&]*", "=", kind)
        if kind in known:
            continue
        known.add(kind)
        assert page.goto(path).ok, path
        yield path
        links = page.locator("a[href^='/berceau']").evaluate_all(
            "links => links.map(each => each.getAttribute('href'))"
        )
        waiting += [link for link in links if not re.search(r"#|/csv\b|\.(json|svg)\b", link)]


@pytest.mark.slow
@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_each_page_is_accessible_and_never_wider_than_the_window(
    visit_console, width, scheme
) -> None:
    page = visit_console("/berceau", width, scheme)
    seen = []
    for path in pages(page):
        seen.append(path)
        found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        broken = [
            (each["id"], node["html"], node.get("failureSummary"))
            for each in found.response["violations"]
            for node in each["nodes"]
        ]
        assert not broken, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert {"/berceau", "/berceau/migrations"} <= set(seen)
    assert any(each.startswith("/berceau/migrations/2026") for each in seen)


def test_a_name_of_63_letters_hides_nothing(visit_console) -> None:
    page = visit_console("/berceau", 1280)
    hidden = """all => all.map(each => {
        const name = each.querySelector('tbody th :is(a, span)');
        name.textContent = 'a_long_'.repeat(9);
        const over = name.offsetWidth - name.closest('th').offsetWidth;
        return each.scrollWidth - each.clientWidth || Math.max(over, 0);
    })"""
    for path in ("/berceau", "/berceau/schema", "/berceau/search?q=demo"):
        page.goto(path)
        found = page.locator(".panel.scroll, .panel .scroll").evaluate_all(hidden)
        assert found
        assert not any(found), path


def test_the_keyboard_is_enough(visit_console) -> None:
    page = visit_console("/berceau")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    page.keyboard.type("demo_user")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Search").wait_for()
    assert page.get_by_role("row", name="demo_user.email").count() == 1
    page.get_by_role("link", name="Migrations").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="init").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What undoes it").wait_for()


def test_a_command_can_be_copied(visit_console) -> None:
    page = visit_console("/berceau")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', "
        "'<span class=command><code>invoke migrate</code></span>')"
    )
    page.evaluate("import(document.querySelector('script[type=module]').src + '&again')")
    page.get_by_role("button", name="Copy the command invoke migrate").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "invoke migrate"


def test_the_locked_console_shows_the_way_in(browser, visit_console) -> None:
    page = visit_console("/berceau")
    other = browser.new_context().new_page()
    other.goto(page.url)
    assert other.get_by_role("heading", name="The console is locked").count() == 1
    other.context.close()
