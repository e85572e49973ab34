"""Rows in the console: lists, objects, forms, and what attackers put into them."""

import csv
import io
import json
from html import unescape

import pytest

from berceau.orm import unit_of_work
from components.demo.entities import DemoPost, DemoPostStatus, DemoUser

MARKUP = "<img src=x onerror=alert(1)>"
INJECTION = "'; DROP TABLE demo_post; --"


@pytest.fixture
def posts(db) -> dict[str, str]:  # noqa: ARG001 - for its effect
    """Two authors and a few posts; return the keys by names."""
    with unit_of_work():
        ada = DemoUser(name="Ada", email="ada@example.org")
        other = DemoUser(name=MARKUP, email="m@example.org")
        posts = [
            DemoPost(title="One", content="x" * 1000, author=ada),
            DemoPost(title=INJECTION, content="c", author=other, status=DemoPostStatus.PUBLISHED),
            *(DemoPost(title=f"More {number}", content="c", author=ada) for number in range(60)),
        ]
        return {each.name: str(each.id) for each in (ada, other)} | {
            each.title: str(each.id) for each in posts
        }


def names(page) -> list[str]:
    return [each.text for each in page.html.select("tbody th")]


def text(page) -> str:
    return " ".join(page.html.main.text.split())


@pytest.mark.usefixtures("posts")
def test_the_list_of_entities_leads_to_their_rows(console) -> None:
    page = console.get("/berceau").click("Rows")
    assert "Somebody who writes posts; deleting a user deletes the posts too." in text(page)
    assert len(names(page.click("DemoPost"))) == 50


@pytest.mark.usefixtures("posts")
def test_pages_follow_each_other_and_are_sorted_by_a_click(console) -> None:
    page = console.get("/berceau/rows/DemoPost").click("title")
    assert page.html.select_one("th[aria-sort=ascending]").text.strip().startswith("title")
    following = page.click("Next page")
    assert len(names(following)) == 12
    assert len({*names(page), *names(following)}) == 62
    assert names(following.click("First page")) == names(page)
    assert names(page.click("title"))[0] == "One"


@pytest.mark.usefixtures("posts")
def test_rows_are_filtered_by_a_form_and_filters_are_taken_away(console) -> None:
    form = console.get("/berceau/rows/DemoPost").forms[1]
    form["where"], form["is"], form["value"] = "title", "equals", "One"
    page = form.submit()
    assert names(page) == ["One"]
    form = page.forms[1]
    for name, value in {"where": "status", "is": "equals", "value": "PUBLISHED"}.items():
        form.set(name, value, index=1)
    both = form.submit()
    assert "No row fits" in text(both)
    assert len(both.html.select(".filters li")) == 2
    assert names(both.click(href="status.*PUBLISHED", index=0)) == [INJECTION]


def test_columns_are_chosen(console, posts) -> None:
    page = console.get("/berceau/rows/DemoPost?column=author&column=content&sort=-title")
    assert [each.text.strip() for each in page.html.select("thead bdi")] == [
        *("title", "author", "content"),
    ]
    first = page.html.select_one("tbody tr")
    assert first.select_one("th").text == "One"
    assert first.select("td")[1].text == "x" * 200 + "…"
    author = first.select_one("td a")
    assert (author.text, author["href"]) == (
        "Ada",
        f"/berceau/rows/DemoUser/object?key={posts['Ada']}",
    )


def test_sql_in_filters_and_names_is_text(console, posts) -> None:
    page = console.get(
        "/berceau/rows/DemoPost", {"where": "title", "is": "equals", "value": INJECTION}
    )
    assert names(page) == [INJECTION]
    for query in (
        {"where": INJECTION, "is": "equals", "value": "1"},
        {"where": "title", "is": INJECTION, "value": "1"},
        {"where": "created_at", "is": "less", "value": INJECTION},
        {"sort": INJECTION},
        {"column": INJECTION},
        {"after": INJECTION},
    ):
        page = console.get("/berceau/rows/DemoPost", query, status=422)
        assert page.html.select_one("[role=alert]").text.strip()
        assert page.click("Show all rows").status_int == 200
    for path in ("", "/csv", "/suggest", "/new", "/object?key=1", "/edit?key=1", "/delete?key=1"):
        console.get(f"/berceau/rows/Not'a\"name{path}", status=404)
    for page in "object", "edit", "delete":
        for key in ("", INJECTION, "\0", "%", posts["Ada"]):
            path = f"/berceau/rows/DemoPost/{page}"
            assert console.get(path, {"key": key}, status="*").status_int in {400, 404}
    with unit_of_work():
        assert DemoPost.select().count() == 62


def test_markup_in_rows_and_queries_is_text(console, posts) -> None:
    key = posts[MARKUP]
    pages = [
        console.get("/berceau/rows/DemoUser"),
        console.get("/berceau/rows/DemoPost", {"where": "author", "is": "equals", "value": key}),
        console.get("/berceau/rows/DemoUser", {"where": MARKUP, "is": MARKUP}, status=422),
        *(
            console.get(f"/berceau/rows/DemoUser/{page}", {"key": key})
            for page in ("object", "edit", "delete")
        ),
        console.get("/berceau/rows/DemoPost/new", {"f.author": key, "f.title": MARKUP}),
    ]
    for page in pages:
        assert MARKUP not in page.text
        assert MARKUP in unescape(page.text)
        assert page.html.find("img") is None
    found = console.get("/berceau/rows/DemoUser/suggest", {"q": "<img"})
    assert (found.content_type, found.json) == (
        "application/json",
        [{"key": key, "label": MARKUP}],
    )


@pytest.mark.usefixtures("posts")
def test_all_rows_are_exported(console) -> None:
    page = console.get("/berceau/rows/DemoPost?column=title&column=content")
    found = page.click("All rows as CSV")
    assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''DemoPost.csv"
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert len(rows) == 62
    assert {"title": "One", "content": "x" * 1000} in rows


def test_an_object_leads_to_what_is_related_in_both_directions(console, posts) -> None:
    page = console.get(f"/berceau/rows/DemoPost/object?key={posts['One']}")
    assert "x" * 1000 in page.html.select_one("pre").text
    author = page.click("Ada")
    assert author.html.h1.text == "Ada"
    assert len(author.html.select(".related li")) == 8
    assert len(names(author.click("All", href="where=author"))) == 50
    new = author.click("New", href="f.author")
    assert new.forms[1]["f.author"].value == posts["Ada"]


def test_an_object_is_made_changed_and_deleted(console, posts) -> None:
    form = console.get("/berceau/rows/DemoPost/new").forms[1]
    form["f.title"], form["f.author"] = "New", posts["Ada"]
    refused = form.submit(status=422)
    assert "1 of the fields needs another look: content" in text(refused)
    assert refused.html.select_one("[aria-invalid]")["name"] == "f.content"
    form = refused.forms[1]
    assert (form["f.title"].value, form["f.author"].value) == ("New", posts["Ada"])
    form["f.content"] = "All of it"
    made = form.submit(status=303).follow()
    assert made.html.h1.text == "New"
    form = made.click("Edit").forms[1]
    form["f.status"] = "ARCHIVED"
    changed = form.submit(status=303).follow()
    assert "status ARCHIVED" in text(changed)
    before = changed.click("Delete…")
    assert "Nothing else refers to it" in text(before)
    assert "New" not in names(before.forms[1].submit(status=303).follow())


def test_a_change_by_somebody_else_is_shown(console, posts) -> None:
    page = console.get(f"/berceau/rows/DemoUser/edit?key={posts['Ada']}")
    with unit_of_work():
        DemoUser.get(name="Ada").email = "new@example.org"
    form = page.forms[1]
    form["f.email"] = "mine@example.org"
    refused = form.submit(status=422)
    assert refused.html.select_one(".conflict pre").text == "new@example.org"
    refused.forms[1].submit(status=303)
    with unit_of_work():
        assert DemoUser.get(name="Ada").email == "mine@example.org"


def test_a_deletion_shows_what_goes_with_it(console, posts) -> None:
    page = console.get(f"/berceau/rows/DemoUser/delete?key={posts['Ada']}")
    assert "61 DemoPost go with it, because of their author." in text(page)
    with unit_of_work():
        assert DemoPost.select().count() == 62
    page.forms[1].submit(status=303)
    with unit_of_work():
        assert DemoPost.select().count() == 1
    console.get(f"/berceau/rows/DemoUser/object?key={posts['Ada']}", status=404)


def test_a_deletion_is_of_what_was_seen(console, posts) -> None:
    page = console.get(f"/berceau/rows/DemoUser/delete?key={posts[MARKUP]}")
    assert "1 DemoPost goes with it" in text(page)
    with unit_of_work():
        DemoPost(title="Late", content="c", author=DemoUser.get(name=MARKUP))
    again = page.forms[1].submit(status=409)
    assert "Others have changed meanwhile." in text(again)
    assert "2 DemoPost go with it" in text(again)
    again.forms[1].submit(status=303)
    with unit_of_work():
        assert DemoUser.get(name=MARKUP) is None


def test_a_change_needs_the_token_of_its_form(console, posts) -> None:
    place = f"key={posts['Ada']}"
    for path in (f"edit?{place}", f"delete?{place}", f"link?{place}", "new"):
        console.post(f"/berceau/rows/DemoUser/{path}", {"f.name": "Eve"}, status=400)
    with unit_of_work():
        assert DemoUser.get(name="Ada") is not None


def test_what_a_script_needs_is_json(console) -> None:
    option = console.get("/berceau/rows/DemoPost").html.select_one("option[value=status]")
    assert option["data-values"].split() == ["DRAFT", "PUBLISHED", "ARCHIVED"]
    assert ["equals", "is", True] in json.loads(option["data-operators"])
