"""The application as a whole: what no component's own tests can see."""

from typing import Any


def test_the_home_page_leads_to_a_page_of_each_component(app: Any) -> None:
    page = app.get("/")
    for link in page.html.select("nav a[href]"):
        # A page may lead a visitor on, to sign in.
        app.get(link["href"], headers={"Accept": "text/html"})


def test_an_unknown_address_is_answered_by_a_page_that_leads_home(app: Any) -> None:
    page = app.get("/unheard-of", headers={"Accept": "text/html"}, status=404)
    assert page.html.select('a[href="/"]')
