"""What a migration leaves for the release that still runs, and the one that ends it."""

from dataclasses import replace

import pytest

from berceau.errors import DataLossError, MigrationError
from berceau.migration.kept import kept_by
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory

POST = """
class Post(db.Entity):
    title = Required(str)
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project whose releases take over from each other while it is served."""
    return replace(settings, allow_downtime=False)


def test_the_default_of_a_new_required_column_stays(migrate, query, sql, finding) -> None:
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('old')")
    migrate(POST + "    note = Optional(str)\n", report=print)
    assert sql() == (
        "-- Keeps: default post.note\n\nALTER TABLE post ADD COLUMN note text DEFAULT '' NOT NULL;"
    )
    query("INSERT INTO post (title) VALUES ('by the old release')")
    assert query("SELECT note FROM post") == [("",), ("",)]
    assert finding(POST + "    note = Optional(str)\n") == ""


def test_contract_ends_what_is_kept(migrate, sql, settings, finding) -> None:
    after = POST + "    note = Optional(str)\n"
    migrate(POST)
    migrate(after)
    migrate(after, contract=True)
    assert sql() == (
        "-- Phase: contract\n-- Ends: default post.note\n\n"
        "ALTER TABLE post ALTER COLUMN note DROP DEFAULT;"
    )
    assert finding(after) == ""
    assert kept_by(migration_directory.read(settings.migrations)) == {}
    with pytest.raises(MigrationError, match="Nothing is kept"):
        migrate(after, contract=True)


def test_contract_waits_for_the_entities(migrate) -> None:
    migrate(POST)
    migrate(POST + "    note = Optional(str)\n")
    with pytest.raises(MigrationError, match="Run `invoke migrate` first"):
        migrate(POST + "    note = Optional(str)\n    more = Optional(int)\n", contract=True)
    # Nobody is asked about what is settled by another migration.
    with pytest.raises(MigrationError, match="put back what you changed") as caught:
        migrate(POST.replace("title", "name") + "    note = Optional(str)\n", contract=True)
    assert "--rename" not in caught.value.cure


def test_what_is_kept_is_told(migrate) -> None:
    after = POST + "    note = Optional(str)\n"
    migrate(POST)
    migrate(after)
    said: list[str] = []
    assert migrate(after, said.append).written is None
    assert said == [
        "comparing the entities with the migrations",
        "kept for an earlier release: default post.note "
        "(once no process of it runs: invoke migrate --contract)",
    ]


def test_a_default_follows_its_table(migrate, sql, finding) -> None:
    migrate(POST)
    migrate(POST + "    note = Optional(str)\n")
    after = "class Article(db.Entity):\n    title = Required(str)\n    note = Optional(str)\n"
    migrate(after, renames=["post=article"])
    assert "-- Keeps: default article.note\n-- Ends: default post.note" in sql()
    assert "DEFAULT" not in sql()
    assert finding(after) == ""
    migrate(after, contract=True)
    assert sql().endswith("ALTER TABLE article ALTER COLUMN note DROP DEFAULT;")


def test_downtime_keeps_nothing(migrate, sql) -> None:
    migrate(POST)
    migrate(POST + "    note = Optional(str)\n", allow_downtime=True)
    assert sql() == (
        "ALTER TABLE post ADD COLUMN note text DEFAULT '' NOT NULL;\n\n"
        "ALTER TABLE post ALTER COLUMN note DROP DEFAULT;"
    )


def test_a_renamed_column_keeps_its_default(migrate, sql, finding) -> None:
    migrate(POST)
    migrate(POST + "    note = Optional(str)\n")
    after = POST + "    remark = Optional(str)\n"
    migrate(after, renames=["post.note=remark"])
    assert sql() == (
        "-- Keeps: default post.remark\n-- Ends: default post.note\n\n"
        "-- breaks code that still uses the old name\n"
        "-- breaks the running release\n"
        "ALTER TABLE post RENAME COLUMN note TO remark;"
    )
    assert finding(after) == ""


RATED = POST + "    rating = Required(int)\n    subtitle = Required(str)\n"


def test_a_dropped_attribute_stays_for_the_running_release(migrate, query, sql, finding) -> None:
    migrate(RATED)
    query("INSERT INTO post (title, rating, subtitle) VALUES ('a', 1, 's')")
    migrate(POST)
    assert sql() == (
        "-- Keeps: column post.rating, post.subtitle\n\n"
        "ALTER TABLE post ALTER COLUMN subtitle SET DEFAULT ''::text;\n\n"
        "ALTER TABLE post ALTER COLUMN rating DROP NOT NULL;"
    )
    query("INSERT INTO post (title) VALUES ('by the new release')")
    query("INSERT INTO post (title, rating, subtitle) VALUES ('by the old one', 2, 't')")
    assert finding(POST) == ""
    with pytest.raises(DataLossError, match=r"column post\.rating \(2 rows with a value\)"):
        migrate(POST, contract=True)
    migrate(POST, contract=True, allow_data_loss=True)
    assert sql() == (
        "-- Phase: contract\n-- Ends: column post.rating, post.subtitle\n\n"
        "-- loses data\nALTER TABLE post DROP COLUMN rating;\n\n"
        "-- loses data\nALTER TABLE post DROP COLUMN subtitle;"
    )
    assert finding(POST) == ""
    assert query("SELECT * FROM post ORDER BY 1")[2] == (3, "by the old one")


@pytest.mark.slow
def test_data_that_may_go_goes_at_once_where_nobody_knows_what_runs(migrate, sql) -> None:
    migrate(RATED)
    migrate(POST, allow_data_loss=True)
    assert sql().count("DROP COLUMN") == 2
    assert "Keeps" not in sql()


@pytest.mark.slow
def test_what_the_migrations_build_can_be_taken_for_what_runs(migrate, sql) -> None:
    migrate(RATED)
    migrate(POST, allow_data_loss=True, expand=True)
    assert "-- Keeps: column post.rating, post.subtitle\n" in sql()
    assert "DROP COLUMN" not in sql()


@pytest.mark.slow
def test_an_attribute_that_comes_back_finds_its_values(migrate, query, sql, finding) -> None:
    migrate(RATED)
    query("INSERT INTO post (title, rating, subtitle) VALUES ('a', 5, 's')")
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('b')")
    with pytest.raises(MigrationError, match=r"post\.rating is required, but post has 1 row"):
        migrate(RATED)
    migrate(RATED, backfills=["post.rating=0"])
    assert sql().startswith(
        "-- Keeps: default post.rating, post.subtitle\n-- Ends: column post.rating, post.subtitle"
    )
    assert finding(RATED) == ""
    assert query("SELECT title, rating, subtitle FROM post ORDER BY 1") == [
        ("a", 5, "s"),
        ("b", 0, ""),
    ]
    query("INSERT INTO post (title) VALUES ('by the release that had neither')")
    migrate(RATED, contract=True)
    assert sql().count("DROP DEFAULT") == 2
    assert finding(RATED) == ""


@pytest.mark.slow
def test_an_attribute_that_comes_back_is_filled_by_sql_over_the_row(
    migrate, query, sql, settings, finding
) -> None:
    migrate(RATED)
    query("INSERT INTO post (title, rating, subtitle) VALUES ('a', 5, 's')")
    migrate(POST + "    subtitle = Required(str)\n")
    down_sql = (
        settings.migrations / migration_directory.read(settings.migrations)[-1].name / "down.sql"
    ).read_text()
    assert "-- Rows without a value in post.rating prevent the undoing: give them one" in down_sql
    query("INSERT INTO post (title, subtitle) VALUES ('b', 's')")
    migrate(RATED, backfills=["post.rating=length(title)"], expand=True)
    assert "-- Keeps: fill post.rating\n" in sql()
    query("INSERT INTO post (title, subtitle) VALUES ('by the release without it', 's')")
    assert query("SELECT rating FROM post ORDER BY id") == [(5,), (1,), (25,)]
    assert finding(RATED) == ""


@pytest.mark.slow
def test_another_attribute_cant_have_a_kept_column(migrate) -> None:
    migrate(RATED)
    migrate(POST)
    with pytest.raises(MigrationError, match=r"post\.rating is kept .* as integer") as caught:
        migrate(POST + "    rating = Optional(str)\n")
    assert 'column="rating_new"' in str(caught.value)


BLOG = """
class Author(db.Entity):
    name = Required(str)
    posts = Set('Post')
class Tag(db.Entity):
    name = PrimaryKey(str)
    posts = Set('Post')
class Post(db.Entity):
    title = Required(str)
    author = Required(Author)
    tags = Set(Tag)
"""
ALONE = """
class Author(db.Entity):
    name = Required(str)
class Post(db.Entity):
    title = Required(str)
"""


@pytest.mark.slow
def test_dropped_relations_dont_hinder(migrate, query, sql, finding) -> None:
    migrate(BLOG)
    query("INSERT INTO author (name) VALUES ('Ada'), ('Bob'); INSERT INTO tag VALUES ('sql')")
    query(
        "INSERT INTO post (title, author) VALUES ('a', 1); INSERT INTO post_tag VALUES (1, 'sql')"
    )
    migrate(ALONE)
    assert sql().startswith("-- Keeps: column post.author\n-- Keeps: table post_tag, tag\n")
    assert "ON DELETE SET NULL" in sql()
    assert finding(ALONE) == ""
    query(
        "INSERT INTO post (title) VALUES ('b'); DELETE FROM author; DELETE FROM post WHERE id = 2"
    )
    assert query("SELECT title, author FROM post") == [("a", None)]
    query("DELETE FROM post")
    assert query("SELECT * FROM post_tag") == []
    migrate(ALONE, contract=True, allow_data_loss=True)
    assert finding(ALONE) == ""
    assert query("SELECT to_regclass('tag'), to_regclass('post_tag')") == [(None, None)]


@pytest.mark.slow
def test_a_dropped_entity_alone_changes_nothing_yet(migrate, sql, finding) -> None:
    migrate("class Note(db.Entity):\n    text = Required(str)\n" + POST)
    assert migrate(POST).written is not None
    assert sql() == (
        "-- Keeps: table note\n\n"
        "-- Nothing changes in the database yet: the running release needs what goes."
    )
    assert finding(POST) == ""
    assert migrate(POST).written is None


@pytest.mark.slow
def test_a_dropped_subclass_column_and_discriminator(migrate, query, sql, finding) -> None:
    before = POST + "class Draft(Post):\n    note = Required(str)\n"
    migrate(before)
    migrate(POST, labels=["post.classtype.Draft=Post"])
    assert "-- Keeps: column post.classtype, post.note\n" in sql()
    query("INSERT INTO post (title) VALUES ('by the new release')")
    assert query("SELECT classtype FROM post") == [("Post",)]
    assert finding(POST) == ""


@pytest.mark.slow
def test_a_dropped_label_stays_until_contract(migrate, query, sql, finding) -> None:
    enums = "class State(enum.Enum):\n    DRAFT = 'DRAFT'\n    OPEN = 'OPEN'\n    DONE = 'DONE'\n"
    entity = "class Post(db.Entity):\n    state = Required(State)\n"
    fewer = enums.replace("    OPEN = 'OPEN'\n", "") + entity
    migrate(enums + entity)
    query("INSERT INTO post (state) VALUES ('OPEN'), ('DONE')")
    migrate(fewer, labels=["state.OPEN=DONE"])
    assert sql().startswith("-- Keeps: value state.OPEN\n\n")
    assert "IF NEW.state::text = 'OPEN' THEN\n        NEW.state := 'DONE';" in sql()
    assert sql().endswith(
        "\n-- Batches: above 20000 rows\n"
        "UPDATE post SET state = 'DONE'::state WHERE state = 'OPEN'::state;"
    )
    assert finding(fewer) == ""
    query("INSERT INTO post (state) VALUES ('OPEN')")
    assert query("SELECT state FROM post ORDER BY id") == [("DONE",), ("DONE",), ("DONE",)]
    migrate(fewer, contract=True)
    assert query("SELECT unnest(enum_range(NULL::state))") == [("DRAFT",), ("DONE",)]
    assert finding(fewer) == ""


@pytest.mark.slow
def test_rows_get_a_label_that_is_new_at_once(migrate, query, sql, finding) -> None:
    enum = "class State(enum.Enum):\n    OPEN = 'OPEN'\n    {0} = '{0}'\n"
    entity = "class Post(db.Entity):\n    state = Required(State)\n"
    migrate(enum.format("DONE") + entity)
    query("INSERT INTO post (state) VALUES ('OPEN'), ('DONE')")
    after = enum.format("CLOSED") + entity
    migrate(after, labels=["state.DONE=CLOSED"])
    assert sql().startswith("-- Keeps: value state.DONE\n\nALTER TYPE state ADD VALUE 'CLOSED'")
    assert query("SELECT state FROM post ORDER BY id") == [("OPEN",), ("CLOSED",)]
    assert finding(after) == ""
    migrate(after, contract=True)
    assert query("SELECT unnest(enum_range(NULL::state))") == [("OPEN",), ("CLOSED",)]


RELATED = """
class Author(db.Entity):
    name = Required(str)
    posts = Set('Post')
class Post(db.Entity):
    author = {}(Author)
"""
OPTIONAL, REQUIRED = RELATED.format("Optional"), RELATED.format("Required")


@pytest.mark.slow
def test_a_relation_made_required_waits(migrate, query, sql, finding) -> None:
    migrate(OPTIONAL)
    query("INSERT INTO author (name) VALUES ('Ada'); INSERT INTO post (author) VALUES (1)")
    migrate(REQUIRED, expand=True)
    assert sql().startswith("-- Keeps: null post.author\n")
    assert "NOT NULL" not in sql()
    assert finding(REQUIRED) == ""
    query("INSERT INTO post DEFAULT VALUES")
    with pytest.raises(MigrationError, match=r"post\.author is required, but post has 1 row"):
        migrate(REQUIRED, contract=True)
    migrate(REQUIRED, contract=True, backfills=["post.author=1"])
    assert "-- Ends: null post.author\n" in sql()
    assert "ALTER TABLE post ALTER COLUMN author SET NOT NULL;" in sql()
    assert finding(REQUIRED) == ""


@pytest.mark.slow
def test_a_relation_is_made_required_at_once_where_nobody_knows_what_runs(migrate, sql) -> None:
    migrate(OPTIONAL)
    migrate(REQUIRED)
    assert "SET NOT NULL" in sql()
    assert "Keeps" not in sql()


@pytest.mark.slow
def test_no_trigger_needs_what_goes_at_once(migrate, query, sql) -> None:
    migrate("class Person(db.Entity):\n    first = Required(str)\n    last = Required(str)\n")
    query("INSERT INTO person (first, last) VALUES ('Ada', 'L')")
    backfill = "person.whole=first || ' ' || last"
    migrate(
        "class Person(db.Entity):\n    whole = Required(str)\n",
        allow_data_loss=True,
        backfills=[backfill],
    )
    assert "TRIGGER" not in sql()
    query("INSERT INTO person (whole) VALUES ('Bob')")
    assert query("SELECT whole FROM person ORDER BY id") == [("Ada L",), ("Bob",)]


@pytest.mark.slow
def test_a_rename_elsewhere_ends_nothing_of_that_name(migrate, query, sql, settings) -> None:
    both = "class {}(db.Entity):\n    title = Required(str)\n    note = Optional(str)\n"
    bare = "class {}(db.Entity):\n    title = Required(str)\n"
    migrate(both.format("Post") + both.format("Author"))
    query("INSERT INTO post (title, note) VALUES ('a', 'kept')")
    by_hand = settings.migrations / "29990101000000_by_hand"
    by_hand.mkdir()
    (by_hand / "migration.sql").write_text("CREATE TABLE note (id int);\n")
    migrate(bare.format("Post") + both.format("Author"))
    assert sql().startswith("-- Keeps: column post.note\n")
    renamed = bare.format("Post") + both.format("Author").replace("note", "remark")
    migrate(renamed, renames=("author.note=remark",))
    assert "Ends" not in sql()
    assert "DROP" not in sql()
    assert query("SELECT note FROM post") == [("kept",)]
    assert query("SELECT count(*) FROM note") == [(0,)]
