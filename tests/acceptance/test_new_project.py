"""`berceau new` writes a project that passes its own tests, types and rules at once."""

import os
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from berceau.errors import BerceauError
from berceau.workflows.build.new_project import FIRST_COMPONENT, create_project, render_project

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

TAKEN = ["berceau", "pony", "ruff", "pytest-xdist", "pytest_xdist", "pyramid-retry"]


def berceau(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "berceau", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_a_new_project_passes_all_checks_at_once(tmp_path, connected) -> None:
    made = berceau(tmp_path, "new", "guest-book")
    assert made.returncode == 0, made.stderr
    connected.root = tmp_path / "guest-book"
    connected.succeed("migrate.deploy")
    assert "nothing to do" in connected.succeed("migrate")
    connected.succeed("migrate.check")
    connected.succeed("new", "articles", "--api")
    connected.succeed("migrate", "--name", "add_articles")
    assert " passed" in connected.succeed("test", "--all", "--", "-q")
    pyright = f"pyright --pythonpath {sys.executable}"
    for check in ("ruff check", "ruff format --check", "mypy", pyright):
        # Type checkers don't find an editable install, which the tests' own may be.
        result = connected.run(*check.split(), PYTHONPATH=str(ROOT))
        assert result.code == 0, result


def test_the_command_lists_what_it_wrote_and_what_to_do_next(tmp_path) -> None:
    made = berceau(tmp_path, "new", "shop")
    assert (made.returncode, made.stderr) == (0, "")
    listed = [line.strip() for line in made.stdout.partition("next:")[0].splitlines()[1:]]
    written = (path for path in (tmp_path / "shop").rglob("*") if path.is_file())
    assert listed == sorted(str(path.relative_to(tmp_path / "shop")) for path in written)
    assert "cd shop\n" in made.stdout


@pytest.mark.parametrize("arguments", [["new", "--help"], ["new", "-h"], ["new", "shop", "-h"]])
def test_help_is_shown_wherever_it_is_asked_for(tmp_path, arguments) -> None:
    shown = berceau(tmp_path, *arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Write a project" in shown.stdout
    assert not list(tmp_path.iterdir())


def test_a_project_without_a_name_is_told_what_is_wrong(tmp_path) -> None:
    made = berceau(tmp_path, "new", "")
    assert made.returncode == 1
    assert "The project has no name." in made.stderr
    assert "berceau new shop" in made.stderr


@pytest.mark.parametrize(
    "name",
    ["Shop", "1a", "-x", "a b", "", "é", "a--b", "n" * 41, *TAKEN],
)
def test_a_name_that_can_not_be_is_refused(name) -> None:
    with pytest.raises(BerceauError, match="A project can't be called") as caught:
        render_project(name, NOW)
    assert "such as shop" in str(caught.value.cure)


def test_the_name_of_a_package_that_the_project_needs_is_told_apart() -> None:
    with pytest.raises(BerceauError, match="its package would be called as one that it needs"):
        render_project("pony", NOW)


def test_what_exists_already_is_left_alone(tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "file", "link"):
        refused = berceau(tmp_path, "new", name)
        assert refused.returncode == 1
        assert "There is something with that name already." in refused.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty", "file", "link"]


def test_a_place_that_is_not_there_is_not_made(tmp_path) -> None:
    with pytest.raises(BerceauError, match="missing doesn't exist"):
        create_project(tmp_path / "missing" / "shop")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_without_the_right_to_write_nothing_is_written(tmp_path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(BerceauError, match="can't be written: Permission denied"):
        create_project(tmp_path / "shop")
    assert not list(tmp_path.iterdir())


LIMITED = """
import resource, signal, sys
from pathlib import Path
from berceau.workflows.build.new_project import create_project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    create_project(Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_where_a_file_does_not_fit_nothing_is_left(tmp_path) -> None:
    """A limit of the size of files fails in the middle of one, as a full disk does."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", LIMITED, str(tmp_path / "shop")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("BerceauError"), done
    assert "can't be written: File too large." in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_settings_are_those_of_this_repository() -> None:
    """Their comments and values are explained once, and tested here as everywhere."""
    files = render_project("shop", NOW)
    for name in ("development.ini", "production.ini", "tasks.py"):
        assert files[name] == (ROOT / name).read_text(), name


def test_the_actions_of_its_checks_are_those_that_are_kept_up_to_date_here() -> None:
    ours = (ROOT / ".github/workflows/ci.yml").read_text()
    used = re.findall(r"uses: (.+)", render_project("shop", NOW)[".github/workflows/ci.yml"])
    assert used
    assert set(used) <= set(re.findall(r"uses: (.+)", ours))


def test_the_first_migration_bears_the_present_time() -> None:
    files = render_project("shop", NOW)
    assert files["migrations/HEAD"] == "20260102030405_init\n"
    sql = files["migrations/20260102030405_init/migration.sql"]
    assert f"-- Components: {FIRST_COMPONENT}\n" in sql
