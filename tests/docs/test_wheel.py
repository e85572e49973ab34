"""What another project gets that installs Berceau: a wheel that works without this folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from berceau import __version__

pytestmark = pytest.mark.slow

LIST_INSTALLED = """
import importlib, json, pkgutil
from importlib.metadata import distribution
import berceau
files = [str(file) for file in distribution("berceau").files]
modules = [module.name for module in pkgutil.walk_packages(berceau.__path__, "berceau.")]
for name in modules:
    # For those who installed berceau[test], and for those who check types.
    if not name.startswith(("berceau.testing.", "berceau.mypy")):
        importlib.import_module(name)
print(json.dumps({"files": files, "modules": modules}))
"""


@pytest.mark.skipif(
    not os.environ.get("CI"), reason="installs everything again: set CI=true to run it"
)
def test_the_wheel_holds_berceau_only_and_works_alone(checkout, tmp_path) -> None:
    def run(*command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python = tmp_path / "empty" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    run(python, "-m", "pip", "install", checkout.root)
    installed = json.loads(run(python, "-c", LIST_INSTALLED))
    tops = {file.partition("/")[0] for file in installed["files"]}
    assert tops == {"berceau", f"berceau-{__version__}.dist-info"}
    package = checkout.root / "berceau"
    sources = {str(path.relative_to(checkout.root)) for path in package.rglob("*.*")}
    assert sources <= set(installed["files"])
    assert "berceau.web.app" in installed["modules"]
    (tmp_path / "tasks.py").write_text("from berceau.tasks import namespace\n")
    run(python, "-m", "invoke", "new", "notes")
    assert "notes: 1 table" in run(python, "-m", "invoke", "build")
    run(python, "-m", "pip", "install", f"{checkout.root}[types,test]")
    settings = checkout.root / "tests" / "types" / "project" / "pyproject.toml"
    (tmp_path / "pyproject.toml").write_text(settings.read_text())
    run(python, "-m", "mypy", "components")
    run(python, "-m", "pyright", "--pythonpath", python, "components")
