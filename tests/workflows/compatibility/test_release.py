"""Which release runs while a migration is applied, and what its entities declare."""

import subprocess

import pytest

from berceau.errors import MigrationError
from berceau.settings import load
from berceau.workflows.compatibility.release import running_release
from berceau.workflows.shared.databases import Databases
from tests.conftest import Project

NOTE = "class Note(db.Entity):\n    {} = Required(str)\n"


def git(folder, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(project: Project, database: Databases, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in a folder of a repository, whose branch ``main`` has notes with a text."""
    monkeypatch.setenv("DATABASE_URL", database.runtime_url.with_password())
    monkeypatch.setenv("MIGRATION_DATABASE_URL", database.migration_url.with_password())
    git(project.root.parent, "init", "--initial-branch=main")
    project.write(".gitignore", ".berceau/\n__pycache__/\n")
    commit(project, "text")
    return project


def commit(project, attribute: str, before: str = "") -> None:
    declare(project, attribute, before)
    git(project.root, "add", "-A")
    git(project.root, "commit", "-m", attribute)


def declare(project, attribute: str, before: str = "") -> None:
    project.component("notes", before + NOTE.format(attribute))


def attributes(release) -> list[str]:
    (table,) = release.schema.tables
    return [column.name for column in table.columns][1:]


def test_without_git_it_is_not_known(project) -> None:
    declare(project, "text")
    assert running_release(load(project.root), ()) is None


def test_without_a_commit_of_the_project_it_is_not_known(project) -> None:
    declare(project, "text")
    git(project.root.parent, "init", "--initial-branch=main")
    assert running_release(load(project.root), ()) is None
    git(project.root.parent, "commit", "--allow-empty", "-m", "nothing")
    assert running_release(load(project.root), ()) is None


def test_on_the_shared_branch_what_is_committed_runs_and_what_is_not_does_not(repository) -> None:
    declare(repository, "later")
    release = running_release(load(repository.root), ())
    assert attributes(release) == ["text"]
    head = git(repository.root, "rev-parse", "HEAD").strip()
    assert (release.ref, release.commit, str(release)) == ("main", head, f"main ({head[:7]})")


def test_on_another_branch_what_it_began_with_runs(repository) -> None:
    git(repository.root, "switch", "-c", "mine")
    commit(repository, "mine")
    git(repository.root, "switch", "main")
    commit(repository, "theirs")
    git(repository.root, "switch", "mine")
    assert attributes(running_release(load(repository.root), ())) == ["text"]


def test_with_a_remote_what_was_pushed_runs(repository) -> None:
    git(repository.root, "update-ref", "refs/remotes/origin/main", "HEAD")
    commit(repository, "unpushed")
    release = running_release(load(repository.root), ())
    assert (release.ref, attributes(release)) == ("origin/main", ["text"])


def test_a_given_revision_is_the_release(repository) -> None:
    git(repository.root, "tag", "v1")
    commit(repository, "later")
    release = running_release(load(repository.root), (), "v1")
    assert (release.ref, attributes(release)) == ("v1", ["text"])


@pytest.mark.parametrize("ref", ["v9", "--all", "", "main:tasks.py"])
def test_a_revision_that_git_does_not_know_is_refused(repository, ref) -> None:
    with pytest.raises(MigrationError) as caught:
        running_release(load(repository.root), (), ref)
    assert caught.value.message == f"git has no revision {ref} of this project."
    assert "git fetch" in caught.value.cure


def test_a_revision_whose_entities_cannot_be_imported_is_a_note_or_an_error(repository) -> None:
    commit(repository, "text", before="import nowhere_to_be_found\n")
    declare(repository, "text")
    said: list[str] = []
    assert running_release(load(repository.root), (), report=said.append) is None
    with pytest.raises(MigrationError) as caught:
        running_release(load(repository.root), (), "HEAD")
    assert "component notes, components/notes/entities.py:3" in caught.value.message
    assert "ModuleNotFoundError: No module named 'nowhere_to_be_found'" in said[0]
    assert said[0].startswith("the running release isn't known: The entities of main (")


def test_it_is_composed_once(repository) -> None:
    seen = repository.root.parent / "seen"
    commit(repository, "text", before=f"print('x', file=open({str(seen)!r}, 'a'))\nprint('hi')\n")
    settings = load(repository.root)
    first = running_release(settings, ())
    declare(repository, "later")
    assert running_release(settings, ()) == first
    assert seen.read_text() == "x\n"
