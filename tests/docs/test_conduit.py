"""The example application passes its checks as its users run them: from a wheel of Berceau."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("CI"), reason="installs everything again: set CI=true to run it"
    ),
]

Run = Callable[..., str]


@pytest.fixture
def conduit(checkout) -> Path:
    """A copy of the example, outside of the repository."""
    return Path(shutil.copytree(checkout.root / "examples/conduit", checkout.root.parent / "it"))


@pytest.fixture
def run(checkout, conduit: Path) -> Run:
    """A function that runs a module of Python in the example's own environment."""
    folder = checkout.root.parent

    def run(*command: str | Path, python: str | Path = folder / "venv/bin/python") -> str:
        done = subprocess.run(
            [python, "-m", *command],
            capture_output=True,
            text=True,
            cwd=conduit,
            env=checkout.environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def uv(*command: str | Path) -> None:
        run("uv", *command, python=sys.executable)

    uv("build", "--wheel", "--out-dir", folder / "wheels", checkout.root)
    uv("venv", "--python", sys.executable, folder / "venv")
    options = ("--python", folder / "venv", "--find-links", folder / "wheels")
    uv("pip", "install", *options, "-e", ".[dev]")
    return run


def test_the_example_passes_its_checks_and_does_without_a_feature(conduit, run) -> None:
    run("ruff", "check")
    run("ruff", "format", "--check")
    run("invoke", "build")
    run("mypy")
    run("pyright", "--pythonpath", conduit.parent / "venv/bin/python")
    run("invoke", "migrate.check")
    assert " passed" in run("invoke", "test", "--all")
    shutil.rmtree(conduit / "components/favorites")
    assert " passed" in run("invoke", "test", "--all")
