"""``migrate.check --against``: which of two releases runs on which schema, for CI."""

import json
import subprocess

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.slow

POST = "class Post(db.Entity):\n    title = Required(str)\n    price = Optional(int)\n"


@pytest.fixture
def released(connected: Project) -> Project:
    """A project in git with the tag ``v1``, and a migrated database."""
    connected.write(".gitignore", ".berceau/\n__pycache__/\n")
    connected.component("blog", POST)
    git(connected, "init", "--initial-branch=main")
    connected.succeed("migrate", "--name", "init")
    commit(connected, "v1")
    return connected


def git(project: Project, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", *identity, *arguments]
    subprocess.run(command, cwd=project.root, check=True, capture_output=True)


def commit(project: Project, tag: str) -> None:
    git(project, "add", "-A")
    git(project, "commit", "-m", tag)
    git(project, "tag", tag)


def test_a_release_that_cannot_run_on_the_new_schema_has_a_code(released) -> None:
    released.component("blog", POST.replace("int", "str, nullable=True"))
    released.succeed("migrate", "--no-input", "--name", "text")
    result = released.invoke("migrate.check", "--against", "v1", "--json")
    assert result.code == 1
    assert "The migrations need attention: M015." in result.err
    (finding,) = json.loads(result.out)["findings"]
    assert finding["code"] == "M015"
    assert finding["migration"].endswith("_text")
    assert finding["message"].startswith("The release v1 (")
    assert finding["detail"] == (
        "Post.price: SELECT and INSERT and UPDATE: its values are integer, the column is text "
        "(PostgreSQL: operator does not exist: text = integer)"
    )
    assert "column='price_new'" in finding["cure"]
    (name,) = json.loads(result.out)["compatibility"]["migrations"]
    assert name == finding["migration"]
    released.succeed("migrate.check")  # unasked, it isn't proven


def test_what_a_schema_does_not_show_is_found_by_running_it(released) -> None:
    """A trigger by hand may be on any table, and the schema is the same with it and without."""
    refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql\n"
    refuse += "    AS $$ BEGIN RAISE 'no posts on Sundays'; END $$;\n"
    trigger = "CREATE TRIGGER refuse BEFORE INSERT ON post\n    FOR EACH ROW EXECUTE FUNCTION"
    released.migration("20990101000000_refuse", f"{refuse}{trigger} refuse();\n")
    assert "provide for: Post: INSERT: no posts on Sundays\n" in released.succeed(
        "migrate.check", "--against", "v1"
    )


def test_which_release_runs_when_is_told(released) -> None:
    released.component("blog", POST + "    note = Optional(str, sql_default=\"''\")\n")
    released.succeed("migrate", "--name", "note")
    lines = released.succeed("migrate.check", "--against", "v1").splitlines()
    assert lines[0].startswith("check: v1 (")
    assert lines[0].endswith("runs on the schema after the 1 migration since")
    assert lines[1] == "check: today's code can't run before the 1 migration since"
    assert lines[2].startswith("check:   Post.note: SELECT and INSERT and UPDATE: ")
    assert lines[-1] == "check: entities, migrations and database agree"
    # What is committed on the shared branch runs, where nothing else is said.
    assert "check: main (" in released.succeed("migrate.check", "--against")


def test_what_the_database_lacks_does_not_run(released) -> None:
    """As on the host of production, where the shared branch is checked out before the deploy."""
    released.component("blog", POST + "    note = Optional(int)\n")
    released.succeed("migrate", "--name", "note", "--create-only")
    commit(released, "v2")
    (_, note) = released.migrations()
    out = released.succeed("migrate.check", "--against")
    assert f"check: main before {note} (" in out
    assert "runs on the schema after the 1 migration since" in out
    assert "today's code can't run before the 1 migration since" in out
    released.succeed("migrate.deploy")
    out = released.succeed("migrate.check", "--against")
    assert "check: main (" in out
    assert "today's code runs before all, too" in out


def test_made_up_rows_that_a_migration_refuses_are_left_out(released) -> None:
    released.component("blog", POST + "    pages = Required(int)\n")
    released.succeed("migrate", "--name", "pages")  # the table has no rows, so it can be done
    result = released.invoke("migrate.check", "--against", "v1", "--json")
    assert result.code == 1
    (finding,) = json.loads(result.out)["findings"]
    assert finding["code"] == "M015"
    assert "Post.pages: INSERT" in finding["detail"]


def test_a_contract_waits_for_the_release_that_needs_what_it_ends(released) -> None:
    released.environment["BERCEAU_ALLOW_DOWNTIME"] = "false"
    released.component("blog", POST.replace("    price = Optional(int)\n", ""))
    released.succeed("migrate", "--name", "drop")
    commit(released, "v2")
    released.succeed("migrate", "--contract", "--name", "end", "--allow-data-loss")
    out = released.succeed("migrate.check", "--against", "v1")
    assert "runs on the schema after the 1 migration since" in out
    (line,) = (each for each in out.splitlines() if "for when no process of v1" in each)
    assert line.endswith("_end")
    assert "v2" in released.succeed("migrate.check", "--against", "v2")


def test_a_revision_that_is_unknown_is_refused(released) -> None:
    assert "git has no revision v9 of this project" in released.fail(
        "migrate.check", "--against", "v9"
    )
