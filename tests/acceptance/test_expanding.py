"""A rename while the release of before runs: two columns in step, until a contract ends one."""

from dataclasses import replace

import pytest

from berceau.errors import MigrationError
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from tests.conftest import cases

pytestmark = pytest.mark.slow

BEFORE = """
class Author(db.Entity):
    pen_name = Required(str, unique=True)
    posts = Set("Post")

class Post(db.Entity):
    title = Required(str, 20)
    author = Optional(Author)
"""
AFTER = BEFORE.replace("title", "headline").replace("author =", "writer =")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


def test_a_renamed_attribute_has_two_columns_until_the_contract(
    migrate, query, sql, finding
) -> None:
    migrate(BEFORE)
    query("INSERT INTO author (pen_name) VALUES ('Ada')")
    query("INSERT INTO post (title, author) VALUES ('a', 1)")
    renames = ("post.title=headline", "post.author=writer")
    migrate(AFTER, renames=renames, expand=True)
    assert sql().startswith("-- Keeps: column post.author, post.title\n")
    query("INSERT INTO post (title, author) VALUES ('by the old release', 1)")
    query("INSERT INTO post (headline, writer) VALUES ('by the new one', 1)")
    query("UPDATE post SET headline = 'A', writer = NULL WHERE id = 1")
    rows = "SELECT title, headline, author, writer FROM post ORDER BY id"
    assert query(rows) == [
        ("A", "A", None, None),
        ("by the old release", "by the old release", 1, 1),
        ("by the new one", "by the new one", 1, 1),
    ]
    assert finding(AFTER) == ""
    migrate(AFTER, contract=True)
    # What keeps them in step goes in one transaction with the columns.
    assert sql() == (
        "-- Phase: contract\n-- Ends: column post.author, post.title\n\n"
        "ALTER TABLE post DROP CONSTRAINT post_author_fkey;\n\n"
        "DROP INDEX CONCURRENTLY post_author_idx;\n\n"
        "DROP TRIGGER zz_berceau_sync ON post;\n\n"
        "DROP FUNCTION post_berceau_sync();\n\n"
        "ALTER TABLE post DROP COLUMN title;\n\n"
        "ALTER TABLE post DROP COLUMN author;"
    )
    assert finding(AFTER) == ""
    assert query("SELECT headline, writer FROM post ORDER BY id") == [
        ("A", None),
        ("by the old release", 1),
        ("by the new one", 1),
    ]


PRODUCT = """
class Product(db.Entity):
    price = Required({})
"""


def test_another_type_is_a_column_of_its_own(migrate, query, finding) -> None:
    migrate(PRODUCT.format("str"))
    query("INSERT INTO product (price) VALUES (' 12.5 '), ('3')")
    after = PRODUCT.format("Decimal, 10, 2, column='price_numeric'")
    migrate(after, renames=("product.price=price_numeric",), expand=True)
    query("INSERT INTO product (price) VALUES ('4.5')")
    query("INSERT INTO product (price_numeric) VALUES (5)")
    assert query("SELECT price, price_numeric::text FROM product ORDER BY id") == [
        (" 12.5 ", "12.50"),
        ("3", "3.00"),
        ("4.5", "4.50"),
        ("5.00", "5.00"),
    ]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert finding(after) == ""


PERSON = """
class Person(db.Entity):
    name = Required(str)
"""
NAMES = PERSON.replace("name =", "first =") + "    last = Optional(str)\n"
TO_NAMES = (
    "person.first=split_part(name, ' ', 1)",
    "person.last=substr(name, length(split_part(name, ' ', 1)) + 2)",
    "person.name=trim(first || ' ' || last)",
)


def test_one_attribute_becomes_two_and_one_again(migrate, query, finding) -> None:
    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada Lovelace')")
    migrate(NAMES, backfills=TO_NAMES, expand=True)
    query("INSERT INTO person (name) VALUES ('Jean de La Fontaine')")
    query("INSERT INTO person (first, last) VALUES ('Alan', 'Turing'), ('Plato', '')")
    query("UPDATE person SET first = 'A.' WHERE id = 1")
    rows = [
        ("A. Lovelace", "A.", "Lovelace"),
        ("Jean de La Fontaine", "Jean", "de La Fontaine"),
        ("Alan Turing", "Alan", "Turing"),
        ("Plato", "Plato", ""),
    ]
    assert query("SELECT name, first, last FROM person ORDER BY id") == rows
    assert finding(NAMES) == ""
    migrate(NAMES, contract=True)
    assert finding(NAMES) == ""
    migrate(PERSON, backfills=TO_NAMES, expand=True)
    query("INSERT INTO person (first, last) VALUES ('Grace', 'Hopper')")
    rows.append(("Grace Hopper", "Grace", "Hopper"))
    assert query("SELECT name, first, last FROM person ORDER BY id") == rows
    migrate(PERSON, contract=True)
    assert query("SELECT name FROM person ORDER BY id") == [(name,) for name, _, _ in rows]


def test_what_rows_compute_is_filled_in_for_the_running_release(
    migrate, query, sql, finding
) -> None:
    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada')")
    after = PERSON + "    slug = Required(str)\n"
    migrate(after, backfills=("person.slug=lower(name)",))
    assert sql().startswith("-- Keeps: fill person.slug\n")
    assert "breaks" not in sql()
    query("INSERT INTO person (name) VALUES ('Alan')")
    assert query("SELECT slug FROM person ORDER BY id") == [("ada",), ("alan",)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert sql() == (
        "-- Phase: contract\n-- Ends: fill person.slug\n\n"
        "DROP TRIGGER zz_berceau_sync ON person;\n\nDROP FUNCTION person_berceau_sync();"
    )
    assert finding(after) == ""


def test_a_relation_that_becomes_required_is_filled_in(migrate, query, sql, finding) -> None:
    migrate(BEFORE)
    query("INSERT INTO author (pen_name) VALUES ('nobody')")
    query("INSERT INTO post (title) VALUES ('a')")
    after = BEFORE.replace("Optional(Author", "Required(Author")
    migrate(after, backfills=("post.author=(SELECT min(id) FROM author)",), expand=True)
    assert sql().startswith("-- Keeps: fill post.author\n")
    query("INSERT INTO post (title) VALUES ('by the old release')")
    query("UPDATE post SET author = NULL WHERE id = 1")
    assert query("SELECT author FROM post ORDER BY id") == [(1,), (1,)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert finding(after) == ""


def test_a_key_keeps_its_name_for_the_running_release(migrate) -> None:
    before = "class Post(db.Entity):\n    code = PrimaryKey(str)\n"
    migrate(before)
    with pytest.raises(MigrationError, match=r"post.code can't be there twice") as caught:
        migrate(before.replace("code", "slug"), renames=("post.code=slug",), expand=True)
    assert "column='code'" in caught.value.cure


def test_a_table_may_keep_its_name_for_the_running_release(migrate, query, finding) -> None:
    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada')")
    after = PERSON.replace("Person", "Human")
    other = after + "class Person(db.Entity):\n    note = Required(str)\n"
    with pytest.raises(MigrationError, match="uses the table person") as caught:
        migrate(other, renames=("person=human",), expand=True)
    assert "_table_ = 'person'" in caught.value.cure
    kept = after.replace(":\n", ":\n    _table_ = 'person'\n", 1)
    migrate(kept, expand=True)
    assert finding(kept) == ""
    assert query("SELECT name FROM person") == [("Ada",)]


def test_one_rename_at_a_time_for_running_releases(migrate, query, finding) -> None:
    """A name that no release has used can change at once; else the rename before ends first."""
    migrate(PERSON)
    release = PERSON.replace("name =", "title =")
    migrate(release, renames=("person.name=title",), expand=True)
    again = PERSON.replace("name =", "heading =")
    with pytest.raises(MigrationError, match=r"person\.title is still kept in step"):
        migrate(again, renames=("person.title=heading",), expand=True)
    migrate(again, renames=("person.title=heading",), allow_downtime=True)
    query("INSERT INTO person (name) VALUES ('by the old release')")
    query("INSERT INTO person (heading) VALUES ('by the new one')")
    assert query("SELECT name = heading FROM person") == [(True,), (True,)]
    assert finding(again) == ""
    migrate(PERSON)
    assert query("SELECT count(*) FROM person") == [(2,)]
    assert finding(PERSON) == ""


TWO = "class A(db.Entity):\n    x = Required(str)\n    y = Required(str)\n"
LABELS = "class S(enum.StrEnum):\n    {}\nclass A(db.Entity):\n    s = Required(S, column='{}')\n"
TAKEN = {
    "one of the same type": (
        "class A(db.Entity):\n    x = Required(str)\n",
        TWO.replace("x =", "z =").replace("y =", "x ="),
        ("a.x=z",),
        "a.x, which would be called z",
        "column='x_new'",
    ),
    "one of another type": (
        "class A(db.Entity):\n    x = Required(str)\n",
        "class A(db.Entity):\n    z = Required(str)\n    x = Optional(int)\n",
        ("a.x=z",),
        "a.x, which would be called z",
        "column='x_new'",
    ),
    "each that of the other": (
        TWO,
        TWO.replace("x = Required(str", "x = Required(str, column='y'").replace(
            "y = Required(str", "y = Required(str, column='x'"
        ),
        ("a.x=y", "a.y=x"),
        "a.x, which would be called y",
        "column='x_new'",
    ),
    "one after the other": (
        TWO,
        TWO.replace("x =", "z =").replace("y =", "x ="),
        ("a.x=z", "a.y=x"),
        "a.x, which would be called z",
        "column='x_new'",
    ),
    "a member": (
        LABELS.format("RED = 'red'", "s"),
        LABELS.format("RED = 'red'; BLUE = 'blue'", "s_new"),
        ("s.red=blue", "a.s=s_new"),
        "s.red, which would be called blue",
        "another value",
    ),
}


@cases("case", TAKEN, quick=2)
def test_a_name_that_the_running_release_goes_on_with_is_free_for_nothing_else(
    case, migrate
) -> None:
    before, after, renames, name, cure = case
    migrate(before)
    with pytest.raises(MigrationError, match=f"reads and writes {name}, while another") as caught:
        migrate(after, renames=renames, expand=True)
    assert cure in caught.value.cure


def test_two_columns_in_step_are_one_attribute(migrate, query, finding) -> None:
    """The old name may come back as long as the new one isn't declared, too."""
    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada')")
    migrate(PERSON.replace("name =", "title ="), renames=("person.name=title",), expand=True)
    both = PERSON + "    title = Optional(str)\n"
    with pytest.raises(MigrationError, match=r"person\.name and person\.title are kept in step"):
        migrate(both, expand=True)
    assert "person.name and person.title are kept in step" in finding(both)
    migrate(PERSON, expand=True)
    query("UPDATE person SET title = 'by the release of before'")
    assert query("SELECT name FROM person") == [("by the release of before",)]
    migrate(PERSON, contract=True)
    assert finding(PERSON) == ""


TABLE, COLUMN = "t" * 63, "c" * 63
EACH = {
    "a named index": (
        "class A(db.Entity):\n    title = Required(str, index='by_title')\n",
        {"title =": "headline ="},
        ("a.title=headline",),
        "INSERT INTO a (title) VALUES ('a')",
    ),
    "a default": (
        "from datetime import datetime\n"
        "class A(db.Entity):\n    made = Required(datetime, sql_default='now()')\n",
        {"made": "created"},
        ("a.made=created",),
        "INSERT INTO a DEFAULT VALUES",
    ),
    "a composite reference": (
        "class A(db.Entity):\n    x = Required(int)\n    y = Required(int)\n"
        "    PrimaryKey(x, y)\n    bs = Set('B')\n"
        "class B(db.Entity):\n    owner = Optional(A)\n",
        {"owner": "holder"},
        ("b.owner_x=holder_x", "b.owner_y=holder_y"),
        "INSERT INTO a VALUES (1, 2); INSERT INTO b (owner_x, owner_y) VALUES (1, 2), (NULL, NULL)",
    ),
    "a one-to-one relation": (
        "class A(db.Entity):\n    name = Required(str)\n    b = Optional('B')\n"
        "class B(db.Entity):\n    owner = Required(A)\n",
        {"owner": "holder"},
        ("b.owner=holder",),
        "INSERT INTO a (name) VALUES ('a'); INSERT INTO b (owner) VALUES (1)",
    ),
    "an attribute of a subclass": (
        "class Person(db.Entity):\n    name = Required(str)\n"
        "class Student(Person):\n    school = Optional(str)\n",
        {"school": "college"},
        ("person.school=college",),
        "INSERT INTO person (name, school, classtype) VALUES ('a', 's', 'Student')",
    ),
    "long names": (
        f"class A(db.Entity):\n    _table_ = '{TABLE}'\n"
        f"    note = Optional(str, column='{COLUMN}')\n",
        {COLUMN: COLUMN.upper()},
        (f"{TABLE}.{COLUMN}={COLUMN.upper()}",),
        f"INSERT INTO {TABLE} ({COLUMN}) VALUES ('x')",
    ),
}


@cases("case", EACH, quick=1)
def test_what_hangs_on_a_column_is_there_under_both_names(case, migrate, query, finding) -> None:
    before, names, renames, rows = case
    after = before
    for old, new in names.items():
        after = after.replace(old, new)
    migrate(before)
    query(rows)
    migrate(after, renames=renames, expand=True)
    assert finding(after) == ""
    migrate(after, contract=True)
    assert finding(after) == ""


def test_each_step_leads_back_with_all_values(migrate, query, settings, database) -> None:
    def undo() -> None:
        migrations = migration_directory.read(settings.migrations)
        down(database.migration_url, migrations, allow_data_loss=True)

    migrate(PERSON)
    query("INSERT INTO person (name) VALUES ('Ada')")
    after = PERSON.replace("name =", "title =")
    migrate(after, renames=("person.name=title",), expand=True)
    migrate(after, contract=True)
    query("INSERT INTO person (title) VALUES ('by the new release')")
    undo()
    query("INSERT INTO person (name) VALUES ('by the old one')")
    names = ["Ada", "by the new release", "by the old one"]
    assert query("SELECT name, title FROM person ORDER BY id") == [(each, each) for each in names]
    undo()
    assert query("SELECT name FROM person ORDER BY id") == [(each,) for each in names]
    query("INSERT INTO person (name) VALUES ('by the old one')")
