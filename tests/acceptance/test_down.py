"""Undoing migrations, and settling those that failed, as a person does."""

import json

import pytest

from tests.conftest import Project

FIRST, SECOND, THIRD = "20260101000000_a", "20260101000001_b", "20260101000002_c"
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename <> 'berceau_process' ORDER BY 1
"""


@pytest.fixture
def chain(connected) -> Project:
    """A project with three migrations applied, each of which can be undone."""
    for name in (FIRST, SECOND, THIRD):
        table = name[-1]
        connected.migration(name, f"CREATE TABLE {table} (x int);\n")
        connected.write(f"migrations/{name}/down.sql", f"-- loses data\nDROP TABLE {table};\n")
    connected.succeed("migrate.deploy")
    return connected


def applied(project) -> list[str]:
    found = json.loads(project.succeed("migrate.status", "--json"))
    return [each["name"] for each in found["applied"]]


def test_the_last_migration_is_undone_or_all_down_to_one(chain, query) -> None:
    assert chain.succeed("migrate.down") == f"undoing {THIRD}\ndown: undid {THIRD}\n"
    assert applied(chain) == [FIRST, SECOND]
    chain.succeed("migrate.deploy")
    assert chain.succeed("migrate.down", "--to", FIRST).endswith(f"undid {THIRD}, {SECOND}\n")
    assert query(TABLES) == [("a",), ("berceau_migration",)]
    assert f"called {THIRD} is applied" in chain.fail("migrate.down", "--to", THIRD)
    chain.succeed("migrate.down", "--to", "zero")
    assert applied(chain) == []
    assert chain.succeed("migrate.down") == "down: nothing is applied\n"


def test_rows_are_not_dropped_unasked(chain, query) -> None:
    query("INSERT INTO b VALUES (1), (2)")
    message = chain.fail("migrate.down", "--to", FIRST)
    assert f"table b (2 rows) in migrations/{SECOND}/down.sql:2" in message
    assert "table c" not in message, "it has none"
    assert applied(chain) == [FIRST, SECOND, THIRD], "all or nothing is undone"
    chain.succeed("migrate.down", "--to", FIRST, "--allow-data-loss")
    assert applied(chain) == [FIRST]


def test_what_cannot_be_undone_says_so_before_anything_is(connected) -> None:
    connected.migration(FIRST, "CREATE TABLE a (x int);\n")
    connected.write(f"migrations/{FIRST}/down.sql", "-- The texts were merged for ever.\n")
    connected.migration(SECOND, "CREATE TABLE b (x int);\n")
    connected.write(f"migrations/{SECOND}/down.sql", "DROP TABLE b;\n")
    connected.succeed("migrate.deploy")
    message = connected.fail("migrate.down", "--to", "zero")
    assert f"{FIRST} can't be undone. The texts were merged for ever." in message
    assert applied(connected) == [FIRST, SECOND]
    connected.write(f"migrations/{FIRST}/down.sql", "DROP TABLE a;\n")
    connected.succeed("migrate.down", "--to", "zero")
    assert applied(connected) == []


def test_a_migration_of_another_branch_is_undone_by_the_ledgers_copy(chain, query) -> None:
    for file in ("migration.sql", "down.sql"):
        (chain.root / "migrations" / THIRD / file).unlink()
    (chain.root / "migrations" / THIRD).rmdir()
    assert chain.succeed("migrate.down").endswith(f"undid {THIRD}\n")
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",)]


HALF = "CREATE TABLE half (x int);\nVACUUM half;\nSELECT 1/0;\n"


@pytest.mark.slow
def test_a_failed_migration_is_settled_by_a_person(connected, query) -> None:
    connected.migration(FIRST, HALF)
    assert f"{FIRST} failed at statement 3 of 3: division by zero" in connected.fail(
        "migrate.deploy"
    )
    line = f"failed {FIRST} at statement 3 of 3, migration.sql:3: division by zero"
    assert line in connected.succeed("migrate.status")
    assert "was applied only in part" in connected.fail("migrate.down")
    assert "The command needs to know whether" in connected.fail("migrate.resolve", FIRST)
    query("DROP TABLE half")
    connected.succeed("migrate.resolve", FIRST, "--rolled-back")
    assert connected.succeed("migrate.status").startswith(f"pending  {FIRST}")
    connected.fail("migrate.deploy")
    connected.succeed("migrate.resolve", FIRST, "--applied")
    assert applied(connected) == [FIRST]
    assert "nothing to resolve" in connected.fail("migrate.resolve", FIRST, "--applied")


INVALID = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""


def test_a_failed_index_is_told_of_and_undone(connected, query) -> None:
    connected.migration(FIRST, "CREATE TABLE a (x int);\n")
    connected.succeed("migrate.deploy")
    query("INSERT INTO a VALUES (1), (1)")
    connected.migration(SECOND, "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);\n")
    message = connected.fail("migrate.deploy")
    assert (
        "Nothing of it was kept but an INVALID index, which the next run creates again." in message
    )
    assert query(INVALID) == [("i",)]
    connected.succeed("migrate.down")
    assert query(INVALID) == []
    assert applied(connected) == [FIRST]


def test_a_failed_index_is_told_of_where_statements_before_it_are_done(connected, query) -> None:
    connected.migration(
        FIRST,
        "CREATE TABLE a (x int);\nINSERT INTO a VALUES (1), (1);\n"
        "CREATE UNIQUE INDEX CONCURRENTLY i ON a (x);\n",
    )
    message = connected.fail("migrate.deploy")
    assert "Statements 1 to 2 are done; what is left of the next one is an INVALID" in message
    query("DELETE FROM a")
    connected.succeed("migrate.deploy")
    assert query(INVALID) == []


def test_nothing_is_undone_where_rows_lack_what_was_required(connected, query) -> None:
    """A constraint that isn't valid yet would stay, and refuse what the running code writes."""
    before = "class Post(db.Entity):\n    title = Required(str)\n    pages = Required(int)\n"
    connected.component("blog", before)
    connected.succeed("migrate")
    connected.component("blog", before.replace("Required(int)", "Optional(int)"))
    connected.succeed("migrate", "--name", "optional")
    name = connected.migrations()[-1]
    query("INSERT INTO post (title) VALUES ('a')")
    message = connected.fail("migrate.down", "--allow-data-loss")
    assert f"post.pages has to have a value, which 1 row of post lacks (migrations/{name}/" in (
        message
    )
    assert name in applied(connected)
    query("INSERT INTO post (title) VALUES ('b')")
    query("UPDATE post SET pages = 1")
    connected.succeed("migrate.down")
