"""Type checkers find a strict editable install of Berceau, as the guide describes it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.types.conftest import PACKAGE

ROOT = PACKAGE.parent
READ = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "berceau")
STRICT = ("--config-settings", "editable_mode=strict")
PATH_OF_PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
INHERITED = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(root: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=root, env=INHERITED, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what an editable install reads, with a component of its own."""
    folder = tmp_path_factory.mktemp("source") / "berceau"
    folder.mkdir()
    run(ROOT, "cp", "-r", "--parents", *READ, folder)
    # Those of this repository have an `__init__.py`, too.
    (folder / "components/other").mkdir(parents=True)
    (folder / "components/__init__.py").touch()
    (folder / "components/other/__init__.py").touch()
    return folder


@pytest.fixture(scope="module")
def python(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with an editable Berceau; the rest is this one's."""
    folder = tmp_path_factory.mktemp("environment")
    run(folder, sys.executable, "-m", "venv", folder)
    python = folder / "bin/python"
    packages = Path(run(folder, python, "-c", PATH_OF_PACKAGES).strip())
    mine = run(folder, sys.executable, "-c", PATH_OF_PACKAGES).strip()
    # Hooks in the folder of another environment aren't run: its Berceau isn't found by this.
    (packages / "zz_rest.pth").write_text(f"{mine}\n")
    run(folder, python, "-m", "pip", "install", "-q", "--no-deps", *STRICT, "-e", source)
    return python


@pytest.fixture
def project(tmp_path: Path, python: Path) -> Path:
    """Return a project with a new component, without ``components/__init__.py``."""
    (tmp_path / "tasks.py").write_text("from berceau.tasks import namespace\n")
    shutil.copy(Path(__file__).parent / "project/pyproject.toml", tmp_path)
    run(tmp_path, python, "-m", "invoke", "new", "notes")
    (tmp_path / "components/__init__.py").unlink(missing_ok=True)
    run(tmp_path, python, "-m", "invoke", "build")
    return tmp_path


@pytest.mark.slow
def test_type_checkers_find_an_editable_berceau(project, python, source) -> None:
    where = run(project, python, "-c", "import berceau; print(berceau.__file__)").strip()
    assert Path(where).resolve() == source / "berceau/__init__.py"
    run(project, python, "-m", "mypy", "components/notes")
    run(project, python, "-m", "pyright", "--pythonpath", python, "components/notes")
    (project / "wrong.py").write_text("from berceau.orm import nothing\n")
    for command in (["mypy"], ["pyright", "--pythonpath", str(python)]):
        with pytest.raises(AssertionError, match="nothing"):
            run(project, python, "-m", *command, "wrong.py")


@pytest.mark.slow
def test_components_of_the_editable_source_stay_out_of_a_project(project, python) -> None:
    run(project, python, "-c", "import components.notes")
    with pytest.raises(AssertionError, match=r"No module named 'components\.other'"):
        run(project, python, "-c", "import components.other")
