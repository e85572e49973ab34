"""``migrate`` writes what separates entities from migrations, and refuses what would hurt."""

import re
from collections.abc import Callable

import psycopg2
import pytest

from berceau.errors import BerceauError, DataLossError, HistoryError, MigrationError
from berceau.postgres.core.connection import connect
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy, history

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TAG = "class Tag(db.Entity):\n    name = Required(str, unique=True)\n"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


@pytest.fixture
def tables(query) -> Callable[[], list[str]]:
    return lambda: [name for (name,) in query(TABLES)]


@pytest.fixture
def names(settings) -> Callable[[], list[str]]:
    """Return a function that gives the names of the migrations on disk."""
    return lambda: [migration.name for migration in migration_directory.read(settings.migrations)]


def columns(query, table: str) -> list[str]:
    rows = query(
        "SELECT attname FROM pg_attribute "
        f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    return [name for (name,) in rows]


def test_the_first_migration_creates_everything(migrate, names, tables, settings) -> None:
    outcome = migrate(POST + TAG, name="init")
    assert re.fullmatch(r"\d{14}_init", outcome.written)
    assert outcome.applied == (outcome.written,)
    assert names() == [outcome.written]
    assert tables() == ["berceau_migration", "post", "tag"]
    folder = settings.migrations / outcome.written
    assert sorted(path.name for path in folder.iterdir()) == ["down.sql", "migration.sql"]
    assert "CREATE TABLE post" in (folder / "migration.sql").read_text()
    assert "DROP TABLE post" in (folder / "down.sql").read_text()


def test_a_second_migration_has_nothing_to_do(migrate, names) -> None:
    first = migrate(POST)
    outcome = migrate(POST)
    assert (outcome.written, outcome.statements, outcome.applied) == (None, (), ())
    assert names() == [first.written]


def test_no_entities_need_no_migration(migrate, names, tables) -> None:
    assert migrate("").written is None
    assert names() == tables() == []


def test_each_migration_sorts_after_the_one_before(migrate, names) -> None:
    entities, written = "", []
    for number in range(4):
        entities += f"class Entity{number}(db.Entity):\n    a = Optional(int)\n"
        written.append(migrate(entities).written)
    assert names() == written


@pytest.mark.parametrize("name", ["", "Add Tags", "add-tags", "../up", "tägs"])
def test_a_name_that_a_folder_should_not_have_is_refused(migrate, names, tables, name) -> None:
    with pytest.raises(MigrationError, match="can't be named") as caught:
        migrate(POST, name=name)
    assert "--name add_tags" in caught.value.cure
    assert names() == tables() == []


def test_a_name_that_no_file_system_takes_is_refused(migrate, names, tables) -> None:
    with pytest.raises(BerceauError, match="File name too long"):
        migrate(POST, name="a" * 300)
    assert names() == tables() == []


def test_create_only_writes_and_applies_nothing(migrate, names, tables, settings, database) -> None:
    written = migrate(POST, create_only=True).written
    assert names() == [written]
    assert tables() == []
    assert deploy(database.migration_url, migration_directory.read(settings.migrations)) == (
        written,
    )
    assert "post" in tables()


def test_create_only_builds_on_what_is_pending(migrate, names, tables) -> None:
    first = migrate(POST, create_only=True).written
    outcome = migrate(POST + TAG, create_only=True)
    assert [str(statement).split()[2] for statement in outcome.statements] == ["tag"]
    assert names() == [first, outcome.written]
    assert migrate(POST + TAG).applied == (first, outcome.written)
    assert tables() == ["berceau_migration", "post", "tag"]


def test_columns_come_and_go(migrate, query) -> None:
    migrate(POST)
    query("INSERT INTO post (title) VALUES ('kept')")
    migrate(POST + "    views = Optional(int)\n    text = Required(str, sql_default=\"'none'\")\n")
    assert query("SELECT title, views, text FROM post") == [("kept", None, "none")]
    with pytest.raises(DataLossError, match=r"column post\.text \(1 row with a value\)"):
        migrate(POST + "    views = Optional(int)\n")
    migrate(POST, allow_data_loss=True)
    assert query("SELECT * FROM post") == [(1, "kept")]


def test_data_is_not_dropped_unasked(migrate, names, tables, query) -> None:
    first = migrate(POST + TAG).written
    query("INSERT INTO tag (name) VALUES ('a'), ('b'), ('c')")
    with pytest.raises(DataLossError) as caught:
        migrate(POST)
    assert caught.value.message == "The migration would lose data: table tag (3 rows)."
    assert "--allow-data-loss" in caught.value.cure
    assert names() == [first]
    outcome = migrate(POST, allow_data_loss=True)
    assert [str(statement) for statement in outcome.statements] == ["DROP TABLE tag;"]
    assert tables() == ["berceau_migration", "post"]


def test_a_loss_that_was_allowed_for_is_written_down(migrate, settings) -> None:
    migrate(POST + TAG)
    written = migrate(POST, allow_data_loss=True).written
    assert (
        "-- loses data\nDROP TABLE tag;"
        in (settings.migrations / written / "migration.sql").read_text()
    )


REQUIRED = POST + "    slug = Required(str)\n"


def test_a_required_column_needs_an_empty_table_or_a_default(migrate, names, query) -> None:
    first = migrate(POST).written
    query("INSERT INTO post (title) VALUES ('a'), ('b')")
    with pytest.raises(MigrationError) as caught:
        migrate(REQUIRED)
    assert "column post.slug is required, but post has 2 rows without" in caught.value.message
    assert "--backfill post.slug=SQL" in caught.value.cure
    assert names() == [first]
    assert columns(query, "post") == ["id", "title"]
    query("DELETE FROM post")
    migrate(REQUIRED)
    assert columns(query, "post") == ["id", "title", "slug"]


def test_what_is_pending_is_applied_first(migrate, settings, tables, database) -> None:
    first = migrate(POST, create_only=True).written
    outcome = migrate(POST + TAG)
    assert outcome.applied == (first, outcome.written)
    assert "tag" in tables()
    assert not history(database.runtime_url, migration_directory.read(settings.migrations)).pending


def test_an_edited_migration_stops_everything(migrate, names, settings, tables, database) -> None:
    first = migrate(POST).written
    file = settings.migrations / first / "migration.sql"
    file.write_text(file.read_text() + "\nDROP TABLE post;\n")
    found = migration_directory.read(settings.migrations)
    for command in (lambda: migrate(POST + TAG), lambda: deploy(database.migration_url, found)):
        with pytest.raises(HistoryError, match=f"Changed on disk after it was applied: {first}"):
            command()
    assert names() == [first]
    assert tables() == ["berceau_migration", "post"]
    assert [each.name for each in history(database.migration_url, found).edited] == [first]


def test_other_line_ends_are_no_edit(migrate, settings, database) -> None:
    file = settings.migrations / migrate(POST).written / "migration.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert deploy(database.migration_url, migration_directory.read(settings.migrations)) == ()


def test_a_missing_migration_stops_everything(migrate, names, settings, database) -> None:
    first = migrate(POST).written
    folder = settings.migrations / first
    folder.rename(settings.root / "lost")
    for command in (lambda: migrate(POST), lambda: deploy(database.migration_url, ())):
        with pytest.raises(HistoryError, match=f"but not in migrations/: {first}"):
            command()
    assert names() == []


def test_the_runtime_role_can_use_what_was_migrated_and_change_nothing(migrate, database) -> None:
    migrate(POST)
    with connect(database.runtime_url) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO post (title) VALUES ('a') RETURNING id")
        assert cursor.fetchall() == [(1,)]
    for sql in (
        "ALTER TABLE post ADD a int",
        "CREATE TABLE other ()",
        "DELETE FROM berceau_migration",
    ):
        with (
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
            connect(database.runtime_url) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


IMPOSSIBLE = {
    "a type that PostgreSQL lacks": ("", "a = Optional(int, sql_type='intt')", "intt", "entity"),
    "a default that is no SQL": ("", "a = Required(int, sql_default='1 +')", "syntax", "entity"),
    "a default of another type": ("", "a = Required(int, sql_default=\"'x'\")", '"x"', "entity"),
}


@pytest.mark.parametrize(("before", "after", "says", "cure"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_postgresql_refuses_is_told_before_anything_is_written(
    migrate, names, before, after, says, cure
) -> None:
    first = migrate(POST + f"    {before}\n").written
    with pytest.raises(MigrationError) as caught:
        migrate(POST + f"    {after}\n")
    assert says in caught.value.message
    assert cure in caught.value.cure
    assert names() == [first]


UNFIT = {
    "a value missing": (POST + "    a = Optional(int)\n", POST + "    a = Required(int)\n"),
    "a value twice": (POST, POST.replace("str", "str, unique=True")),
    "a value of another type": (POST, POST.replace("str", "int")),
    "a value too long": (POST, POST.replace("str", "str, 3")),
}


@pytest.mark.parametrize(("before", "after"), UNFIT.values(), ids=UNFIT)
def test_rows_that_do_not_fit_are_kept_as_they_are(migrate, names, query, before, after) -> None:
    first = migrate(before).written
    query("INSERT INTO post (title) VALUES ('long'), ('long')")
    with pytest.raises(MigrationError):
        migrate(after)
    assert query("SELECT title FROM post") == [("long",), ("long",)]
    query("TRUNCATE post")
    applied = migrate(after).applied
    assert names() == [first, *applied]
