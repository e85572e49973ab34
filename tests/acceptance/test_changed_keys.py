"""Rows find their place when keys, hierarchies and types change under them."""

import pytest

from berceau.errors import MigrationError

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TAG = "class Tag(db.Entity):\n    {}\n    posts = Set('Post')\n"


def test_rows_from_before_the_first_subclass_belong_to_the_root(migrate, query):
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('old')")
    migrate(POST + "class Note(Post):\n    pass\n")
    query("INSERT INTO post (title) VALUES ('from the last release')")
    assert query("SELECT DISTINCT classtype FROM post") == [("Post",)]


@pytest.mark.parametrize("ids", [(), (-5,), (3, 1)])
def test_the_servers_numbers_go_on_after_those_of_the_rows(migrate, query, ids):
    migrate(POST + "    id = PrimaryKey(int)\n")
    for number in ids:
        query(f"INSERT INTO post (id, title) VALUES ({number}, 'old')")
    migrate(POST + "    id = PrimaryKey(int, auto=True)\n")
    expected = max((1, *(number + 1 for number in ids)))
    assert query("INSERT INTO post (title) VALUES ('new') RETURNING id") == [(expected,)]


def test_rows_that_refer_to_a_key_follow_its_type(migrate, query):
    relation = POST + "    tag = Optional('Tag')\n"
    migrate(relation + TAG.format("id = PrimaryKey(int)"))
    query("INSERT INTO tag VALUES (7); INSERT INTO post (title, tag) VALUES ('a', 7)")
    migrate(relation + TAG.format("id = PrimaryKey(str)"))
    assert query("SELECT p.title, t.id FROM post p JOIN tag t ON t.id = p.tag") == [("a", "7")]
    migrate(relation + TAG.format("id = PrimaryKey(int, size=64)"))
    assert query("SELECT p.title, t.id FROM post p JOIN tag t ON t.id = p.tag") == [("a", 7)]


def test_a_number_becomes_no_uuid(migrate, query):
    migrate(POST)
    with pytest.raises(MigrationError, match=r"post\.id can't become uuid") as caught:
        migrate(POST + "    id = PrimaryKey(UUID)\n")
    assert "new attribute" in caught.value.cure
    assert query("SELECT * FROM post") == []


def test_what_no_entity_can_declare_stays(migrate, query, settings):
    first = migrate(POST).written
    hand = settings.migrations / first / "migration.sql"
    query("DROP TABLE post; DELETE FROM berceau_migration")
    hand.write_text(hand.read_text() + "CREATE INDEX by_lower ON post (lower(title));\n")
    assert migrate(POST).written is None
    migrate(POST + "    views = Optional(int)\n")
    assert query("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_lower'") == [(1,)]
    with pytest.raises(MigrationError, match="index by_lower of post uses the column title"):
        migrate("class Post(db.Entity):\n    views = Optional(int)\n", allow_data_loss=True)
