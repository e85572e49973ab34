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
unknown = []
found = pkgutil.walk_packages(berceau.__path__, "berceau.", unknown.append)
modules = [module.name for module in found]
for name in modules:
    # For those who installed berceau[test] or berceau[jobs], and for those who check types.
    if not name.startswith(
        ("berceau.testing.", "berceau.mypy", "berceau.jobs", "berceau.workflows.write.jobs")
    ):
        importlib.import_module(name)
assert unknown == ["berceau.jobs"], unknown
print(json.dumps({"files": files, "modules": modules}))
"""


@pytest.mark.skipif(
    not os.environ.get("CI"), reason="installs everything again: set CI=true to run it"
)
def test_the_wheel_holds_berceau_only_and_works_alone(checkout) -> None:
    place = checkout.root.with_name("alone")
    place.mkdir()

    def run(*command: str | Path, folder: Path = place) -> str:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python = place / "empty" / "bin" / "python"
    run(sys.executable, "-m", "venv", place / "empty")
    run(python, "-m", "pip", "install", checkout.root)
    installed = json.loads(run(python, "-c", LIST_INSTALLED))
    tops = {file.partition("/")[0] for file in installed["files"]}
    scripts = {file for file in installed["files"] if file.endswith("/bin/berceau")}
    assert tops == {"berceau", f"berceau-{__version__}.dist-info", ".."}
    assert {file for file in installed["files"] if file.startswith("..")} == scripts
    package = checkout.root / "berceau"
    files = (path for path in package.rglob("*.*") if path.is_file())
    sources = {str(path.relative_to(checkout.root)) for path in files}
    assert sources <= set(installed["files"])
    assert "berceau.web.app" in installed["modules"]
    run(python, "-m", "berceau", "new", "shop")
    run(sys.executable, "-m", "uv", "pip", "install", "--python", python, "-e", "shop[dev]")
    shop = place / "shop"
    run(python, "-m", "ruff", "check", shop)
    assert "notes: 1 table" in run(python, "-m", "invoke", "build", folder=shop)
    run(python, "-m", "mypy", folder=shop)
    run(python, "-m", "pyright", "--pythonpath", python, folder=shop)
    run(python, "-m", "invoke", "test", "--all", folder=shop)
