"""What runs is what git knows: only what that needs is kept, and it is ended once that is gone."""

import json
import subprocess

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.slow

POST = """
class Post(db.Entity):
    title = Required(str)
    rating = Required(int)
"""
WITHOUT = "class Post(db.Entity):\n    title = Required(str)\n"


@pytest.fixture
def released(connected: Project) -> Project:
    """A project in git whose release is served while it is migrated."""
    del connected.environment["BERCEAU_ALLOW_DOWNTIME"]
    connected.write(".gitignore", ".berceau/\n__pycache__/\n")
    connected.component("blog", POST)
    git(connected, "init", "-q", "-b", "main")
    connected.succeed("migrate", "--name", "init")
    commit(connected)
    return connected


def git(project: Project, *arguments: str) -> None:
    named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *named, *arguments], cwd=project.root, check=True)


def commit(project: Project) -> None:
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Release")


def newest(project: Project) -> str:
    return (project.root / "migrations" / project.migrations()[-1] / "migration.sql").read_text()


def test_what_the_released_code_uses_is_kept_until_other_code_is(released: Project) -> None:
    released.component("blog", WITHOUT)
    released.succeed("migrate", "--name", "drop")
    assert "-- Keeps: column post.rating\n" in newest(released)
    released.succeed("migrate.check")
    said = released.succeed("migrate")
    assert said.endswith("migrate: nothing to do\n")
    assert "--contract" not in said  # it runs
    message = released.fail("migrate", "--contract", "--allow-data-loss")
    assert "still needs what is kept: column post.rating" in message
    assert "main (" in message

    commit(released)
    assert "kept for an earlier release: column post.rating" in released.succeed("migrate")
    assert "column post.rating" in released.fail("migrate", "--contract")  # it loses data
    released.succeed("migrate", "--contract", "--allow-data-loss")
    assert "-- Ends: column post.rating\n" in newest(released)
    released.succeed("migrate.check")
    commit(released)
    assert released.succeed("migrate") == (
        "comparing the entities with the migrations\nmigrate: nothing to do\n"
    )


def test_what_no_released_code_has_goes_at_once(released: Project) -> None:
    released.component("blog", POST + "    draft = Optional(int)\n")
    released.succeed("migrate")
    released.component("blog", POST)
    assert "draft" in released.fail("migrate", "--no-input")  # it loses data
    released.succeed("migrate", "--allow-data-loss")
    assert "DROP COLUMN draft" in newest(released)
    assert "Keeps" not in newest(released)


def test_data_that_may_go_stays_while_it_is_used(released: Project) -> None:
    released.component("blog", WITHOUT)
    released.succeed("migrate", "--allow-data-loss")
    assert "DROP COLUMN" not in newest(released)


def test_another_revision_may_run(released: Project) -> None:
    git(released, "tag", "v1")
    released.component("blog", WITHOUT)
    commit(released)
    assert "DROP COLUMN" in released.succeed("migrate.diff")  # what is committed counts
    assert "-- keeps column post.rating" in released.succeed("migrate.diff", "--against", "v1")


def test_downtime_needs_no_release(released: Project) -> None:
    released.component("blog", WITHOUT)
    released.succeed("migrate", "--allow-downtime", "--allow-data-loss")
    assert "DROP COLUMN rating" in newest(released)


def test_what_is_used_may_end_while_nothing_runs(released: Project) -> None:
    released.component("blog", WITHOUT)
    released.succeed("migrate")
    released.succeed("migrate", "--contract", "--allow-data-loss", "--allow-downtime")
    assert "-- Ends: column post.rating\n" in newest(released)


def test_what_is_still_used_stays_beside_what_ends(released: Project) -> None:
    released.component("blog", POST + "    note = Optional(str)\n")
    released.succeed("migrate")
    commit(released)
    released.component("blog", WITHOUT + "    note = Optional(str)\n")
    released.succeed("migrate")
    said = released.succeed("migrate", "--contract")
    assert "kept, since the running release main" in said
    assert "needs it: column post.rating" in said
    assert "-- Ends: default post.note\n" in newest(released)
    kept = json.loads(released.succeed("migrate.status", "--json"))["kept"]
    since = released.migrations()[-2]
    assert kept == [{"kind": "column", "name": "post.rating", "since": since}]
    assert f"since {since}: column post.rating" in released.succeed("migrate.status")
