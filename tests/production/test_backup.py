"""Backups, tried by serving what was restored: a dump, and a base backup with its log."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.binaries import programs_for
from tests.conftest import ROOT, Project
from tests.production.conftest import serving
from tests.replication import Node, nodes
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

POST = (
    "INSERT INTO demo_post (id, title, content, status, author, created_at, updated_at) "
    "SELECT gen_random_uuid(), '%s', 'x', 'DRAFT', id, now(), now() FROM demo_user"
)
AUTHOR = (
    "INSERT INTO demo_user (id, name, email, created_at, updated_at) "
    "VALUES (gen_random_uuid(), 'Ada', 'ada@example.org', now(), now())"
)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Node, Node, Path]]:
    """A server that keeps its log for those who restore it, and one that isn't made yet."""
    with nodes(2) as (primary, restored):
        primary.make()
        archive = primary.folder.with_name("archive")
        file = f'"{archive}/%f"'
        primary.configure(
            archive_mode="on",
            archive_command=f'mkdir -p "{archive}" && test ! -f {file} && cp %p {file}',
        )
        primary.start()
        yield primary, restored, archive


@pytest.fixture
def project(tmp_path, servers) -> Project:
    """The demo, migrated in a database of its own."""
    primary, *_ = servers
    primary.ask("DROP DATABASE IF EXISTS shop WITH (FORCE)")
    primary.ask("CREATE DATABASE shop")
    project = Project(tmp_path / "project")
    project.write("tasks.py", "from berceau.tasks import namespace\n")
    project.write("components/__init__.py", "")
    shutil.copytree(ROOT / "components" / "demo", project.root / "components" / "demo")
    shutil.copytree(ROOT / "migrations", project.root / "migrations")
    project.environment["DATABASE_URL"] = url_of(primary).with_password()
    project.succeed("migrate.deploy")
    run(primary, AUTHOR)
    return project


def url_of(node, database="shop") -> Url:
    return replace(node.url, database=database)


def run(node, sql) -> None:
    with connect(url_of(node)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)


def shown_posts(project, log, url) -> str:
    """Return the page of all posts, served from the database of ``url``."""
    allowed = "berceau.allow_ddl = true"
    with serving(project, log, app=allowed, DATABASE_URL=url.with_password()) as served:
        assert served.request("/readyz") == (200, "ok\n")
        return served.request("/demo/posts")[1]


def back_up(project, node, folder, scratch) -> CompletedProcess[str]:
    script = ROOT / "docs" / "production" / "backup.sh"
    command = ["sh", script, folder, project.environment["DATABASE_URL"], scratch.with_password()]
    programs = f"{programs_for(node.account)}:{os.environ['PATH']}"
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": programs})


def test_a_dump_is_tried_and_can_be_served(project, servers, tmp_path) -> None:
    primary, *_ = servers
    run(primary, POST % "Before the dump")
    primary.ask("DROP DATABASE IF EXISTS restored")
    primary.ask("CREATE DATABASE restored")
    scratch = url_of(primary, "restored")
    done = back_up(project, primary, tmp_path, scratch)
    assert done.returncode == 0, done.stderr
    count, dump = done.stdout.splitlines()
    assert count == f"restored {len(project.migrations())} migrations"
    assert [str(path) for path in tmp_path.glob("*.dump*")] == [dump]
    assert "Before the dump" in shown_posts(project, tmp_path / "log", scratch)


def test_a_dump_that_cannot_be_restored_is_none(project, servers, tmp_path) -> None:
    primary, *_ = servers
    done = back_up(project, primary, tmp_path, url_of(primary))  # which has the tables already
    assert done.returncode != 0
    assert not list(tmp_path.glob("*.dump"))


def test_a_base_backup_comes_back_to_any_moment(project, servers, tmp_path) -> None:
    primary, restored, archive = servers
    run(primary, POST % "Before the backup")
    restored.make_standby(primary, "backup")
    run(primary, POST % "After the backup")
    primary.ask("SELECT pg_create_restore_point('good')")
    run(primary, "DELETE FROM demo_post")
    primary.ask("SELECT pg_switch_wal()")
    wait_until(lambda: primary.ask("SELECT last_failed_wal IS NULL FROM pg_stat_archiver"))
    primary.stop()
    (restored.folder / "standby.signal").rename(restored.folder / "recovery.signal")
    restored.configure(
        restore_command=f'cp "{archive}/%f" %p',
        recovery_target_name="good",
        recovery_target_action="promote",
        primary_conninfo="",
        archive_mode="off",
    )
    restored.start()
    wait_until(lambda: restored.ask("SELECT NOT pg_is_in_recovery()"))
    page = shown_posts(project, tmp_path / "log", url_of(restored))
    assert "Before the backup" in page
    assert "After the backup" in page
