"""The demo's pages, on the real application."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from webtest import TestResponse

from berceau.orm import unit_of_work
from components.demo import service
from components.demo.entities import DemoPost, DemoPostStatus

VALID = {
    "title": "A title",
    "content": "Some text",
    "status": "PUBLISHED",
    "name": "Ada",
    "email": "ada@example.org",
}


@pytest.fixture
def submit(app) -> Callable[..., TestResponse]:
    """Return a function that fills in the form as a browser would, and sends it."""

    def submit(status=303, **values) -> TestResponse:
        form = app.get("/demo/posts").forms["write-form"]
        for name, value in (VALID | values).items():
            form[name] = value
        return form.submit(status=status)

    return submit


@pytest.fixture
def post(app) -> Callable[..., TestResponse]:
    """Return a function that sends what no browser would, with a valid token."""

    def post(fields, **options) -> TestResponse:
        token = app.get("/demo/posts").forms["write-form"]["csrf_token"].value
        return app.post("/demo/posts", [("csrf_token", token), *fields], **options)

    return post


def errors(response) -> dict[str, str]:
    """Return the messages beside the fields, by the name of the field that refers to them."""
    return {
        field["name"]: response.html.find(id=field["aria-describedby"]).text
        for field in response.html.select("[aria-invalid=true]")
    }


def titles(response) -> list[str]:
    return [heading.text for heading in response.html.select(".post h2")]


def test_the_overview_shows_counts_and_the_latest_posts(app, write) -> None:
    write(title="Old")
    write(title="New", status=DemoPostStatus.PUBLISHED)
    page = app.get("/demo")
    assert [count.text for count in page.html.select(".counts dd")] == ["1", "1", "1", "0"]
    assert titles(page) == ["New", "Old"]
    assert page.html.select_one('main a[href="/demo/posts"]')


@pytest.mark.parametrize("path", ["/demo", "/demo/posts"])
def test_without_posts_the_pages_say_so(app, path) -> None:
    assert app.get(path).html.select_one(".empty")


def test_the_list_shows_the_newest_first_with_author_and_status(app, write) -> None:
    write(title="Old", status=DemoPostStatus.ARCHIVED)
    write(title="New", name="Bo", email="bo@example.org")
    page = app.get("/demo/posts")
    assert titles(page) == ["New", "Old"]
    assert [author.text for author in page.html.select(".post strong")] == ["Bo", "Ada"]
    assert [badge.text for badge in page.html.select(".post .badge")] == ["Draft", "Archived"]
    assert not page.html.select(".empty")


def test_a_valid_form_saves_the_post_and_returns_to_the_list(submit) -> None:
    response = submit(title="Saved")
    assert response.location == "http://localhost/demo/posts"
    assert titles(response.follow()) == ["Saved"]


def test_the_next_page_says_once_that_the_post_was_saved(submit, app) -> None:
    page = submit().follow()
    assert announced(page) == "The post was saved."
    assert not app.get("/demo/posts").html.select("[role=status]")


def test_a_post_that_was_not_saved_says_nothing_of_it(submit, app) -> None:
    assert not submit(status=422, title="").html.select("[role=status]")
    assert not app.get("/demo/posts").html.select("[role=status]")


def test_what_was_typed_keeps_its_direction_to_itself(submit) -> None:
    page = submit(title="مرحبا \u202e", content="שלום", name="أدا \u202e").follow()
    for part in (".post h2", ".post .content", "#title", "#content", "#name"):
        assert page.html.select_one(part)["dir"] == "auto", part
    assert page.html.select_one(".post strong bdi").text == "أدا \u202e"


def test_the_time_of_a_post_is_one_that_html_knows(app, write) -> None:
    write()
    moment = app.get("/demo/posts").html.time["datetime"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", moment)


def test_a_long_list_has_pages(app, write, monkeypatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(5):
        write(title=str(number))
    page = app.get("/demo/posts")
    assert titles(page) == ["4", "3"]
    assert not page.html.select("[rel=prev]")
    page = page.click("Older posts")
    write(title="5")
    assert titles(page) == ["2", "1"]
    last = page.click("Older posts")
    assert titles(last) == ["0"]
    assert not last.html.select("[rel=next]")
    assert titles(last.click("Newer posts")) == ["2", "1"]
    first = last.click("Newer posts").click("Newer posts")
    assert titles(first) == ["4", "3"]
    assert titles(first.click("Newer posts")) == ["5", "4"]


def delete_first(page) -> TestResponse:
    return page.forms[0].submit(status=303).follow()


def announced(page: TestResponse) -> str:
    (status,) = page.html.select("[role=status]")
    return status.text.strip()


def test_who_deletes_stays_on_the_page(app, write, monkeypatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(7):
        write(title=str(number))
    page = delete_first(app.get("/demo/posts").click("Older posts"))
    assert announced(page) == "The post was deleted."
    assert titles(page) == ["3", "2"]
    page = delete_first(page.click("Older posts").click("Newer posts"))
    assert titles(page) == ["5", "2"]


def test_who_empties_the_last_page_gets_the_one_before(app, write, monkeypatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(5):
        write(title=str(number))
    page = delete_first(app.get("/demo/posts").click("Older posts").click("Older posts"))
    assert announced(page) == "The post was deleted."
    assert titles(page) == ["2", "1"]
    assert titles(page.click("Newer posts")) == ["4", "3"]
    assert not page.html.select("[rel=next]")


def test_a_mistake_is_shown_beside_the_page_that_was_seen(app, write, monkeypatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(5):
        write(title=str(number))
    page = app.get("/demo/posts").click("Older posts")
    assert titles(page.forms["write-form"].submit(status=422)) == ["2", "1"]


def test_posts_of_one_time_are_on_one_page_each(app, write, monkeypatch) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for number in range(5):
        write(title=str(number))
    with unit_of_work():
        (moment,) = {post.created_at for post in DemoPost.select(lambda post: post.title == "0")}
        for post in DemoPost.select():
            post.created_at = moment
    page = app.get("/demo/posts")
    seen = titles(page)
    while page.html.select("[rel=next]"):
        page = page.click("Older posts")
        seen += titles(page)
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    while page.html.select("[rel=prev]"):
        page = page.click("Newer posts")
    assert titles(page) == seen[:2]


ID = UUID(int=7)
PLACES = [
    *("", "x", "0", "-1", "9" * 30, "²", "_", f"_{ID}", f"x_{ID}", "2026-11-22_"),
    *(f"0001-01-01T00:00:00+00:00_{ID}", f"0001-01-01T00:00:00+23:59_{ID}"),
    *(f"9999-12-31T23:59:59-23:59_{ID}", f"2026-11-22T12:00:00+00:00_{ID}_"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["after", "before", "page"])
def test_an_address_of_no_page_leads_to_the_first(app, write, name, place) -> None:
    write()
    assert titles(app.get("/demo/posts", {name: place})) == ["A title"]


def test_what_was_typed_is_shown_as_text_and_not_as_html(submit) -> None:
    script = "<script>alert(1)</script>"
    page = submit(title=script, content=script, name=script).follow()
    assert "<script" not in page
    assert titles(page) == [script]
    assert page.html.select_one(".content").text == script


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", " ", "Enter a title."),
        ("title", "\u200b\u202e", "Enter a title."),
        ("title", "x" * 201, "Use 200 characters at most; these are 201."),
        ("title", "a\x00b", "Remove the NUL character, which can't be stored."),
        ("content", "", "Enter some text."),
        ("content", "x" * 10_001, "Use 10,000 characters at most; these are 10,001."),
        ("name", "", "Enter your name."),
        ("name", "x" * 101, "Use 100 characters at most; these are 101."),
        ("email", "", "Enter your e-mail address."),
        ("email", "ada", "Enter an address such as ada@example.org."),
        ("email", "a@b@c.org", "Enter an address such as ada@example.org."),
        ("email", "ada@" + "x" * 250 + ".org", "Use 254 characters at most; these are 258."),
    ],
)
def test_a_mistake_is_explained_beside_its_field(submit, field, value, message) -> None:
    page = submit(status=422, **{field: value})
    assert errors(page) == {field: message}
    assert page.html.select_one("[autofocus]")["name"] == field
    assert page.html.title.text.startswith("Error: ")
    assert not titles(page)


def test_what_was_typed_is_kept(submit) -> None:
    form = submit(status=422, title="Kept", content="Kept\ntoo", email="wrong").forms["write-form"]
    kept = {name: form[name].value for name in VALID}
    assert kept == VALID | {"title": "Kept", "content": "Kept\ntoo", "email": "wrong"}


def test_only_the_first_mistake_takes_the_focus(submit) -> None:
    page = submit(status=422, name="", email="")
    assert set(errors(page)) == {"name", "email"}
    assert [field["name"] for field in page.html.select("[autofocus]")] == ["name"]


def test_the_longest_input_is_accepted(app, submit) -> None:
    email = "a" * (254 - len("@example.org")) + "@example.org"
    submit(title="x" * 200, name="x" * 100, email=email)
    assert titles(app.get("/demo/posts")) == ["x" * 200]


def test_the_name_of_another_author_is_refused_beside_the_name(submit) -> None:
    submit()
    page = submit(status=422, email="other@example.org")
    assert set(errors(page)) == {"name"}
    assert len(titles(page)) == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ([], {"title", "content", "status", "name", "email"}),
        ([*VALID.items(), ("title", "Again")], {"title"}),
        ([*(VALID | {"status": "DELETED"}).items()], {"status"}),
        ([*(VALID | {"status": "draft"}).items()], {"status"}),
    ],
    ids=["nothing", "a field twice", "no such status", "not quite a status"],
)
def test_what_no_browser_sends_is_an_error_of_the_form(post, fields, wrong) -> None:
    assert set(errors(post(fields, status=422))) == wrong


def test_a_file_instead_of_text_is_an_error_of_the_form(post) -> None:
    fields = [(name, value) for name, value in VALID.items() if name != "title"]
    page = post(fields, upload_files=[("title", "title.txt", b"A title")], status=422)
    assert set(errors(page)) == {"title"}


def test_without_the_token_nothing_is_saved(app) -> None:
    app.post("/demo/posts", VALID, status=400)
    assert not titles(app.get("/demo/posts"))


def test_a_post_is_deleted_by_its_own_button(app, write) -> None:
    for title in ("Kept", "Gone"):
        write(title=title)
    page = app.get("/demo/posts")
    button = page.html.find("button", attrs={"aria-label": "Delete the post “Gone”"})
    form = next(
        form for form in page.forms.values() if form.action == button.find_parent("form")["action"]
    )
    response = form.submit(status=303)
    assert response.location == "http://localhost/demo/posts"
    assert titles(response.follow()) == ["Kept"]
    form.submit(status=404)


@pytest.mark.parametrize("post_id", [uuid4(), "malformed", "%00", "1' OR 1=1"])
def test_deleting_what_is_not_there_is_not_found(app, post_id) -> None:
    token = app.get("/demo/posts").forms["write-form"]["csrf_token"].value
    app.post(f"/demo/posts/{post_id}/delete", {"csrf_token": token}, status=404)


def test_deleting_needs_the_token_and_a_post(app, write) -> None:
    write()
    action = app.get("/demo/posts").forms[0].action
    app.post(action, status=400)
    app.get(action, status=405)
    assert len(titles(app.get("/demo/posts"))) == 1
