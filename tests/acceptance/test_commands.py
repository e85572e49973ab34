"""The migrate commands as a person or a pipeline runs them, on the real server."""

import json
import re
import secrets
import signal
from collections.abc import Iterator

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.locks import holder
from berceau.postgres.inspect.schemas import schemas_like
from berceau.postgres.inspect.scratch import PREFIX
from tests.waiting import wait_until

BLOG = "class Post(db.Entity):\n    title = Required(str)\n"
TAG = "class Tag(db.Entity):\n    name = Required(str)\n"
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename <> 'berceau_process' ORDER BY 1
"""
LEDGER = "SELECT name FROM berceau_migration WHERE state = 'applied' ORDER BY name"
FIRST, SECOND = "20260101000000_first", "20260101000001_second"


class Gate:
    """``sql`` waits where a migration should be held, until the gate is opened."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.key = secrets.randbits(31)
        self.sql = f"SET LOCAL lock_timeout = 0;\nSELECT pg_advisory_xact_lock({self.key});\n"

    def close(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (self.key,))

    def open(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (self.key,))

    def waiting(self) -> list[int]:
        """Return the processes of the server that wait at the gate."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                "AND objid = %s",
                (self.key,),
            )
            return [pid for (pid,) in cursor.fetchall()]


@pytest.fixture
def gate(database) -> Iterator[Gate]:
    with connect(database.migration_url, autocommit=True) as connection:
        yield Gate(connection)


def test_a_component_comes_and_goes(connected, query) -> None:
    connected.component("blog", BLOG)
    first = connected.succeed("migrate", "--name", "init")
    (init,) = connected.migrations()
    for line in ("build: 1 component", f"wrote migrations/{init}", f"applying {init}", "  CREATE"):
        assert line in first
    assert connected.succeed("migrate") == "comparing the entities with the migrations\n" + (
        "migrate: nothing to do\n"
    )
    assert connected.succeed("migrate.deploy") == "deploy: nothing is pending\n"

    tags = connected.component("tags", TAG)
    connected.succeed("build")
    second = connected.succeed("migrate", "--name", "tags")
    assert re.findall(r"^  (\w+ \w+ \w+)", second, re.MULTILINE) == ["CREATE TABLE tag"]
    query("INSERT INTO tag (name) VALUES ('a'), ('b')")
    (tags / "entities.py").unlink()
    (tags / "__init__.py").unlink()

    status = connected.succeed("migrate.status")
    assert [line.split()[0] for line in status.splitlines()] == ["applied", "applied", "declared"]
    assert "declared by no component: table tag, left by the component tags" in status
    out = connected.succeed("migrate", "--name", "no_tags")
    assert "kept of the component tags, which isn't there: tag (to drop it: invoke migrate" in out
    assert "--drop-component tags)" in out
    assert out.endswith("migrate: nothing to do\n")
    assert len(connected.migrations()) == 2
    assert connected.succeed("migrate.check")
    assert query("SELECT count(*) FROM tag") == [(2,)]
    connected.succeed("migrate", "--name", "no_tags", "--allow-data-loss")
    assert query("SELECT count(*) FROM tag") == [(2,)]
    drop = ("--drop-component", "tags")
    assert "table tag (of component tags, 2 rows)" in connected.fail("migrate", *drop)
    connected.succeed("migrate", "--name", "no_tags", *drop, "--allow-data-loss")
    assert query(TABLES) == [("berceau_migration",), ("post",)]
    assert connected.migrations()[2].endswith("_no_tags")


def test_status_tells_every_state(connected, query) -> None:
    connected.component("blog", BLOG)
    empty = json.loads(connected.succeed("migrate.status", "--json"))
    assert empty["applied"] == empty["pending"] == []
    third = "20260101000002_third"
    for name in (FIRST, SECOND, third):
        connected.migration(name, f"CREATE TABLE {name[15:]} (a int);\n")
    connected.succeed("migrate.deploy")
    connected.migration(FIRST, "CREATE TABLE first (a int, b int);\n")
    (connected.root / "migrations" / SECOND / "migration.sql").unlink()
    (connected.root / "migrations" / SECOND).rmdir()
    connected.migration("20260101000003_fourth", "CREATE TABLE fourth ();\n")

    found = json.loads(connected.succeed("migrate.status", "--json"))
    assert [each["name"] for each in found["applied"]] == [FIRST, SECOND, third]
    assert re.match(r"\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d.*\+00:00", found["applied"][0]["applied_at"])
    assert found["pending"] == ["20260101000003_fourth"]
    assert found["edited"] == [FIRST]
    assert found["missing"] == [SECOND]
    assert found["undeclared"] == ["table first", "table second", "table third"]

    lines = connected.succeed("migrate.status").splitlines()
    assert re.fullmatch(rf"applied +{FIRST} .* UTC +CHANGED ON DISK since", lines[0])
    assert re.fullmatch(rf"applied +{SECOND} .* UTC +MISSING on disk", lines[1])
    assert re.fullmatch(rf"applied +{third} .* UTC", lines[2])
    assert lines[3] == "pending  20260101000003_fourth"
    message = connected.fail("migrate.deploy")
    assert f"Changed on disk after it was applied: {FIRST}" in message
    assert "git checkout" in message
    assert ("fourth",) not in query(TABLES)


BROKEN = "-- made by hand\nCREATE TABLE one (a int);\n\nINSERT INTO one (b)\nVALUES (1);\n"


def test_a_failing_migration_leaves_nothing_and_can_be_corrected(connected, query) -> None:
    connected.migration(FIRST, "CREATE TABLE zero (a int);\n")
    connected.migration(SECOND, BROKEN)
    message = connected.fail("migrate.deploy")
    assert (
        f'{SECOND} failed at statement 2 of 2: column "b" of relation "one" does not exist'
        in message
    )
    assert f"in migrations/{SECOND}/migration.sql:4\n" in message
    assert "Nothing of it was kept" in message
    assert query(TABLES) == [("berceau_migration",), ("zero",)]
    assert query(LEDGER) == [(FIRST,)], "the one before it stays applied"
    connected.migration(SECOND, BROKEN.replace("(b)", "(a)"))
    assert f"deploy: applied {SECOND}" in connected.succeed("migrate.deploy")
    assert query("SELECT a FROM one") == [(1,)]


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("hello", "migrations/hello isn't a migration's name"),
        ("20261399000000_hello", "migrations/20261399000000_hello isn't a migration's name"),
        (FIRST, "can't be read"),
    ],
)
def test_a_folder_that_is_no_migration_is_refused(connected, query, folder, says) -> None:
    connected.write(f"migrations/{folder}/notes.txt", "")
    connected.migration(SECOND, "CREATE TABLE one ();\n")
    assert says in connected.fail("migrate.deploy")
    assert query(TABLES) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", ["deploy", "status", "check", "diff", "down", "reset"])
def test_a_file_that_is_no_text_is_named_by_every_command(connected, command) -> None:
    connected.migration(FIRST, "CREATE TABLE one ();\n\0\n")
    options = ("--force", "--no-input") if command == "reset" else ()
    message = connected.fail(f"migrate.{command}", *options)
    assert "migration.sql holds a NUL character." in message
    assert f"{FIRST}/migration.sql:2" in message


def test_two_deploys_at_once_apply_each_migration_once(connected, query, gate) -> None:
    connected.migration(FIRST, f"CREATE TABLE counted (a int);\n{gate.sql}")
    connected.migration(SECOND, "INSERT INTO counted VALUES (1);\n")
    gate.close()
    one = connected.start("invoke", "migrate.deploy")
    wait_until(gate.waiting)
    two = connected.start("invoke", "migrate.deploy")
    assert re.match(r"waiting for another deploy: \w+ \(process \d+", two.stdout.readline())
    gate.open()
    assert f"deploy: applied {FIRST}, {SECOND}" in one.communicate(timeout=60)[0]
    assert two.communicate(timeout=60) == ("deploy: nothing is pending\n", "")
    assert (one.returncode, two.returncode) == (0, 0)
    assert query("SELECT * FROM counted") == [(1,)]
    assert query(LEDGER) == [(FIRST,), (SECOND,)]


@pytest.mark.slow
def test_two_migrates_at_once_write_one_migration(connected) -> None:
    connected.component("blog", BLOG)
    one = connected.start("invoke", "migrate", "--name", "one")
    two = connected.start("invoke", "migrate", "--name", "two")
    printed = [each.communicate(timeout=60) for each in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), printed
    (name,) = connected.migrations()
    assert sorted(f"applying {name}" in out for out, _ in printed) == [False, True]


def test_a_deploy_killed_in_the_middle_leaves_nothing_half_applied(connected, query, gate) -> None:
    connected.migration(FIRST, "CREATE TABLE before ();\n")
    connected.migration(SECOND, f"CREATE TABLE half ();\n{gate.sql}")
    gate.close()
    deploy = connected.start("invoke", "migrate.deploy")
    wait_until(gate.waiting)
    deploy.kill()
    deploy.communicate()
    gate.open()
    assert query(LEDGER) == [(FIRST,)]
    connected.migration(SECOND, "CREATE TABLE whole ();\n")
    assert f"deploy: applied {SECOND}" in connected.succeed("migrate.deploy")
    assert query(TABLES) == [("before",), ("berceau_migration",), ("whole",)]


@pytest.mark.slow
def test_a_migrate_killed_in_its_scratch_schema_is_cleaned_up_after(connected, query, gate) -> None:
    connected.migration(FIRST, f"CREATE TABLE slow (a int);\n{gate.sql}")
    connected.succeed("migrate.deploy")
    connected.component("blog", BLOG)
    gate.close()
    migrate = connected.start("invoke", "migrate")
    (pid,) = wait_until(gate.waiting)
    (scratch,) = (
        name
        for name in schemas_like(gate.connection, PREFIX)
        if f"(process {pid}" in str(holder(gate.connection, name))
    )
    migrate.kill()
    migrate.communicate()
    gate.open()
    assert connected.migrations() == [FIRST]
    wait_until(lambda: not holder(gate.connection, scratch))
    connected.succeed("migrate")
    assert scratch not in schemas_like(gate.connection, PREFIX)
    assert query(TABLES) == [("berceau_migration",), ("post",), ("slow",)]


def test_an_interrupted_command_ends_without_a_traceback(connected, query, gate) -> None:
    connected.migration(FIRST, f"CREATE TABLE half ();\n{gate.sql}")
    gate.close()
    deploy = connected.start("invoke", "migrate.deploy")
    wait_until(gate.waiting)
    deploy.send_signal(signal.SIGINT)
    gate.open()
    _, err = deploy.communicate(timeout=60)
    assert (deploy.returncode, err) == (130, "\n")
    assert query(TABLES) == [("berceau_migration",)]
