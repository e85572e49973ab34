"""SIGKILL at every write of the commands that change files: one more command makes it good."""

import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions

from berceau.errors import HistoryError
from berceau.migration.header import without
from berceau.postgres.core.connection import connect
from berceau.postgres.runner import ledger
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.history.adopt import adopt
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from berceau.workflows.write.migrate import Options, migrate

pytestmark = pytest.mark.slow

WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
BASE, ONE, TWO, THREE = (f"2026010{n}000000_{name}" for n, name in enumerate("abcd", 1))
POST = "class Post(db.Entity):\n    title = Required(str)\n"
DATA = """
def migrate(connection):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO c VALUES (7)")
"""


def killed_at(number, work) -> bool:
    """Do ``work`` in another process that kills itself at its write ``number``; say if it did."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # nothing else runs here
        pid = os.fork()
    if pid == 0:
        try:
            _die_at(number)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def _die_at(number) -> None:
    """Kill this process just before its write ``number`` to files or the ledger."""
    count = 0

    def strike() -> None:
        nonlocal count
        count += 1
        if count > number:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(event, arguments) -> None:
        if event in WRITES or (event == "open" and "w" in str(arguments[1])):
            strike()

    class Cursor(extensions.cursor):
        def execute(self, query, values=None) -> None:
            text = query if isinstance(query, str) else query.as_string(self)
            if "LOCAL ROLE NONE" in text:
                strike()
            super().execute(query, values)
            if "LOCAL ROLE NONE" in text:
                strike()

    sys.addaudithook(listen)
    original = psycopg2.connect
    psycopg2.connect = lambda **options: original(cursor_factory=Cursor, **options)


@pytest.fixture
def project(settings, database) -> Any:
    """Return a function that makes an empty project, and gives what it holds later."""

    class Project:
        migration_url = database.migration_url
        migrations = settings.migrations

        def write(self, name, parent, sql, down="", data="") -> None:
            path = settings.migrations / name
            path.mkdir(parents=True)
            (path / "migration.sql").write_text(f"-- Parent: {parent}\n\n{sql}\n")
            for file, text in (("down.sql", down), ("data.py", data)):
                if text:
                    (path / file).write_text(text)

        def clear(self) -> None:
            with connect(database.migration_url) as connection, connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS a, b, c, d, post, berceau_migration CASCADE")
            if settings.migrations.exists():
                for path in sorted(settings.migrations.rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()

        def names(self) -> tuple[list[tuple[str, ...]], str, list[str]]:
            """Return the migrations, names without their times, and which are applied."""
            migrations = migration_directory.read(settings.migrations)
            with connect(database.migration_url) as connection:
                applied = [line.name for line in ledger.read(connection) if line.is_whole]
            return (
                [(s.name[15:], without(s.sql), without(s.down), s.data) for s in migrations],
                (settings.migrations / "HEAD").read_text().strip()[15:],
                [name[15:] for name in applied],
            )

    return Project()


def branches(project) -> None:
    project.write(BASE, "none", "CREATE TABLE a (x int);", "DROP TABLE a;")
    project.write(ONE, BASE, "CREATE TABLE b (x int);", "DROP TABLE b;")
    project.write(THREE, ONE, "CREATE TABLE c (x int);", "DROP TABLE c;", DATA)
    deploy(project.migration_url, migration_directory.read(project.migrations))
    project.write(TWO, BASE, "CREATE TABLE d (x int);", "DROP TABLE d;")


def line(project) -> None:
    project.write(BASE, "none", "CREATE TABLE a (x int);", "DROP TABLE a;")
    project.write(ONE, BASE, "CREATE TABLE b (x int);", "DROP TABLE b;")
    project.write(TWO, ONE, "CREATE TABLE c (x int);", "DROP TABLE c;", DATA)
    deploy(project.migration_url, migration_directory.read(project.migrations))


def every_kill(project, before, work) -> None:
    """Hold what comes of each kill, and of ``work`` once more, against what comes of none."""
    before(project)
    work()
    expected = project.names()
    for number in range(200):
        project.clear()
        before(project)
        killed = killed_at(number, work)
        if killed:
            work()
        assert project.names() == expected, number
        if not killed:
            break
    assert number > 3


def test_a_rebase_that_is_killed_is_finished_by_the_next(project) -> None:
    def work() -> None:
        begun = (project.migrations / migration_directory.REWRITE).exists()
        there = (project.migrations / ONE).exists()
        rebase(project.migration_url, project.migrations, ONE if begun or there else None)
        deploy(project.migration_url, migration_directory.read(project.migrations))

    every_kill(project, branches, work)


def test_a_squash_that_is_killed_is_finished_by_the_next(project) -> None:
    def work() -> None:
        with suppress(HistoryError):  # where it was done
            squash(project.migration_url, project.migrations, "squashed")

    every_kill(project, line, work)


def drifted(project) -> None:
    project.write(BASE, "none", "CREATE TABLE a (x int);", "DROP TABLE a;")
    deploy(project.migration_url, migration_directory.read(project.migrations))
    with connect(project.migration_url) as connection:
        connection.cursor().execute("ALTER TABLE a ADD y int")


def test_an_adoption_that_is_killed_is_finished_by_the_next(project) -> None:
    def work() -> None:
        rebase(project.migration_url, project.migrations)
        adopt(project.migration_url, project.migrations, "hand", {}, everything=True)

    every_kill(project, drifted, work)


def test_a_migration_that_is_killed_while_it_is_written_is_written_by_the_next(
    project, settings, declare
) -> None:
    declared = declare(POST)
    every_kill(project, lambda _: None, lambda: migrate(settings, declared, Options("init")))
