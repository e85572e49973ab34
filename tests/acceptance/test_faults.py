"""Deploys that are killed, cut off and crowded: nothing is lost, and nothing half known."""

import json
import re
import secrets
from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.core.connection import connect
from tests.folders import open_folder
from tests.waiting import wait_until

NAME = "20260101000000_careful"
STEPS = """
CREATE TABLE trace (step int);
INSERT INTO trace VALUES (1);
{gate} -- statement 3
CREATE INDEX CONCURRENTLY trace_step ON trace (step);
INSERT INTO trace VALUES (2);
{gate} -- statement 6
BEGIN;
INSERT INTO trace VALUES (3);
{gate} -- statement 8
COMMIT;
DROP INDEX CONCURRENTLY trace_step;
INSERT INTO trace VALUES (4);
{gate} -- statement 11
"""
INDEX = """
SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('trace_step')
"""


class Gates:
    """``sql()`` waits where a migration is to be held: each call is a gate of its own."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.keys: list[int] = []

    def sql(self) -> str:
        self.keys.append(secrets.randbits(31))
        self.run("SELECT pg_advisory_lock(%s)", self.keys[-1])
        return f"SELECT pg_advisory_xact_lock({self.keys[-1]});"

    def open(self, number: int) -> None:
        self.run("SELECT pg_advisory_unlock(%s)", self.keys[number])

    def waiting(self, number: int) -> list[int]:
        """Return the processes of the server that wait at the gate."""
        waiting = "locktype = 'advisory' AND NOT granted AND objid = %s"
        found = self.run(f"SELECT pid FROM pg_locks WHERE {waiting}", self.keys[number])
        return [pid for (pid,) in found]

    def run(self, query: str, *values: object) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()


@pytest.fixture
def gates(database) -> Iterator[Gates]:
    with connect(database.migration_url, autocommit=True) as connection:
        yield Gates(connection)


@pytest.fixture
def gone(query) -> Callable[[int], None]:
    """Return a function that waits until no deploy is under way, as the server sees it."""
    return lambda pid: wait_until(
        lambda: not query(f"SELECT pid FROM pg_stat_activity WHERE pid = {pid}")
    )


def failed(project) -> dict:
    (found,) = json.loads(project.succeed("migrate.status", "--json"))["failed"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kill", ["the process", "its session"])
def test_a_deploy_that_dies_at_any_point_is_resumed_there(
    connected, gates, query, gone, kill
) -> None:
    sql = re.sub(r"\{gate\}", lambda _: gates.sql(), STEPS)
    connected.migration(NAME, sql)
    for number, (position, steps) in enumerate([(0, None), (4, [1]), (6, [1, 2]), (9, [1, 2, 3])]):
        deploy = connected.start("invoke", "migrate.deploy")
        (pid,) = wait_until(lambda n=number: gates.waiting(n))
        if kill == "the process":
            deploy.kill()
            deploy.communicate()
            gone(pid)
        else:
            query(f"SELECT pg_terminate_backend({pid})")
            _, error = deploy.communicate(timeout=60)
            assert "The connection was lost" in error
            assert "Traceback" not in error
        found = failed(connected)
        assert (found["name"], found["position"], found["total"]) == (NAME, position, 11)
        if steps:
            assert [step for (step,) in query("SELECT step FROM trace ORDER BY 1")] == steps
            assert query(INDEX) == ([(True,)] if position < 9 else [])
        else:
            assert query("SELECT to_regclass('trace')") == [(None,)]
        gates.open(number)
    said = connected.succeed("migrate.deploy")
    assert f"resuming {NAME} after statement 9 of 11" in said
    assert query("SELECT step FROM trace ORDER BY 1") == [(1,), (2,), (3,), (4,)]
    assert connected.succeed("migrate.status").startswith(f"applied  {NAME}")


@pytest.mark.slow
def test_undoing_that_is_killed_at_any_point_goes_on_there(connected, gates, query, gone) -> None:
    connected.migration(NAME, "SELECT 1;")
    down = re.sub(r"\{gate\}", lambda _: gates.sql(), STEPS)
    connected.write(f"migrations/{NAME}/down.sql", f"{down}DROP TABLE trace;\n")
    connected.succeed("migrate.deploy")
    for number, (position, steps) in enumerate([(0, None), (4, [1]), (6, [1, 2]), (9, [1, 2, 3])]):
        undo = connected.start("invoke", "migrate.down", "--allow-data-loss")
        (pid,) = wait_until(lambda n=number: gates.waiting(n))
        undo.kill()
        undo.communicate()
        gone(pid)
        if steps is None:
            assert connected.succeed("migrate.status").startswith(f"applied  {NAME}")
        else:
            found = failed(connected)
            assert (found["direction"], found["position"], found["total"]) == ("down", position, 12)
            assert [step for (step,) in query("SELECT step FROM trace ORDER BY 1")] == steps
            assert "is undone in part" in connected.fail("migrate.deploy")
        gates.open(number)
    assert connected.succeed("migrate.down", "--allow-data-loss").endswith(f"undid {NAME}\n")
    assert query("SELECT to_regclass('trace')") == [(None,)]
    assert connected.succeed("migrate.status").startswith(f"pending  {NAME}")


@pytest.mark.slow
def test_an_index_that_an_interruption_left_invalid_is_rebuilt(
    connected, database, query, gone
) -> None:
    connected.migration(
        NAME,
        "CREATE TABLE trace (step int);\n"
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS trace_step ON trace (step);\n",
    )
    with connect(database.migration_url) as elsewhere, elsewhere.cursor() as cursor:
        # An old snapshot: the index waits for whoever holds it.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        deploy = connected.start("invoke", "migrate.deploy")
        ((pid,),) = wait_until(
            lambda: query(
                "SELECT pid FROM pg_stat_activity WHERE wait_event = 'virtualxid' "
                "AND query LIKE 'CREATE INDEX CONC%trace_step%'"
            )
        )
        waits = rf"waits for {database.migration_url.user} \(process \d+"
        assert re.search(waits, wait_until(lambda: _line(deploy, "waits")))
        deploy.kill()
        deploy.communicate()
        gone(pid)
        assert query(INDEX) == [(False,)]
        assert failed(connected)["position"] == 1
        elsewhere.rollback()
    assert "dropping an INVALID index" in connected.succeed("migrate.deploy")
    assert query(INDEX) == [(True,)]


def _line(process, words: str) -> str | None:
    line = process.stdout.readline()
    return line if words in line else None


@pytest.mark.slow
def test_deploys_at_once_take_turns(connected, query) -> None:
    names = [f"2026010100000{number}_step" for number in range(3)]
    for number, name in enumerate(names):
        connected.migration(
            name,
            f"CREATE TABLE t{number} (a int);\nINSERT INTO t{number} VALUES (1);\n"
            f"CREATE INDEX CONCURRENTLY t{number}_a ON t{number} (a);\n",
        )
    deploys = [connected.start("invoke", "migrate.deploy") for _ in range(4)]
    outs = [deploy.communicate(timeout=90) for deploy in deploys]
    assert [deploy.returncode for deploy in deploys] == [0, 0, 0, 0], outs
    applied = [line for out, _ in outs for line in out.splitlines() if line.startswith("applying")]
    assert applied == [f"applying {name}" for name in names]
    assert query("SELECT a FROM t0 UNION ALL SELECT a FROM t1 UNION ALL SELECT a FROM t2") == (
        [(1,)] * 3
    )


@pytest.mark.slow
def test_a_server_that_stops_keeps_what_was_committed(project) -> None:
    with open_folder() as folder:
        project.root = project.root.rename(folder / "project")
        project.migration(
            NAME,
            "CREATE TABLE trace (step int);\nVACUUM trace;\nINSERT INTO trace VALUES (1);\n"
            "SELECT pg_sleep(60);\n",
        )
        project.succeed("db.start")
        deploy = project.start("invoke", "migrate.deploy")
        try:
            wait_until(lambda: running(project) == [2])
            project.succeed("db.stop")
            _, error = deploy.communicate(timeout=60)
            assert "The connection was lost" in error
            found = failed(project)  # which starts the server
            assert (found["position"], found["total"]) == (2, 4)
            file = project.root / "migrations" / NAME / "migration.sql"
            file.write_text(file.read_text().replace("60", "0"))
            said = project.succeed("migrate.deploy")
            assert f"resuming {NAME} after statement 2 of 4" in said
        finally:
            deploy.kill()
            deploy.communicate()


def running(project) -> list[int]:
    """Return how far the migrations came that are running."""
    found = json.loads(project.succeed("migrate.status", "--json"))["running"]
    return [each["position"] for each in found]
