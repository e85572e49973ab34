"""`invoke build` says what is wrong with the components, where, and what to do."""

import json

import pytest

from tests.conftest import Project

SHOP = """
from datetime import datetime

class Customer(db.Entity):
    name = Required(str)
    {relation}
    order = Optional(int)  # reserved

class Purchase(db.Entity):
    customer = Required(Customer, index=False)  # unindexed
    at = Required(datetime, default=datetime.utcnow)  # naive
    city = Required(str)  # filtered
"""
IMPLICIT = 'purchases = Set("Purchase")  # implicit'
EXPLICIT = 'purchases = Set("Purchase", cascade_delete=True)'
NAIVE = ", default=datetime.utcnow"
SERVICE = """
from datetime import datetime
from pony.orm import select
from berceau.orm import db
from .entities import Customer, Purchase

def find(city, name):
    db.select(f"SELECT * FROM purchase WHERE city = '{city}'")  # injection
    Purchase.get(city=city)
    return select(p for p in Purchase if p.city == city and 1 < p.id < 9)  # chained
"""


@pytest.fixture
def shop(project) -> Project:
    project.component("shop", SHOP.format(relation=IMPLICIT), service=SERVICE)
    return project


def line(project, file: str, mark: str) -> int:
    text = (project.root / "components/shop" / file).read_text()
    return next(n for n, each in enumerate(text.splitlines(), 1) if each.endswith(f"# {mark}"))


def found(project, *arguments: str) -> list[tuple[str, int, str]]:
    report = json.loads(project.invoke("build", "--json", *arguments).out)
    return [(each["file"], each["line"], each["code"]) for each in report["findings"]]


def test_each_finding_has_its_place(shop) -> None:
    places = [
        ("entities.py", "implicit", "L202"),
        ("entities.py", "reserved", "L102"),
        ("entities.py", "unindexed", "L301"),
        ("entities.py", "naive", "L401"),
        ("entities.py", "filtered", "L302"),
        ("service.py", "injection", "L501"),
        ("service.py", "chained", "L601"),
    ]
    expected = [(f"components/shop/{f}", line(shop, f, mark), code) for f, mark, code in places]
    assert found(shop) == expected
    assert found(shop) == expected, "an unchanged project is not read again, but still wrong"


READS = """
from pony.orm import select
from .entities import Customer, Purchase

def report():
    print(sum(p.id for p in Purchase))  # iterated
    select(c for c in Customer if c.purchases.count() > 3)  # aggregate
    print(len(Purchase.select()))  # thrown away
    for customer in Customer.select():
        print(customer.purchases.count())  # a query each
"""


def test_reads_of_entities_are_found_with_the_query_that_spares_them(project) -> None:
    entities = SHOP.format(relation=EXPLICIT).replace(", index=False", "").replace(NAIVE, "")
    project.component("shop", entities.replace("order =", "number ="), service=READS)
    marks = {"iterated": "L611", "aggregate": "L612", "thrown away": "L304", "a query each": "L303"}
    expected = [
        ("components/shop/service.py", line(project, "service.py", mark), code)
        for mark, code in marks.items()
    ]
    assert found(project) == expected
    report = json.loads(project.invoke("build", "--json").out)
    iterated, aggregate, _, each = report["findings"]
    assert "import `sum`, `min`, `max` or `count` from `pony.orm`" in iterated["cure"]
    assert aggregate["cure"] == "Use Pony's function: `count(c.purchases)`."
    assert "`select((c, count(c.purchases)) for c in Customer)`" in each["cure"]
    assert "`.prefetch(Customer.purchases)`" in each["cure"]


LOST = """
class Dated:
    created = Required(int)  # of a mix-in

class Post(db.Entity, Dated):
    title = Required(str),  # a tuple
    author: Required(str)  # an annotation
    number = Required(int)  # replaced
    number = Optional(int)

class Note(Dated, db.Entity):
    text = Required(str)

Note.length = Required(int)  # too late
"""
IDLE = """
class Post(db.Entity):
    number = Required(int, auto=True)  # not numbered
    title = Required(str, nullable=True)  # not None
    text = Required(str, fk_name="x")  # no relation
    notes = Set("Note", cascade_delete=True, index=True)  # no column
    cover = Optional("Cover", index=True)  # the other side's
    key = Optional(UUID, auto=True)
    flag = Required(int, auto=True)  # berceau: ignore[L702] our trigger fills it

class Note(db.Entity):
    _table_options_ = {"ENGINE": "InnoDB"}  # another database's
    post = Required(Post)

class Cover(db.Entity):
    post = Required(Post)
"""


def test_attributes_that_no_entity_has_are_found(project) -> None:
    project.component("shop", LOST)
    marks = ("of a mix-in", "a tuple", "an annotation", "replaced", "too late")
    assert found(project) == [
        ("components/shop/entities.py", line(project, "entities.py", mark), "L701")
        for mark in marks
    ]
    message = project.fail("build")
    assert (
        "Post has no attribute created: it is declared in Dated, which isn't an entity." in message
    )


def test_options_that_do_nothing_are_found(project) -> None:
    project.component("shop", "from uuid import UUID\n" + IDLE)
    marks = (
        *("not numbered", "not None", "no relation", "no column", "the other side's"),
        "another database's",
    )
    assert found(project) == [
        ("components/shop/entities.py", line(project, "entities.py", mark), "L702")
        for mark in marks
    ]
    assert (
        "auto= does nothing for Post.number: PostgreSQL numbers only a primary key of type int."
        in project.succeed("build")
    )


def test_errors_fail_a_build_and_warnings_do_not(shop) -> None:
    message = shop.fail("build")
    assert "3 findings in the components." in message
    chained = line(shop, "service.py", "chained")
    assert f"components/shop/service.py:{chained}: error L601: A chained comparison" in message
    assert "Use `between(p.n, 1, 9)`" in message
    assert "# berceau: ignore[CODE]" in message
    assert "L202" not in message
    assert (shop.root / ".berceau/schema/shop.sql").exists(), "what could be built was"
    shop.component("shop", SHOP.format(relation=IMPLICIT).replace(NAIVE, ""), service="")
    out = shop.succeed("build")
    where = f"components/shop/entities.py:{line(shop, 'entities.py', 'implicit')}"
    assert (
        f"{where}: warning L202: Customer.purchases is deleted with its owner, by default." in out
    )
    assert where in shop.succeed("build")


def test_check_heeds_warnings_too(project) -> None:
    project.component("shop", SHOP.format(relation=IMPLICIT).replace(NAIVE, ""))
    project.succeed("build")
    message = project.fail("build", "--check")
    assert "L202" in message
    assert "warning" in message


def test_a_comment_silences_one_rule_on_its_line(shop) -> None:
    entities = shop.root / "components/shop/entities.py"
    text = entities.read_text()
    text = text.replace("# implicit", "# berceau: ignore[L202] they belong together")
    text = text.replace("# reserved", "# berceau: ignore[L301]  wrong code")
    entities.write_text(text)
    codes = [code for _, _, code in found(shop)]
    assert "L202" not in codes
    assert codes.count("L001") == 1
    assert "L102" in codes


def test_the_project_ignores_a_rule(shop) -> None:
    shop.write("pyproject.toml", '[tool.berceau.lint]\nignore = ["L102", "L301", "L302"]\n')
    assert [code for _, _, code in found(shop)] == ["L202", "L401", "L501", "L601"]
    shop.write("pyproject.toml", "")
    assert len(found(shop)) == 7, "the unchanged project is not read again"
    shop.write("pyproject.toml", '[tool.berceau.lint]\nignore = ["X1"]\n')
    assert "ignores X1, which isn't a rule" in shop.fail("build")
    shop.write("pyproject.toml", "[tool.berceau.lint]\nignore = 3\n")
    assert "isn't a list of strings" in shop.fail("build")
    shop.write("pyproject.toml", "[tool")
    assert "pyproject.toml" in shop.fail("build")


def test_migrating_shows_findings_and_goes_on(connected) -> None:
    connected.component("shop", SHOP.format(relation=EXPLICIT))
    out = connected.succeed("migrate", "--name", "init")
    assert "L401" in out
    assert connected.migrations()


def test_components_in_a_circle_are_named_once(project) -> None:
    project.component("base", 'class Base(db.Entity):\n    tops = Set("Top", cascade_delete=True)')
    project.component(
        "top",
        """
        class Top(db.Entity):
            base = Required("Base")
            side = Optional("Side")
        """,
    )
    project.component(
        "side",
        """
        class Side(db.Entity):
            tops = Set("Top")
        """,
    )
    assert found(project) == []
    project.component(
        "base",
        """
        class Base(db.Entity):
            tops = Set("Top", cascade_delete=True)
            side = Optional("Side")
        """,
    )
    project.component(
        "side",
        """
        class Side(db.Entity):
            tops = Set("Top")
            bases = Set("Base")
            parent = Optional("Base", reverse="children")
        """,
    )
    entities = project.root / "components/base/entities.py"
    entities.write_text(
        entities.read_text().replace('"Side")', '"Side", reverse="bases")')
        + '    children = Set("Side", reverse="parent")\n'
    )
    report = json.loads(project.invoke("build", "--json").out)
    (circle,) = report["findings"]
    assert circle["code"] == "L201"
    assert circle["message"] == (
        "Components depend on each other in a circle: base (Base.side) → side (Side.parent) → base."
    )
    assert circle["file"] == "components/base/entities.py"


def test_a_relation_with_one_side_is_told_what_it_deletes(project) -> None:
    project.component("people", "class Person(db.Entity):\n    name = Required(str)")
    project.component(
        "shop",
        """
        class Purchase(db.Entity):
            buyer = Required("Person")  # implicit
            seller = Required("Person", cascade_delete=False)
            agent = Required("Person", cascade_delete=True)
            friends = Set("Person")
        """,
    )
    report = json.loads(project.invoke("build", "--json").out)
    (finding,) = report["findings"]
    assert (finding["code"], finding["file"]) == ("L202", "components/shop/entities.py")
    assert finding["line"] == line(project, "entities.py", "implicit")
    assert finding["message"] == (
        "Purchase is deleted with the Person of Purchase.buyer, by default."
    )


def test_relations_to_itself_that_pony_would_link_are_told_apart(project) -> None:
    entities = """
    class Person(db.Entity):
        mother = Optional("Person"{mother})
        father = Optional("Person"{father})
    class Folder(db.Entity):
        parent = Optional("Folder")
        inside = Set("Folder")
    class Page(db.Entity):
        after = Optional("Page", reverse="before")
        before = Optional("Page")
    class Node(db.Entity):
        parent = Optional("Node")
    """
    project.component("people", entities.format(mother="", father=""))
    report = json.loads(project.invoke("build", "--json").out)
    (finding,) = report["findings"]
    assert (finding["code"], finding["line"]) == ("L203", 6)
    assert finding["message"] == (
        "Person.father and Person.mother are taken as the two sides of one relation."
    )
    names = {"mother": ', reverse="borne"', "father": ', reverse="fathered"'}
    project.component("people", entities.format(**names))
    assert found(project) == []


def test_links_of_one_written_side_can_close_a_circle(project) -> None:
    project.component("base", 'class Base(db.Entity):\n    tops = Set("Top")')
    project.component("top", 'class Top(db.Entity):\n    base = Optional("Base", reverse="top")')
    base = project.root / "components/base/entities.py"
    base.write_text(base.read_text().replace('"Top")', '"Top", reverse="bases")'))
    report = json.loads(project.invoke("build", "--json").out)
    assert [each["message"] for each in report["findings"]] == [
        "Components depend on each other in a circle: base (Base.tops) → top (Top.base) → base."
    ]


def test_names_clash_across_components(project) -> None:
    project.component(
        "blog",
        """
        class Article(db.Entity):
            title = Required(str)
        """,
    )
    project.component(
        "shop",
        f"""
        class Key(db.Entity):
            _table_ = "article_pkey"
            text = Required(str, column="{"x" * 64}")
        """,
    )
    assert found(project) == [
        ("components/blog/entities.py", 4, "L103"),
        ("components/shop/entities.py", 6, "L101"),
    ]


def test_a_table_clashes_with_the_sequence_of_an_identity(project) -> None:
    project.component(
        "blog",
        """
        class Article(db.Entity):
            title = Required(str)

        class Numbers(db.Entity):
            _table_ = "article_id_seq"
            text = PrimaryKey(str)
        """,
    )
    (clash,) = json.loads(project.invoke("build", "--json").out)["findings"]
    assert (clash["code"], clash["line"]) == ("L103", 4)
    assert clash["message"] == (
        "article_id_seq is the sequence of article.id, and the table of that name."
    )
