"""`invoke docs`, on entities of every kind, with names and texts that are markup elsewhere."""

import json
import re
from html.parser import HTMLParser

import pytest

from tests.conftest import Project

SHOP = '''
from decimal import Decimal
from enum import Enum

class OrderState(Enum):
    """How far an order is."""

    OPEN = "open"  # Nothing is paid.
    PAID = "it's <paid>"

class Customer(db.Entity):
    """Who buys.

    Only those with an ``address`` get a parcel. <script>alert("1")</script> & more | and more
    """

    name = Required(str, 100)  # As on the parcel | "quoted" <b>bold</b>
    friends = Set("Customer", reverse="friends")
    orders = Set("Order", reverse="customer", cascade_delete=True)
    badge = Optional("Badge")
    pays_for = Set("Order", reverse="payer")

class Company(Customer):
    """A customer with a number."""

    vat = Optional(str)

class Order(db.Entity):
    _table_ = "Odd; <i>\\"name\\" | x"
    customer = Required(Customer)
    payer = Optional(Customer, index="order_payer")
    state = Required(OrderState, default=OrderState.OPEN)
    total = Required(Decimal, precision=10, scale=2, column="the <total>")
    lines = Set("OrderLine")
    extra = Optional(Json)
    words = Optional(StrArray)
    composite_index(state, customer)

class OrderLine(db.Entity):
    order = Required(Order)
    number = Required(int)
    PrimaryKey(order, number)
    parts = Set("Part")

class Part(db.Entity):
    """A part of a line."""

    line = Required(OrderLine)
    next = Optional("Part", reverse="previous")
    previous = Optional("Part")

class Badge(db.Entity):
    owner = Required(Customer)

class Account(db.Entity):
    _distribute_ = "id"
    id = PrimaryKey(int)
'''
BLOG = """
from components.shop.entities import Customer

class Post(db.Entity):
    author = Required(Customer, reverse="posts")
    tags = Set("Tag")

class Tag(db.Entity):
    name = PrimaryKey(str)
    posts = Set(Post)
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.component("shop", SHOP, __init__='"""Orders\\n\\nand who buys."""\n')
    project.component("blog", BLOG)
    return project


class Links(HTMLParser):
    """Collects the links, the ids and the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.elements: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.add(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]


def test_pages_link_to_each_other_and_hold_no_markup_of_names(shop) -> None:
    assert "docs: 10 tables; changed" in shop.succeed("docs")
    folder = shop.root / "docs/schema"
    pages = {path: Links(path.read_text()) for path in folder.rglob("*.html")}
    assert len(pages) == 4  # one is a licence
    for path, page in pages.items():
        assert not {"i", "b"} & page.elements, path
        assert "alert(" not in "".join(re.findall(r"<script[^>]*>.*?</script>", path.read_text()))
        assert len(set(page.ids)) == len(page.ids), path
        for link in page.links:
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.is_file(), link
            assert not anchor or anchor in pages[target].ids, link
    text = (folder / "components/shop.html").read_text()
    for shown in (
        "Nothing is paid.",
        "Customer.posts",
        "many to many",
        "&lt;b&gt;bold",
        "order_payer",
        "With Citus: distributed by id.",
    ):
        assert shown in text
    assert "a kind of" in text


@pytest.mark.slow
def test_markdown_has_diagrams_and_links(shop) -> None:
    shop.succeed("docs", "--format", "md", "--output", "wiki pages")
    page = (shop.root / "wiki pages/components/shop.md").read_text()
    assert re.search(r'"customer" \|\|--o\{ "Odd.*" : "customer"', page)
    assert '"customer" ||--o| "badge" : "owner"' in page
    assert "<script>" not in page
    assert "<b>" not in page
    anchors = set(re.findall(r'<a id="([^"]+)">', page))
    for file, anchor in re.findall(r"\]\((?:\.\./)?([^)#]*)#([^)]+)\)", page):
        assert (shop.root / "wiki pages" / file).is_file()
        assert anchor in anchors or "shop" not in file
    rows = [line for line in page.splitlines() if line.startswith("| name ")]
    (row,) = rows
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_json_has_relations_from_both_sides(shop) -> None:
    shop.succeed("docs", "--format", "json")
    found = json.loads((shop.root / "docs/schema/schema.json").read_text())
    tables = {each["name"]: each for each in found["tables"]}
    person, company = tables["customer"]["entities"]
    relations = {each["name"]: each for each in person["relations"]}
    assert (person["name"], company["bases"], company["kind"]) == (
        "Customer",
        ["Customer"],
        "Company",
    )
    assert relations["friends"]["kind"] == "many to many"
    assert relations["friends"]["link"] in tables
    assert relations["badge"]["kind"] == "one to one"
    assert relations["orders"]["reverse"] == "Order.customer"
    assert relations["posts"]["target"] == "Post"
    part = tables["part"]
    assert part["foreign_keys"][0]["target_columns"] == ["order", "number"]
    total = next(e for e in tables['Odd; <i>"name" | x']["columns"] if e["name"] == "the <total>")
    assert (total["type"], total["python_type"]) == ("numeric(10,2)", "Decimal")
    (state,) = found["enums"]
    assert state["values"][0]["description"] == "Nothing is paid."
    assert found["components"][0]["needs"] == ["shop"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the parser's own
def test_dbml_is_read_by_its_parser(shop) -> None:
    from pydbml import PyDBML

    shop.succeed("docs", "--format", "dbml")
    parsed = PyDBML((shop.root / "docs/schema/schema.dbml").read_text())
    assert len(parsed.tables) == 10
    assert {group.name for group in parsed.table_groups} == {"shop", "blog"}
    assert len(parsed.refs) == 11


@pytest.mark.slow
def test_a_check_fails_where_the_files_are_stale(shop) -> None:
    assert "index.html" in shop.fail("docs", "--check")
    shop.succeed("docs")
    assert "up to date" in shop.succeed("docs", "--check")
    shop.component("news", "class News(db.Entity):\n    title = Required(str)\n")
    error = shop.fail("docs", "--check")
    assert "components/news.html" in error
    assert "invoke docs" in error
    shop.succeed("docs")
    (shop.root / "components/news/entities.py").unlink()
    (shop.root / "components/news/__init__.py").unlink()
    (shop.root / "components/news").rmdir()
    assert "components/news.html" in shop.fail("docs", "--check")
    shop.succeed("docs")
    assert not (shop.root / "docs/schema/components/news.html").exists()


@pytest.mark.slow
def test_files_of_others_stay(shop) -> None:
    own = shop.write("docs/schema/index.html", "<p>mine</p>")
    shop.write("docs/schema/other.html", "<p>mine, too</p>")
    assert "--output" in shop.fail("docs")
    assert own.read_text() == "<p>mine</p>"
    assert sorted(path.name for path in own.parent.iterdir()) == ["index.html", "other.html"]
    assert "html, md, mermaid, dbml, json" in shop.fail("docs", "--format", "pdf")


API = """
from berceau.web.api import api_view

def includeme(config):
    config.add_route("shop.ping", "/api/ping")
    config.add_openapi(title="Shop", path="/api/openapi.json")
    config.scan(__name__)

@api_view(route_name="shop.ping", request_method="GET")
def ping(request) -> dict[str, str]:
    \"\"\"Answer.\"\"\"
    return {}
"""


@pytest.mark.slow
def test_an_api_has_its_document_beside_the_pages(connected) -> None:
    connected.component("shop", "class Part(db.Entity):\n    name = Required(str)\n", __init__=API)
    connected.succeed("migrate", "--name", "init")
    connected.succeed("docs")
    folder = connected.root / "docs/schema"
    document = json.loads((folder / "api/openapi.json").read_text())
    assert document["openapi"].startswith("3.1")
    assert "get" in document["paths"]["/api/ping"]
    assert "api/openapi.json" in Links((folder / "index.html").read_text()).links
    assert "up to date" in connected.succeed("docs", "--check")


@pytest.mark.slow
def test_with_tenants_both_histories_tell_where_columns_came_from(connected) -> None:
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    geo = "class Country(db.Entity):\n    name = Required(str)\n"
    connected.component("geo", geo, __init__='scope = "shared"\n')
    connected.component("notes", "class Note(db.Entity):\n    text = Required(str)\n")
    connected.succeed("migrate", "--name", "init")
    connected.succeed("docs", "--format", "json")
    found = json.loads((connected.root / "docs/schema/schema.json").read_text())
    for table in found["tables"]:
        assert all(each["migration"].endswith("_init") for each in table["columns"]), table
    assert [each["name"] for each in found["tables"]] == ["country", "note"]
    assert [each["scope"] for each in found["components"]] == ["shared", "tenant"]
    for form, page in ("html", "geo.html"), ("md", "geo.md"):
        connected.succeed("docs", "--format", form, "--output", form)
        text = (connected.root / form / "components" / page).read_text()
        assert "All tenants share its tables." in text
