"""The overview shows what the application is made of, and the search finds it by name."""


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
