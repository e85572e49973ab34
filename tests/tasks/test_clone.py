"""``invoke db.clone`` and ``invoke db.drop``, and what they refuse."""

from collections.abc import Iterator
from secrets import token_hex

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import drop_schema


@pytest.fixture
def source(database, query) -> str:
    """The name of the project's schema, which holds a table and a row."""
    query("CREATE TABLE post (id int PRIMARY KEY, title text); INSERT INTO post VALUES (1, 'a')")
    return database.migration_url.schema


@pytest.fixture
def target(database) -> Iterator[str]:
    """A name for a copy, which is gone at the end."""
    name = f"copy_{token_hex(6)}"
    yield name
    with connect(database.migration_url, autocommit=True) as connection:
        drop_schema(connection, name)


def test_a_schema_is_copied_and_dropped(connected, source, target, query) -> None:
    out = connected.succeed("db.clone", "--source", source, "--target", target)
    assert out == f"The schema {target} is a copy of {source}, without rows.\n"
    assert query(f"SELECT * FROM {target}.post") == []
    assert query("SELECT * FROM post") == [(1, "a")]
    assert connected.succeed("db.drop", "--target", target) == f"The schema {target} is dropped.\n"
    assert query(f"SELECT FROM pg_namespace WHERE nspname = '{target}'") == []


@pytest.mark.slow
def test_a_schema_with_rows_that_row_security_hides_is_not_dropped(
    connected, source, target, query
) -> None:
    connected.succeed("db.clone", "--source", source, "--target", target)
    query(
        f"INSERT INTO {target}.post VALUES (1, 'a');"
        f"ALTER TABLE {target}.post ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )
    assert "holds rows in 1 table: post" in connected.fail("db.drop", "--target", target)
    connected.succeed("db.drop", "--target", target, "--force")


@pytest.mark.slow
def test_a_migrated_copy_counts_as_migrated(connected, database, target) -> None:
    connected.component("blog", "class Post(db.Entity):\n    title = Required(str)\n")
    connected.succeed("migrate")
    connected.succeed("db.clone", "--source", database.migration_url.schema, "--target", target)
    urls = {
        "DATABASE_URL": database.runtime_url.with_schema(target).with_password(),
        "MIGRATION_DATABASE_URL": database.migration_url.with_schema(target).with_password(),
    }
    connected.succeed("migrate.check", **urls)


@pytest.mark.slow
def test_what_may_lead_back_is_copied_where_that_is_allowed(
    connected, source, target, query
) -> None:
    query(
        f"CREATE FUNCTION clear() RETURNS void LANGUAGE plpgsql AS"
        f" $$ BEGIN EXECUTE 'DELETE FROM {source}.post'; END $$"
    )
    names = ("db.clone", "--source", source, "--target", target)
    message = connected.fail(*names)
    assert f"function clear(), line 1: 'DELETE FROM {source}.post'" in message
    assert "--allow-references" in message
    connected.fail(*names, "--allow-references=other,clean*")
    connected.succeed(*names, "--allow-references=other,cle*")
    connected.succeed("db.drop", "--target", target)
    connected.succeed(*names, "--allow-references")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("{source}", "{source}"), "Source and target are the same schema"),
        (("missing", "{target}"), "has no schema 'missing'"),
        (("{source}", "public"), "The schema 'public' exists already."),
        (("pg_catalog", "{target}"), "The schema 'pg_catalog' is PostgreSQL's own."),
        (("{source}", "pg_mine"), "The schema 'pg_mine' is PostgreSQL's own."),
        (("{source}", "x" * 64), "No schema can be called"),
        (("{source}", ""), "No schema can be called ''"),
    ],
)
def test_what_cannot_be_copied_is_refused(connected, source, target, arguments, says) -> None:
    names = [each.format(source=source, target=target) for each in arguments]
    assert says in connected.fail("db.clone", "--source", names[0], "--target", names[1])


def test_a_role_that_does_not_own_the_schema_is_named(connected, source, target, database) -> None:
    runtime = database.runtime_url.with_password()
    message = connected.fail(
        "db.clone", "--source", source, "--target", target, MIGRATION_DATABASE_URL=runtime
    )
    assert f"The role {database.runtime_url.user!r} can't copy the schema" in message
    message = connected.fail("db.drop", "--target", source, MIGRATION_DATABASE_URL=runtime)
    assert f"The role {database.runtime_url.user!r} can't create anything in schema" in message


@pytest.mark.slow
def test_data_is_dropped_by_force_only(connected, source, target, query) -> None:
    assert "is the application's own schema" in connected.fail("db.drop", "--target", source)
    connected.succeed("db.clone", "--source", source, "--target", target)
    query(f"INSERT INTO {target}.post VALUES (2, 'b')")
    message = connected.fail("db.drop", "--target", target)
    assert "holds rows in 1 table: post" in message
    assert "--force" in message
    connected.succeed("db.drop", "--target", target, "--force")
    assert "There is no schema" in connected.fail("db.drop", "--target", target)
    assert "PostgreSQL's own" in connected.fail("db.drop", "--target", "pg_toast", "--force")


@pytest.mark.slow
def test_what_needs_it_elsewhere_is_dropped_by_force_only(connected, source, target, query) -> None:
    connected.succeed("db.clone", "--source", source, "--target", target)
    query(f"CREATE VIEW titles AS SELECT title FROM {target}.post")
    query(f"CREATE TABLE reply (post int REFERENCES {target}.post)")
    message = connected.fail("db.drop", "--target", target)
    assert f"What other schemas hold needs the schema '{target}': " in message
    assert "constraint reply_post_fkey on table reply, view titles" in message.replace(
        f"{source}.", ""
    ).replace(f'"{source}".', "")
    connected.succeed("db.drop", "--target", target, "--force")
    assert query("SELECT to_regclass('titles')::text, to_regclass('reply')::text") == [
        (None, "reply")
    ]
