"""Where Citus shall have tables: the words of entities, and what a build refuses of them."""

import pytest

from tests.conftest import Project, cases

SHARED = 'scope = "shared"\n'
TENANTS = {"BERCEAU_TENANTS": "schema"}
GOOD = """
class Country(db.Entity):
    _reference_ = True
    name = Required(str, unique=True)
    near = Set("Country", reverse="near")

class Account(db.Entity):
    _distribute_ = "id"
    id = PrimaryKey(int)
    country = Optional(Country)

class Invoice(db.Entity):
    _distribute_ = "account"
    account = Required(Account)
    number = Required(int)
    PrimaryKey(account, number)
    tags = Set(Country)

class Line(db.Entity):
    _distribute_ = "invoice"
    invoice = Required(Invoice)
    position = Required(int)
    PrimaryKey(invoice, position)
"""
ACCOUNT = """
class Account(db.Entity):
    _distribute_ = "id"
    id = PrimaryKey(int)
"""
LOCAL = "class Local(db.Entity):\n    name = Required(str)\n"
REFUSED = {
    "another value": (
        'class Post(db.Entity):\n    _reference_ = "yes"  # culprit\n    a = Required(int)',
        "Post._reference_ is 'yes'",
    ),
    "both": (
        "class Post(db.Entity):\n    _reference_ = True\n"
        '    _distribute_ = "a"  # culprit\n    a = Required(int)',
        "Post has both _reference_ and _distribute_",
    ),
    "unknown": (
        'class Post(db.Entity):\n    _distribute_ = "b"  # culprit\n    a = Required(int)',
        "_distribute_ = 'b' names no attribute of Post with a column",
    ),
    "a set": (
        'class Post(db.Entity):\n    _distribute_ = "posts"  # culprit\n    posts = Set("Post")',
        "_distribute_ = 'posts' names no attribute of Post with a column",
    ),
    "a subclass": (
        "class Post(db.Entity):\n    a = Required(int)\n"
        "class News(Post):\n    _reference_ = True  # culprit",
        "News can't have _reference_: its rows are in the table of Post",
    ),
    "a key of several columns": (
        "class Invoice(db.Entity):\n    a = Required(int)\n    b = Required(int)\n"
        "    PrimaryKey(a, b)\n"
        'class Line(db.Entity):\n    _distribute_ = "invoice"  # culprit\n'
        "    invoice = PrimaryKey(Invoice)",
        "leads to Invoice, which has a key of several columns",
    ),
    "the primary key": (
        'class Post(db.Entity):\n    _distribute_ = "a"\n    id = PrimaryKey(int)  # culprit\n'
        "    a = Required(int)",
        "post is distributed by a, which id lacks, though it is the primary key",
    ),
    "a unique attribute": (
        f"{ACCOUNT}    name = Required(str, unique=True)  # culprit",
        "account is distributed by id, which name lacks, though it is unique",
    ),
    "a type without a hash": (
        'class Post(db.Entity):\n    _distribute_ = "a"\n'
        '    a = PrimaryKey(str, sql_type="varbit(8)")  # culprit\n    b = Required(int)',
        "post is distributed by a, but PostgreSQL has no hash of varbit(8)",
    ),
    "no value": (
        'class Post(db.Entity):\n    _distribute_ = "a"\n    a = Optional(int)\n'
        "    b = PrimaryKey(int)  # culprit",
        "post is distributed by a, which b lacks",
    ),
    "to a table of one server": (
        f"{LOCAL}{ACCOUNT}    local = Optional(Local)  # culprit",
        "account.local leads from account, which is distributed by id, to local, which is on one",
    ),
    "from a table of one server": (
        f"{ACCOUNT}class Post(db.Entity):\n    account = Required(Account)  # culprit",
        "post.account leads from post, which is on one server, to account, which is distributed",
    ),
    "from a table on all servers": (
        f"{ACCOUNT}class Post(db.Entity):\n    _reference_ = True\n"
        "    account = Required(Account)  # culprit",
        "post.account leads from post, which is on all servers, to account, which is distributed",
    ),
    "a cascade to a table on all servers": (
        f"{LOCAL}class Post(db.Entity):\n    _reference_ = True\n"
        "    local = Required(Local)  # culprit",
        "Citus refuses ON DELETE CASCADE there",
    ),
    "to another server": (
        f"{ACCOUNT}class Post(db.Entity):\n    _distribute_ = 'id'\n    id = PrimaryKey(int)\n"
        "    account = Required(Account)  # culprit",
        "a row and the one that it refers to may be on different servers",
    ),
    "links of two that are distributed": (
        f"{ACCOUNT}    others = Set('Account', reverse='others')  # culprit",
        "a row and the one that it refers to may be on different servers",
    ),
}


def test_entities_say_where_their_tables_are(project: Project) -> None:
    project.component("shop", GOOD)
    project.succeed("build")


@cases("case", list(REFUSED), quick=6)
def test_what_citus_refuses_is_refused_with_the_line(project: Project, case: str) -> None:
    source, message = REFUSED[case]
    project.component("shop", source)
    file, line = project.culprit()
    err = project.fail("build")
    assert message in err
    assert f"{file.relative_to(project.root)}:{line}" in err
    assert "component shop" in err


def refused(project: Project, message: str) -> None:
    """Check that a build refuses the marked line, and only where there are tenants."""
    file, line = project.culprit()
    err = project.fail("build", **TENANTS)
    assert message in err
    assert f"{file.relative_to(project.root)}:{line}" in err
    project.succeed("build")


@pytest.mark.parametrize("word", ["_reference_ = True", '_distribute_ = "id"'])
def test_a_tenants_table_is_where_the_tenant_is(project: Project, word: str) -> None:
    source = f"class Note(db.Entity):\n    {word}  # culprit\n    id = PrimaryKey(int)\n"
    project.component("notes", source)
    refused(project, "each tenant has a table of its own")


@pytest.mark.parametrize("attribute", ["Required(City)", "Set(City)"])
def test_tenants_refer_to_what_is_on_all_servers(project: Project, attribute: str) -> None:
    source = (
        "class Country(db.Entity):\n    _reference_ = True\n    name = Required(str)\n"
        "class City(db.Entity):\n    name = Required(str)\n"
    )
    project.component("geo", source, __init__=SHARED)
    notes = "from components.geo.entities import City, Country\nclass Note(db.Entity):\n"
    notes += f"    country = Required(Country)\n    city = {attribute}  # culprit\n"
    project.component("notes", notes)
    refused(project, "to City, which isn't on all of them")
