"""Background jobs in a project: their tables, and the process that runs them."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import Project, _clean
from tests.waiting import SECONDS, wait_until

VIEWS = """
from pyramid.view import view_config

from .jobs import write


@view_config(route_name="write", renderer="json")
def write_soon(request):
    write.defer(text=request.params["text"])
    if "fails" in request.params:
        request.response.status = 400
    return {}
"""
WORKER = """
[server:worker]
use = egg:berceau#worker
poll_seconds = 0.1

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys =

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
"""
JOBS = """
import time
from pathlib import Path

from berceau.jobs import jobs
from berceau.orm import unit_of_work

from .entities import Note


@jobs.task
def write(text: str) -> None:
    with unit_of_work():
        Note(text=f"{text} begins")
    while not Path(f"{text} may end").exists():
        time.sleep(0.01)
    with unit_of_work():
        Note(text=text)
"""


@pytest.fixture
def notes(connected: Project) -> Project:
    """A project whose jobs write notes, migrated."""
    connected.component(
        "notes",
        "class Note(db.Entity):\n    text = Required(str)\n",
        __init__='def includeme(config):\n    config.add_route("write", "/write")\n',
        views=VIEWS,
        jobs=JOBS,
    )
    connected.succeed("migrate", "--name", "add_notes")
    connected.succeed("jobs.migrate")
    connected.succeed("migrate")
    return connected


@contextmanager
def worker(project: Project) -> Iterator[tuple[subprocess.Popen, Path]]:
    """Run a worker of ``project``, which was served before, while the body runs."""
    ini = project.root / "worker.ini"
    text = (project.root / "development.ini").read_text()
    ini.write_text(text + WORKER)
    log = project.root / "worker.log"
    command = [sys.executable, "-m", "pyramid.scripts.pserve", "worker.ini"]
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*command, "--server-name", "worker"],
            cwd=project.root,
            env=_clean({"PATH": "/usr/bin:/bin"}) | project.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process, log
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def awaited(query: Callable[..., list], sql: str, rows: list, log: Path) -> None:
    wait_until(lambda: query(sql) == rows, log)


NOTES = "SELECT text FROM note ORDER BY id"


@pytest.mark.slow
def test_the_tables_are_a_migration_like_others(connected: Project, query) -> None:
    connected.component("notes", "class Note(db.Entity):\n    text = Required(str)\n")
    connected.succeed("migrate", "--name", "add_notes")
    written = re.match(r"wrote migrations/\d{14}_add_jobs\n", connected.succeed("jobs.migrate"))
    assert written
    connected.succeed("migrate")
    connected.succeed("migrate.check")
    assert connected.succeed("jobs.migrate") == "jobs: nothing to do\n"
    assert "nothing to do" in connected.succeed("migrate", "--name", "nothing")
    connected.succeed("migrate.down", "--allow-data-loss")
    assert query(
        "SELECT count(*) FROM pg_class WHERE relname LIKE 'procrastinate%' "
        "AND relnamespace = current_schema()::regnamespace"
    ) == [(0,)]
    connected.succeed("migrate.deploy")
    connected.succeed("migrate.reset", "--force", "--no-input")
    connected.succeed("migrate.check")


@pytest.mark.slow
def test_a_worker_runs_what_requests_left_and_ends_with_what_it_began(
    notes: Project, serve, query
) -> None:
    with serve(notes) as site, worker(notes) as (process, log):
        (notes.root / "a may end").touch()
        assert site.get("/write?text=a")[0] == 200
        assert site.get("/write?text=never&fails=1")[0] == 400
        awaited(query, NOTES, [("a begins",), ("a",)], log)
        site.get("/write?text=b")
        awaited(query, NOTES, [("a begins",), ("a",), ("b begins",)], log)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: "Stop requested" in log.read_text(), log, process)
        site.get("/write?text=late")
        (notes.root / "b may end").touch()
        assert process.wait(timeout=SECONDS) == 0
        assert query(NOTES)[3:] == [("b",)]
        waiting = query("SELECT args->>'text' FROM procrastinate_jobs WHERE status = 'todo'")
        assert waiting == [("late",)]


@pytest.mark.slow
def test_a_worker_without_the_tables_says_what_is_missing(connected: Project, serve) -> None:
    with serve(connected), worker(connected) as (process, log):
        assert process.wait(timeout=SECONDS) == 1
        assert "invoke jobs.migrate" in log.read_text()
