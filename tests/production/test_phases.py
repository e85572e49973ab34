"""A contract migration beside a running process: it waits, and who comes too late is closed."""

import shutil
import time

import pytest

from tests.production.conftest import SECRET

POST = "class Post(db.Entity):\n    title = Required(str)\n    subtitle = Optional(str)\n"
WORKER = "\n[server:worker]\nuse = egg:berceau#worker\n"
CONTRACT = "20991231000000_no_subtitle"
NEXT = "20991231000001_next"
SQL = "-- Phase: contract\nALTER TABLE post DROP COLUMN subtitle;\n"


@pytest.mark.slow
def test_a_contract_waits_for_running_processes_and_closes_the_old_release(
    connected, serve, query
) -> None:
    connected.environment["BERCEAU_ALLOW_DOWNTIME"] = "false"
    connected.component("blog", POST)
    connected.succeed("migrate", "--name", "init")
    connected.succeed("migrate.deploy")
    old = connected.root / "old"
    shutil.copytree(connected.root / "migrations", old)
    running = serve()
    assert running.request("/readyz") == (200, "ok\n")

    connected.migration(CONTRACT, SQL)
    connected.migration(NEXT, "SELECT 1;\n")
    time.sleep(1)  # readiness is asked for once a second
    assert running.request("/readyz") == (200, "ok\n"), "the files of the next release came"
    assert f"{CONTRACT} waits for the old processes" in connected.succeed("migrate.deploy")
    refusal = connected.fail("migrate.deploy", "--contract")
    assert f", process {running.process.pid}, since " in refusal
    assert running.terminate() == 0
    assert query("SELECT * FROM berceau_process") == []
    query("COMMENT ON TABLE berceau_process IS NULL")  # as if it was there long before

    killed = serve(server=WORKER)
    killed.process.kill()
    killed.process.wait()
    assert "waits for 1 process" not in connected.succeed("migrate.deploy", "--contract"), (
        "its code has the contract"
    )
    assert query("SELECT pid FROM berceau_process") == [(killed.process.pid,)]

    worker = connected.start(
        *("pyramid.scripts.pserve", "production.ini", "--server-name", "worker"),
        BERCEAU_SECRET=SECRET,
    )
    assert "invoke jobs.migrate" in worker.communicate(timeout=60)[1], "it has no tables for jobs"
    seen = query("SELECT pid FROM berceau_process ORDER BY started_at")
    assert seen == [(killed.process.pid,), (worker.pid,)], "it was announced, and crashed"

    shutil.rmtree(connected.root / "migrations")
    old.rename(connected.root / "migrations")
    late = serve()
    status, reason = late.request("/readyz")
    assert status == 503
    assert f"({CONTRACT}, {NEXT})" in reason
    assert "Post.subtitle: SELECT and INSERT and UPDATE: the column post.subtitle" in reason
    status, page = late.request("/")
    assert (status, "being updated" in page) == (503, True)
    assert "subtitle" not in page
    query("ALTER TABLE post ADD subtitle text; DELETE FROM berceau_migration WHERE name ~ '^2099'")
    time.sleep(1)
    assert late.request("/readyz") == (200, "ok\n")
    assert late.request("/")[0] != 503
