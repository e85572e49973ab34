"""Rows find their place when keys, hierarchies and types change under them."""

import pytest

from berceau.errors import MigrationError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TAG = "class Tag(db.Entity):\n    {}\n    posts = Set('Post')\n"


def test_rows_from_before_the_first_subclass_belong_to_the_root(migrate, query) -> None:
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('old')")
    migrate(POST + "class Note(Post):\n    pass\n")
    query("INSERT INTO post (title) VALUES ('from the last release')")
    assert query("SELECT DISTINCT classtype FROM post") == [("Post",)]


def test_rows_of_a_root_that_is_renamed_are_called_so(migrate, query, settings, database) -> None:
    note = "class Note({}):\n    text = Optional(str)\n"
    migrate(POST + note.format("Post"))
    query("INSERT INTO post (title, classtype) VALUES ('a', 'Post'), ('b', 'Note')")
    article = POST.replace("Post", "Article") + note.format("Article")
    migrate(article, renames=["post=article"])
    rows = "SELECT title, classtype FROM {} ORDER BY 1"
    assert query(rows.format("article")) == [("a", "Article"), ("b", "Note")]
    down(
        database.migration_url, migration_directory.read(settings.migrations), allow_data_loss=True
    )
    assert query(rows.format("post")) == [("a", "Post"), ("b", "Note")]


def test_rows_keep_their_entity_where_another_becomes_the_root(migrate, query) -> None:
    migrate("class Post(db.Entity):\n    title = Required(str)\nclass Note(Post):\n    pass\n")
    query("INSERT INTO post (title, classtype) VALUES ('a', 'Post'), ('b', 'Note')")
    swapped = "class Note(db.Entity):\n    _table_ = 'post'\n    title = Required(str)\n"
    migrate(swapped + "class Post(Note):\n    pass\n")
    assert query("SELECT classtype FROM post ORDER BY title") == [("Post",), ("Note",)]


@pytest.mark.parametrize("ids", [(), (-5,), (3, 1)])
def test_the_servers_numbers_go_on_after_those_of_the_rows(migrate, query, ids) -> None:
    migrate(POST + "    id = PrimaryKey(int)\n")
    for number in ids:
        query(f"INSERT INTO post (id, title) VALUES ({number}, 'old')")
    migrate(POST + "    id = PrimaryKey(int, auto=True)\n")
    expected = max((1, *(number + 1 for number in ids)))
    assert query("INSERT INTO post (title) VALUES ('new') RETURNING id") == [(expected,)]


def test_rows_that_refer_to_a_key_follow_its_type(migrate, query) -> None:
    relation = POST + "    tag = Optional('Tag')\n"
    migrate(relation + TAG.format("id = PrimaryKey(int)"))
    query("INSERT INTO tag VALUES (7); INSERT INTO post (title, tag) VALUES ('a', 7)")
    migrate(relation + TAG.format("id = PrimaryKey(str)"))
    assert query("SELECT p.title, t.id FROM post p JOIN tag t ON t.id = p.tag") == [("a", "7")]
    migrate(relation + TAG.format("id = PrimaryKey(int, size=64)"))
    assert query("SELECT p.title, t.id FROM post p JOIN tag t ON t.id = p.tag") == [("a", 7)]


def test_what_no_entity_can_declare_stays(migrate, query, settings) -> None:
    first = migrate(POST).written
    hand = settings.migrations / first / "migration.sql"
    query("DROP TABLE post; DELETE FROM berceau_migration")
    hand.write_text(hand.read_text() + "CREATE INDEX by_lower ON post (lower(title));\n")
    assert migrate(POST).written is None
    migrate(POST + "    views = Optional(int)\n")
    assert query("SELECT to_regclass('by_lower')::text") == [("by_lower",)]
    with pytest.raises(MigrationError, match="index by_lower of post uses the column title"):
        migrate("class Post(db.Entity):\n    views = Optional(int)\n", allow_data_loss=True)
