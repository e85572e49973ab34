"""The overview shows what the application is made of, and the search finds it by name."""

from collections.abc import Iterator

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.url import Url


@pytest.fixture
def stray_tables(berceau_worker) -> Iterator[None]:
    """Have five tables without a primary key; comes first, as a test's transaction locks them."""
    names = [f"stray_{name}" for name in "abcde"]
    url = Url.parse(berceau_worker.settings.migration_database_url)
    with connect(url, autocommit=True) as connection:
        for name in names:
            execute(connection, f"CREATE TABLE {name} (a int)")
        yield
        execute(connection, f"DROP TABLE {', '.join(names)}")


def test_it_shows_components_figures_and_tables(console) -> None:
    page = console.get("/berceau")
    text = " ".join(page.html.main.text.split())
    assert "Posts and their authors" in text
    assert "2 tables · 1 enum · 4 routes" in text
    assert {"demo_post", "demo_user"} <= {each.text for each in page.html.select("tbody th")}
    here = page.html.select_one("nav[aria-label=Console] a[aria-current=page]")
    assert here["href"] == "/berceau"


def test_the_search_finds_tables_columns_and_enums(console) -> None:
    page = console.get("/berceau/search", {"q": "demo_post"})
    found = [" ".join(each.text.split()) for each in page.html.select("tbody tr")]
    assert "demo_post table" in found
    page = console.get("/berceau/search", {"q": "demopost"})
    assert page.html.select_one("tbody a")["href"] == "/berceau/rows/DemoPost"
    assert any(each.startswith("demo_post.title column") for each in found)
    assert "demo_post_status enum DRAFT, PUBLISHED, ARCHIVED" in found


def test_the_search_leads_to_the_rows_of_an_entity(console) -> None:
    page = console.get("/berceau/search", {"q": "demouser"})
    assert page.click("DemoUser").html.h1.text == "DemoUser"


def test_the_search_shows_markup_as_text_and_takes_anything(console) -> None:
    page = console.get("/berceau/search", {"q": "<img src=x onerror=alert(1)>' OR 1=1 --"})
    assert page.html.main.find("img") is None
    assert "<img src=x" in page.html.main.text
    assert not page.html.select("tbody")
    assert console.get("/berceau/search").html.main


def test_the_components_show_their_entities(console) -> None:
    page = console.get("/berceau")
    chips = page.html.select("[aria-label='Its entities'] li")
    assert [each.text for each in chips] == ["DemoPost", "DemoUser"]


def test_it_shows_what_is_wrong_with_tables_and_leads_to_them(
    stray_tables,  # noqa: ARG001 - for its effect, before the console
    console,
) -> None:
    page = console.get("/berceau")
    assert page.html.select_one("#attention").text == "Needs attention"
    titles = [each.text for each in page.html.select(".attention h3")]
    assert titles[:3] == ["The table stray_a", "The table stray_b", "The table stray_c"]
    assert "The table stray_a has no primary key" in page.html.select_one(".attention").text
    assert "2 more findings in tables" in titles
    links = [each["href"] for each in page.html.select(".attention a")]
    assert links[:3] == [f"/berceau/schema/tables/stray_{name}" for name in "abc"]
    assert "/berceau/schema" in links
    found = console.get(links[0]).html.select_one(".attention")
    assert "The table stray_a has no primary key" in found.text


def test_what_is_dismissed_needs_no_attention(
    stray_tables,  # noqa: ARG001 - for its effect, before the console
    console_app,
    enter,
) -> None:
    dismissed = tuple(f"A204 stray_{name}: rows only come and go" for name in "abcde")
    console = enter(console_app(dismissed_advice=dismissed))
    assert "primary key" not in console.get("/berceau").html.main.text
    assert not console.get("/berceau/schema/tables/stray_a").html.select(".attention")
