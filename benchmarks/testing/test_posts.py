"""200 tests of the demo's pages, for any framework whose ``app`` is a WebTest ``TestApp``."""

import pytest
from webtest import TestResponse

VALID = {
    "title": "A title",
    "content": "Some text",
    "status": "PUBLISHED",
    "name": "Ada",
    "email": "ada@example.org",
}
ROUNDS = pytest.mark.parametrize("number", range(50))


def titles(page) -> list[str]:
    return [heading.text for heading in page.html.select(".post h2")]


def submit(app, **values) -> TestResponse:
    form = app.get("/demo/posts").forms["write-form"]
    for name, value in (VALID | values).items():
        form[name] = value
    return form.submit(status="*")


@ROUNDS
def test_without_posts_the_page_says_so(app, number) -> None:
    assert app.get("/demo/posts").html.select_one(".empty")


@ROUNDS
def test_the_newest_comes_first(app, write, number) -> None:
    for title in ("Old", "Newer", f"Newest {number}"):
        write(title)
    assert titles(app.get("/demo/posts")) == [f"Newest {number}", "Newer", "Old"]


@ROUNDS
def test_a_valid_form_saves_the_post(app, number) -> None:
    response = submit(app, title=f"Saved {number}")
    assert response.status_code in (302, 303)
    assert titles(response.follow()) == [f"Saved {number}"]


@ROUNDS
def test_a_mistake_is_explained_and_nothing_is_saved(app, number) -> None:
    page = submit(app, title=" ", email=f"no address {number}")
    assert page.status_code == 422
    assert len(page.html.select("p.error")) == 2
    assert not titles(page)
