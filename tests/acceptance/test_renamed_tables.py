"""A table gets another name while the release of before runs: a view keeps the old one."""

from dataclasses import replace

import psycopg2
import pytest

from berceau.errors import MigrationError
from berceau.postgres.core.connection import connect
from berceau.postgres.inspect import catalog
from berceau.schema.diff import diff
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from berceau.workflows.deploy.reset import reset
from berceau.workflows.deploy.status import status
from berceau.workflows.history.squash import squash
from berceau.workflows.shared.cache import SchemaCache
from tests.acceptance.copying import require_same_copy

BEFORE = """
class Mood(enum.Enum):
    GLAD = "GLAD"
    SAD = "SAD"
class Post(db.Entity):
    title = Required(str, 20, unique=True)
    mood = Required(Mood)
    rating = Required(int)
"""
AFTER = BEFORE.replace("Post", "Article")
ALL = "SELECT * FROM {} ORDER BY id"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


@pytest.fixture
def renamed(migrate, query) -> None:
    """The table ``post`` with a row, which is called ``article`` by now."""
    migrate(BEFORE)
    query("INSERT INTO post (title, mood, rating) VALUES ('a', 'GLAD', 1)")
    migrate(AFTER, renames=["post=article"], expand=True)


@pytest.mark.usefixtures("renamed")
def test_both_names_lead_to_the_rows_until_the_contract(migrate, query, sql, finding) -> None:
    assert sql().startswith(
        "-- Keeps: name post\n\n"
        "ALTER TABLE post RENAME TO article;\n\n"
        "CREATE VIEW post WITH (security_invoker = true) AS\n"
        "    SELECT id, title, mood, rating FROM article;\n\n"
    )
    assert "breaks" not in sql()
    assert query("SELECT title FROM post WHERE rating = 1 FOR UPDATE") == [("a",)]
    insert = "INSERT INTO post (title, mood, rating) VALUES ('b', 'SAD', 2) RETURNING id"
    assert query(insert) == [(2,)]
    query(
        "UPDATE post SET mood = 'GLAD' WHERE id = 2 AND mood = 'SAD'; DELETE FROM post WHERE id = 1"
    )
    assert query(ALL.format("article")) == query(ALL.format("post")) == [(2, "b", "GLAD", 2)]
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query("INSERT INTO post (title, mood, rating) VALUES ('b', 'SAD', 2)")
    assert finding(AFTER) == ""
    migrate(AFTER, contract=True)
    assert sql() == "-- Phase: contract\n-- Ends: name post\n\nDROP VIEW post;"
    assert finding(AFTER) == ""


@pytest.mark.slow
@pytest.mark.usefixtures("renamed")
def test_what_changes_meanwhile_serves_the_old_name_too(
    migrate, query, sql, finding, settings, database, declare
) -> None:
    """Columns that go, get another name or type, and new ones, in the same migration or later."""
    after = AFTER.replace("str, 20", "str, 40").replace("    rating = Required(int)\n", "")
    after += "    kind = Required(str, default='x')\n"
    migrate(after, expand=True)
    assert "-- Keeps: default article.kind\n" in sql()
    assert "SET DATA TYPE" not in sql()
    query("INSERT INTO post (title, mood) VALUES ('by the old release', 'SAD')")
    assert query("SELECT kind FROM article ORDER BY id") == [("x",), ("x",)]
    assert finding(after) == ""
    migrations = migration_directory.read(settings.migrations)
    found = status(database.migration_url, declare(after), migrations, SchemaCache(settings.cache))
    assert not found.drift
    assert found.unmanaged == ()
    with connect(database.migration_url) as connection:
        (article,) = catalog.read(connection).tables
    assert [old.name for old in article.old_names] == ["post"]
    migrate(after, contract=True, allow_data_loss=True)
    assert finding(after) == ""
    assert query("SELECT to_regclass('post')") == [(None,)]


@pytest.mark.slow
def test_columns_get_other_names_with_the_table(migrate, query, sql, settings, database) -> None:
    migrate(BEFORE)
    query("INSERT INTO post (title, mood, rating) VALUES ('a', 'GLAD', 1)")
    with connect(database.migration_url) as connection:
        before = catalog.read(connection)
    after = AFTER.replace("title", "headline").replace(
        "rating = Required(int)", "rate = Required(str)"
    )
    renames = ["post=article", "post.title=headline", "post.rating=rate"]
    migrate(after, renames=renames, expand=True)
    assert "-- Keeps: column article.rating\n-- Keeps: name post\n" in sql()
    query("INSERT INTO post (title, mood, rating) VALUES ('by the old release', 'SAD', 2)")
    query("INSERT INTO article (headline, mood, rate) VALUES ('by the new one', 'SAD', '3')")
    assert query("SELECT title, rating FROM post ORDER BY id") == [
        ("a", 1),
        ("by the old release", 2),
        ("by the new one", 3),
    ]
    assert query("SELECT headline, rate FROM article WHERE id = 2") == [("by the old release", "2")]
    migrate(after, contract=True)
    names = [each.name for each in migration_directory.read(settings.migrations)]
    for name in (names[1], names[0]):
        migrations = migration_directory.read(settings.migrations)
        down(database.migration_url, migrations, name, allow_data_loss=True)
        assert query("SELECT title, rating FROM post WHERE id = 3") == [("by the new one", 3)]
    with connect(database.migration_url) as connection:
        assert diff(catalog.read(connection), before) == ()


TAGS = """
class Tag(db.Entity):
    name = Required(str)
    items = Set("{entity}")
class {entity}(db.Entity):
    title = Required(str)
    tags = Set(Tag)
"""


@pytest.mark.slow
def test_a_link_table_follows_with_its_columns(migrate, query, sql, finding) -> None:
    migrate(TAGS.format(entity="Post"))
    query("INSERT INTO post (title) VALUES ('a'); INSERT INTO tag (name) VALUES ('x'), ('y')")
    query("INSERT INTO post_tag (post, tag) VALUES (1, 1)")
    after = TAGS.format(entity="Article")
    renames = ["post=article", "post_tag=article_tag", "post_tag.post=article"]
    migrate(after, renames=renames, expand=True)
    assert sql().startswith("-- Keeps: name post, post_tag\n")
    query("INSERT INTO post_tag (post, tag) VALUES (1, 2); DELETE FROM post_tag WHERE tag = 1")
    assert query("SELECT article, tag FROM article_tag") == [(1, 2)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert finding(after) == ""


@pytest.mark.slow
def test_what_a_view_cannot_show_is_refused(migrate) -> None:
    migrate(BEFORE)
    other = AFTER + "class Post(db.Entity):\n    note = Required(str)\n"
    with pytest.raises(MigrationError, match="while something else gets its name"):
        migrate(other, renames=["post=article"], expand=True)
    retyped = AFTER.replace("Required(int)", "Required(str)")
    with pytest.raises(MigrationError, match=r"Post\.rating: SELECT .* the column is text") as bad:
        migrate(retyped, renames=["post=article"], expand=True)
    assert bad.value.message.count("Post.rating:") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("renamed")
def test_a_name_ends_with_the_columns_that_it_shows(migrate, sql, finding) -> None:
    """As where data may be lost, and nobody knows what runs."""
    fewer = AFTER.replace("    rating = Required(int)\n", "")
    migrate(fewer, allow_data_loss=True)
    assert sql().startswith("-- Ends: name post\n\nDROP VIEW post;\n")
    assert finding(fewer) == ""


@pytest.mark.slow
def test_rights_and_row_security_are_those_of_the_table(migrate, query, database) -> None:
    migrate(BEFORE)
    role = database.runtime_url.user
    query("INSERT INTO post (title, mood, rating) VALUES ('seen', 'GLAD', 1), ('hidden', 'SAD', 2)")
    query(
        f"REVOKE ALL ON post FROM {role}; GRANT SELECT, DELETE, UPDATE (rating) ON post TO {role}"
    )
    query(
        f"ALTER TABLE post ENABLE ROW LEVEL SECURITY; "
        f"CREATE POLICY p ON post TO {role} USING (title = 'seen')"
    )
    migrate(AFTER, renames=["post=article"], expand=True)
    with (
        connect(database.runtime_url, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT title FROM post")
        assert cursor.fetchall() == [("seen",)]
        cursor.execute("UPDATE post SET rating = 3")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("UPDATE post SET title = 'x'")
        cursor.execute("DELETE FROM post")
    assert query("SELECT title FROM article") == [("hidden",)]


@pytest.mark.slow
@pytest.mark.usefixtures("renamed")
def test_a_copy_a_squash_and_a_reset_know_it(database, settings, finding) -> None:
    require_same_copy(database.migration_url)
    squashed = squash(database.migration_url, settings.migrations, "all").migration
    assert [str(each) for each in squashed.header.keeps] == ["name post"]
    assert "CREATE VIEW post" in squashed.sql
    assert finding(AFTER) == ""
    migrations = migration_directory.read(settings.migrations)
    assert reset(database.migration_url, migrations, SchemaCache(settings.cache)) == (
        squashed.name,
    )


@pytest.mark.slow
def test_what_is_filled_follows_the_new_names(migrate, query, sql, finding) -> None:
    """Also where a table has another name in the migration of its own that comes next."""
    migrate(BEFORE)
    query("INSERT INTO post (title, mood, rating) VALUES ('A', 'GLAD', 1)")
    slug = "    slug = Required(str)\n"
    migrate(BEFORE + slug, backfills=["post.slug=lower(title)"], expand=True)
    after = AFTER + slug.replace("slug", "path")
    migrate(after, renames=["post=article", "post.slug=path"])
    assert "-- Keeps: fill article.path\n-- Ends: fill post.slug\n" in sql()
    query("INSERT INTO article (title, mood, rating) VALUES ('B', 'GLAD', 1)")
    assert query("SELECT path FROM article ORDER BY id") == [("a",), ("b",)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert query("SELECT tgname FROM pg_trigger WHERE tgrelid = 'article'::regclass") == []


@pytest.mark.slow
@pytest.mark.usefixtures("renamed")
def test_a_name_that_is_kept_is_not_free(migrate, query, finding) -> None:
    other = AFTER + "class Post(db.Entity):\n    note = Required(str)\n"
    for after, renames in ((other, []), (BEFORE, ["article=post"])):
        with pytest.raises(MigrationError, match="post still leads to the table article") as bad:
            migrate(after, renames=renames)
        assert bad.value.cure.endswith("invoke migrate --contract post")
    again = AFTER.replace("Article", "Story")
    migrate(again, renames=["article=story"], expand=True)
    query("INSERT INTO post (title, mood, rating) VALUES ('b', 'SAD', 2)")
    query("INSERT INTO article (title, mood, rating) VALUES ('c', 'SAD', 2)")
    assert query("SELECT title FROM story ORDER BY id") == [("a",), ("b",), ("c",)]
    assert finding(again) == ""
    migrate(again, contract=True, contracted=["post"])
    migrate(other.replace("Article", "Story"))
    assert query("SELECT count(*) FROM post") == [(0,)]


ODD = """
class Thing(db.Entity):
    _table_ = '''{table}'''
    _discriminator_ = 1
    classtype = Discriminator(int, column='{kind}')
    a = Required(str, column='''{column}''')
class Kind(Thing):
    _discriminator_ = 2
    b = Optional(int, column='select')
"""


@pytest.mark.slow
def test_names_may_be_odd_and_several_entities_may_share_them(migrate, query, finding) -> None:
    old = {"table": "The 'old' \"s\" $t$", "kind": "From", "column": 'x", y AS z'}
    migrate(ODD.format(**old))
    old_table = '"The \'old\' ""s"" $t$"'
    query(f"GRANT SELECT ON {old_table} TO PUBLIC")
    new = {"table": "New t", "kind": "user", "column": "end"}
    migrate(
        ODD.format(**new),
        renames=[
            f'{old_table}="New t"',
            f"{old_table}.From=user",
            f'{old_table}."x"", y AS z"=end',
        ],
        expand=True,
    )
    query(f'INSERT INTO {old_table} ("From", "x"", y AS z", "select") VALUES (2, \'t\', 3)')
    assert query('SELECT "user", "end", "select" FROM "New t"') == [(2, "t", 3)]
    assert finding(ODD.format(**new)) == ""
    migrate(ODD.format(**new), contract=True)
    assert finding(ODD.format(**new)) == ""
