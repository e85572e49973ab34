"""How long the types of 100 and of 1000 entities take: to write them, and to check their uses.

Run: python benchmarks/entity_types.py [--runs 5]
Writing is the phase of `invoke build` that makes the stubs, and the whole command, first with
nothing left of an earlier one, then after one that changed nothing. Checking is mypy and pyright on
a component's entities and ten uses of them, each without what an earlier run kept; mypy once more
after that. The peer of checking is the same with Pony untyped, as Any.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from project import generate, plain_environment, write

BINARIES = Path(sys.executable).parent
SETTINGS = """
[tool.mypy]
plugins = {plugins}
mypy_path = "{folder}"
explicit_package_bases = true
ignore_missing_imports = true

[tool.pyright]
stubPath = "{folder}"
"""
UNTYPED = "from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n"
USES = '''
"""Uses of the entities of component {number}."""

from uuid import UUID

from pony.orm import select

from components.c{number}.entities import C{number}Note as Note
from components.c{number}.entities import C{number}Notebook as Notebook
from components.c{number}.entities import C{number}Status as Status


def use(key: UUID) -> list[str]:
    """Make, find, change and query."""
    notebook = Notebook(name="A name")
    note = Note(title="A title", content="Some text", notebook=notebook)
    note.set(title="Another", status=Status.DONE)
    note.status = Status.DRAFT
    found = Note.get(title="A title") or Note[key]
    if not Note.exists(notebook=notebook) or Notebook.get(name=found.notebook.name) is None:
        return []
    done = select(each for each in Note if each.status == Status.DONE)
    every = [*done.order_by(Note.title), *notebook.notes]
    return [each.title for each in every]
'''


def main() -> None:
    """Measure projects of two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--components", type=int, nargs="+", default=[50, 500])
    options = parser.parse_args()
    print("seconds, medians")
    for components in options.components:
        with tempfile.TemporaryDirectory() as folder:
            _prepare(Path(folder), components)
            print(f"{2 * components} entities:", _writing(Path(folder), options.runs))
            print(f"{2 * components} entities:", _checking(Path(folder), options.runs))


def _prepare(root: Path, components: int) -> None:
    generate(root, components)
    for number in (f"{each:03}" for each in range(components)):
        write(root / "components" / f"c{number}" / "uses.py", USES.format(number=number))
    (root / "packages").mkdir()
    (root / "packages" / "berceau").symlink_to(Path(__file__).parents[1] / "berceau")
    for module in ("__init__", "core"):
        write(root / "untyped" / "pony" / "orm" / f"{module}.pyi", UNTYPED)
    write(root / "untyped" / "pony" / "__init__.pyi", "")


def _writing(root: Path, runs: int) -> str:
    types, cold, unchanged = [], [], []
    for _ in range(runs):
        shutil.rmtree(root / ".berceau", ignore_errors=True)
        seconds, report = _timed(root, "invoke", "build", "--json")
        cold.append(seconds)
        types.append(json.loads(report)["seconds"]["types"])
        unchanged.append(_timed(root, "invoke", "build")[0])
    size = sum(path.stat().st_size for path in (root / ".berceau" / "types").rglob("*.pyi"))
    return (
        f"types {_median(types)}, whole build cold {_median(cold)}, "
        f"unchanged {_median(unchanged)}; {size / 1e6:.1f} MB of stubs"
    )


def _checking(root: Path, runs: int) -> str:
    took = []
    for name, folder, plugins in (
        ("typed", ".berceau/types", ["berceau.mypy"]),
        ("untyped", "untyped", []),
    ):
        text = SETTINGS.format(folder=folder, plugins=plugins)
        write(root / "pyproject.toml", text)
        cold, again, pyright = [], [], []
        for _ in range(runs):
            shutil.rmtree(root / ".mypy_cache", ignore_errors=True)
            cold.append(_timed(root, "mypy", "components")[0])
            again.append(_timed(root, "mypy", "components")[0])
            pyright.append(_timed(root, "pyright", "components")[0])
        took.append(
            f"{name}: mypy {_median(cold)}, again {_median(again)}, pyright {_median(pyright)}"
        )
    return "; ".join(took)


def _timed(root: Path, *command: str) -> tuple[float, str]:
    packages = str(root / "packages")
    search = {"PYTHONPATH": packages, "MYPYPATH": packages}
    path = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
    start = time.perf_counter()
    done = subprocess.run(
        [BINARIES / command[0], *command[1:]],
        cwd=root,
        env={**plain_environment(), **search, "PATH": path},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode and command[0] == "invoke":  # without types, checkers object to queries
        raise SystemExit(f"{command} failed: {done.stdout[-2000:]}{done.stderr}")
    return seconds, done.stdout


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.3g}"


if __name__ == "__main__":
    main()
