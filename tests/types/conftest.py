"""A project to check: its entities, what is right and what is wrong with them, and the checkers."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "berceau"
Found = Mapping[tuple[str, int], set[str]]
"""The codes of the errors in a line of a file."""


@dataclass(frozen=True)
class TypedProject:
    """A built project at ``root``, and the environment to check it in."""

    root: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Return what a command of this Python's environment prints, however it ends."""
        program = Path(sys.executable).with_name(command[0])
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        ).stdout

    def build(self) -> None:
        assert "build:" in self.run("invoke", "build")

    def mypy(self) -> Found:
        """Return what mypy, as the project configures it, finds in all of it."""
        found = defaultdict(set)
        lines = self.run("mypy", "--output=json", ".").splitlines()
        for error in (json.loads(line) for line in lines if line.startswith("{")):
            if error["severity"] == "error":
                found[error["file"], error["line"]].add(error["code"])
        return found

    def pyright(self) -> Found:
        """Return what pyright, as the project configures it, finds in all of it."""
        found = defaultdict(set)
        for error in json.loads(self.run("pyright", "--outputjson"))["generalDiagnostics"]:
            if error["severity"] == "error":
                file = str(Path(error["file"]).relative_to(self.root))
                found[file, error["range"]["start"]["line"] + 1].add(error["rule"])
        return found


@pytest.fixture
def typed(tmp_path: Path) -> TypedProject:
    """Return a built project of this test."""
    return _project(tmp_path / "project", tmp_path / "packages", "music", "sales", "*_music.py")


@pytest.fixture(scope="session")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> TypedProject:
    """Return a built project that tests read only."""
    folder = tmp_path_factory.mktemp("types")
    return _project(folder / "project", folder / "packages")


def _project(root: Path, packages: Path, *without: str) -> TypedProject:
    ignore = shutil.ignore_patterns(*without)
    shutil.copytree(Path(__file__).parent / "project", root, ignore=ignore)
    # An editable Berceau is found by Python alone; an installed one has a folder to look in.
    packages.mkdir()
    (packages / "berceau").symlink_to(PACKAGE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    search = {"PYTHONPATH": str(packages), "MYPYPATH": str(packages)}
    project = TypedProject(root, {**os.environ, **search, "PATH": path})
    project.build()
    return project
