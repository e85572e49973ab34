"""Two branches that both add a migration: git stops at it, the check tells, rebase settles it."""

import subprocess
import time
from datetime import UTC, datetime

import pytest

POST = "class Post(db.Entity):\n    title = Required(str)\n"
TAG = "class Tag(db.Entity):\n    name = Required(str)\n"
NOTE = "class Note(db.Entity):\n    text = Required(str)\n"


class Team:
    """A project in git, on the branch ``main``, and its developer's database."""

    def __init__(self, project) -> None:
        self.project = project
        self.git("init", "--initial-branch=main")
        project.write(".gitignore", ".berceau/\n__pycache__/\n")

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.project.root, capture_output=True, text=True)

    def commit(self) -> None:
        self.git("add", "-A")
        assert self.git("commit", "-m", "more").returncode == 0

    def head(self) -> str:
        return (self.project.root / "migrations/HEAD").read_text()

    def branch_off(self, component: str, entities: str, name: str, *options: str) -> str:
        """Add a component with its migration on a new branch; return the migration's name."""
        self.git("switch", "-c", component, "main")
        self.project.component(component, entities)
        self.project.succeed("migrate", "--name", name, *options)
        self.commit()
        made = next(each for each in self.project.migrations() if each.endswith(name))
        # The next branch's is of a later second, as its name tells: the order is by name.
        while made[:14] >= f"{datetime.now(UTC):%Y%m%d%H%M%S}":
            time.sleep(0.05)
        return made


@pytest.fixture
def team(connected) -> Team:
    team = Team(connected)
    connected.component("blog", POST)
    connected.succeed("migrate", "--name", "init")
    team.commit()
    return team


@pytest.mark.slow
def test_two_branches_conflict_in_git_and_rebase_settles_it(team, query) -> None:
    project = team.project
    theirs = team.branch_off("tags", TAG, "tags", "--create-only")
    mine = team.branch_off("notes", NOTE, "notes")
    query("INSERT INTO note (text) VALUES ('kept')")
    team.git("switch", "main")
    team.git("merge", "tags")
    team.git("switch", "notes")
    assert (
        "CONFLICT (content): Merge conflict in migrations/HEAD" in team.git("merge", "main").stdout
    )

    message = project.fail("migrate.check")
    assert f"error M005: {theirs} and {mine} both follow {project.migrations()[0]}" in message
    assert "invoke migrate.rebase" in message
    assert "two branches" in project.fail("migrate.deploy")
    assert "two branches" in project.fail("migrate")

    assert f"moved {mine} behind {theirs}" in project.succeed("migrate.rebase")
    assert team.head() == f"{mine}\n"
    assert f"applied {theirs}" in project.succeed("migrate.deploy")
    assert "nothing to do" in project.succeed("migrate")
    project.succeed("migrate.check")
    assert query("SELECT text FROM note") == [("kept",)]
    assert project.succeed("migrate.rebase") == "rebase: nothing to do\n"
    project.write("migrations/HEAD", f"{theirs}\n")
    assert "M013" in project.fail("migrate.check")
    assert project.succeed("migrate.rebase") == "rebase: commit migrations/\n"
    team.commit()


@pytest.mark.slow
def test_the_shared_branch_stays_also_where_it_is_newer(team) -> None:
    project = team.project
    mine = team.branch_off("notes", NOTE, "notes", "--create-only")
    theirs = team.branch_off("tags", TAG, "tags", "--create-only")
    assert mine < theirs
    team.git("switch", "main")
    team.git("merge", "tags")
    team.git("switch", "notes")
    team.git("merge", "main")
    said = project.succeed("migrate.rebase")
    assert f"moved {mine}, now " in said
    assert f"behind {theirs}" in said
    assert [name[15:] for name in project.migrations()] == ["init", "tags", "notes"]
    assert team.head().endswith("_notes\n")
    moved = project.root / "migrations" / project.migrations()[2]
    assert mine not in (moved / "migration.sql").read_text() + (moved / "down.sql").read_text()
    project.succeed("migrate.check")
    project.succeed("migrate.deploy")
    project.succeed("migrate.check")
