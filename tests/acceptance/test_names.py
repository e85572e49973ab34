"""Names that entities give, and names that something else has until the same migration."""

from collections.abc import Callable

import pytest

from berceau.errors import DuplicateNameError, EntityError
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect import catalog
from berceau.schema.model import Schema
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down
from tests.conftest import cases

CAT = """
class Cat(db.Entity):
    id = PrimaryKey(int, auto=True)
    items = Set("Item")
"""
ITEM = """
class Item(db.Entity):
    id = PrimaryKey(int, auto=True)
    cat = Required(Cat{})
    code = Required(str{})
"""
SHOP = CAT + ITEM
ROWS = "INSERT INTO cat DEFAULT VALUES; INSERT INTO item (cat, code) VALUES (1, 'a'), (1, 'b')"

PLAIN = SHOP.format("", "")
FK, IX = "item_cat_fkey", "item_cat_idx"

# What an entity says, and what the keys and indexes of item are called then, besides its own key.
GIVEN = {
    "a foreign key": (SHOP.format(", fk_name='fk_item__cat'", ""), {"fk_item__cat", IX}),
    "an index": (SHOP.format(", index='idx_item__cat'", ""), {FK, "idx_item__cat"}),
    "both": (SHOP.format(", fk_name='f', index='i'", ", index='c'"), {"f", "i", "c"}),
    "both the other way": (SHOP.format(", fk_name='i', index='f'", ", index='c'"), {"i", "f", "c"}),
    "indexes swapped": (SHOP.format(", index='c'", ", index='i'"), {FK, "c", "i"}),
    "a unique one": (SHOP.format("", ", unique=True, index='u'"), {FK, IX, "u"}),
    "by unique=": (SHOP.format("", ", unique='code once'"), {FK, IX, "code once"}),
    "the name of another's index": (SHOP.format(", index='item_pkey1'", ""), {FK, "item_pkey1"}),
    "no index": (SHOP.format(", index=False, fk_name='f'", ""), {"f"}),
    "wider keys": (
        SHOP.replace("int,", "int, size=64,").format(", fk_name='fk_item__cat'", ""),
        {"fk_item__cat", IX},
    ),
    "names without a reason": (PLAIN, {"fk_item__cat", IX}),
    "a column of another name": (SHOP.format(", column='kitty', fk_name='f'", ""), {"f"}),
    "a table of another name": (
        SHOP.format(", fk_name='f'", "").replace(
            "Item(db.Entity):", "Item(db.Entity):\n    _table_ = 'thing'"
        ),
        {"f"},
    ),
}


@pytest.fixture
def names(database) -> Callable[..., set[str]]:
    def names(table: str = "item") -> set[str]:
        with connect(database.migration_url) as connection:
            found = {each.name: each for each in catalog.read(connection).tables}[table]
        return {each.name for each in (*found.constraints, *found.indexes)} - {f"{table}_pkey"}

    return names


@cases("case", {each: each for each in GIVEN}, quick=3)
def test_a_name_that_an_entity_gives_is_heeded(
    case, migrate, query, names, settings, database
) -> None:
    entities, expected = GIVEN[case]
    migrate(SHOP.format("", ""))
    query(ROWS)
    before = names()
    renames = {
        "a column of another name": ["item.cat=kitty"],
        "a table of another name": ["item=thing"],
    }.get(case, [])
    table = "thing" if case == "a table of another name" else "item"
    if case == "names without a reason":
        migrate(SHOP.format(", fk_name='fk_item__cat'", ""))
    migrate(entities, renames=renames)
    assert names(table) >= expected
    assert query(f"SELECT code FROM {table} ORDER BY 1") == [("a",), ("b",)]
    assert migrate(entities).written is None
    if entities != PLAIN:
        down(database.migration_url, migration_directory.read(settings.migrations))
        assert names() == before
        deploy(database.migration_url, migration_directory.read(settings.migrations))
        assert names(table) >= expected


@cases("case", {each: each for each in GIVEN}, quick=4)
def test_a_new_table_has_the_names_that_an_entity_gives(case, migrate, names) -> None:
    entities, expected = GIVEN[case]
    migrate(entities)
    if entities != PLAIN:
        assert names("thing" if case == "a table of another name" else "item") >= expected


def test_names_of_link_tables(migrate, names) -> None:
    entities = """
    class Post(db.Entity):
        tags = Set("Tag", fk_name='to_tag', index='by_tag')
        related = Set("Post", reverse="related", fk_name='one', reverse_fk_name='other')
    class Tag(db.Entity):
        posts = Set(Post, fk_name='to_post', index='by_post')
    """
    migrate(entities)
    assert names("post_tag") == {"to_tag", "to_post", "by_post"}
    assert names("post_related") >= {"one", "other"}
    migrate(entities.replace("to_tag", "to_label"))
    assert names("post_tag") == {"to_label", "to_post", "by_post"}
    assert migrate(entities.replace("to_tag", "to_label")).written is None


@pytest.mark.parametrize("option", ["fk_name='{}'", "index='{}'"])
def test_a_name_that_postgresql_would_cut_is_refused(migrate, option) -> None:
    with pytest.raises(EntityError, match="a valid name in PostgreSQL"):
        migrate(SHOP.format(", " + option.format("x" * 64), ""))


def test_two_keys_of_one_name_are_refused(migrate) -> None:
    entities = """
    class Cat(db.Entity):
        items = Set("Item", reverse="cat")
        others = Set("Item", reverse="other")
    class Item(db.Entity):
        cat = Required(Cat, fk_name='f')
        other = Required(Cat, fk_name='f')
    """
    with pytest.raises(DuplicateNameError, match=r"Item\.cat and Item\.other"):
        migrate(entities)


STATUS = """
class PostStatus(enum.StrEnum):
    A = "A"
class Post(db.Entity):
    status = Required(PostStatus)
"""
STATUSES = """
class PostStatus(db.Entity):
    posts = Set("Post")
class Post(db.Entity):
    stat = Optional(PostStatus)
"""
# Entities before and after: something new takes the name of what is dropped, or of what stays.
TAKEN = {
    "an enum's, by a table": (STATUS, STATUSES),
    "a table's, by an enum": (STATUSES, STATUS),
    "an enum's whose column stays": (
        STATUS,
        STATUSES.replace("stat =", "status = Required(str)\n    stat ="),
    ),
    "a key's, by a table": (
        "class Post(db.Entity):\n    n = Required(int)\n",
        "class Post(db.Entity):\n    n = Required(int)\n"
        "class Key(db.Entity):\n    _table_ = 'post_pkey'\n    n = Required(int)\n",
    ),
    "an index's, by a table": (
        "class Post(db.Entity):\n    n = Required(int, index=True)\n",
        "class Post(db.Entity):\n    n = Required(int, index=True)\n"
        "class Key(db.Entity):\n    _table_ = 'post_n_idx'\n    n = Required(int)\n",
    ),
    "an index's that goes, by a table": (
        "class Post(db.Entity):\n    n = Required(int, index=True)\n",
        "class Post(db.Entity):\n    n = Required(int)\n"
        "class Key(db.Entity):\n    _table_ = 'post_n_idx'\n    n = Required(int)\n",
    ),
    "a sequence's, by a table": (
        "class Post(db.Entity):\n    n = Required(int)\n",
        "class Post(db.Entity):\n    n = Required(int)\n"
        "class Key(db.Entity):\n    _table_ = 'post_id_seq'\n    n = Required(int)\n",
    ),
    "a unique's, by an index of another table": (
        "class Post(db.Entity):\n    n = Required(int, unique=True)\n",
        "class Post(db.Entity):\n    n = Required(int)\n"
        "class Key(db.Entity):\n    n = Required(int, index='post_n_key')\n",
    ),
    "what an enum that is rebuilt is called meanwhile": (
        STATUS.replace('A = "A"', 'A = "A"\n    B = "B"')
        + "class Old(db.Entity):\n    _table_ = 'post_status_retired'\n    n = Required(int)\n",
        STATUS
        + "class Old(db.Entity):\n    _table_ = 'post_status_retired'\n    n = Required(int)\n",
    ),
}


@cases("case", {each: each for each in TAKEN}, quick=1)
def test_a_name_is_free_when_it_is_taken(case, migrate, settings, database) -> None:
    before, after = TAKEN[case]

    def state() -> Schema:
        with connect(database.migration_url) as connection:
            return catalog.read(connection)

    migrate(before)
    first = state()
    migrate(after, allow_data_loss=True)
    second = state()
    assert migrate(after).written is None
    down(
        database.migration_url, migration_directory.read(settings.migrations), allow_data_loss=True
    )
    assert state() == first
    deploy(database.migration_url, migration_directory.read(settings.migrations))
    assert state() == second
    migrate(before, allow_data_loss=True)
    assert migrate(before).written is None


def test_a_percent_sign_is_a_character_of_names_as_others(migrate, query) -> None:
    """Its rows are copied into a scratch schema, with those that they refer to, and converted."""
    entities = """
class Kind(enum.StrEnum):
    A = "a"
    B = "b"
class Cat(db.Entity):
    _table_ = "50% cats"
    name = Required(str, column="% of a name")
    kind = Optional({kind}, column="100%s")
    mother = Optional("Cat", reverse="kittens", column="%(mother)s")
    kittens = Set("Cat", reverse="mother")
    {more}
"""
    migrate(entities.format(kind="str", more=""))
    query(
        'INSERT INTO "50% cats" ("% of a name", "100%s", "%(mother)s") '
        "VALUES ('Tom', 'a', NULL), ('Kit', 'b', 1)"
    )
    migrate(
        entities.format(kind="Kind", more='age = Required(int, column="%age")'),
        backfills=["50% cats.%age=3"],
    )
    found = 'SELECT "% of a name", "100%s", "%(mother)s", "%age" FROM "50% cats" ORDER BY id'
    assert query(found) == [("Tom", "a", None, 3), ("Kit", "b", 1, 3)]
