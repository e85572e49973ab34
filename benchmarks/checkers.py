"""What each type checker says of the same mistakes with the same model.

Run: pip install -e '.[dev,benchmarks]' and npm install --prefix benchmarks, then
python benchmarks/checkers.py
The model and the mistakes, numbered alike, are in the folder mistakes: for Berceau, for Django with
django-stubs, and for Prisma. A mistake counts as caught where an error is reported between its
number and the next one. Prints a table in Markdown.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from peers import PRISMA_ENVIRONMENT

HERE = Path(__file__).parent
BINARIES = Path(sys.executable).parent
NODE_MODULES = HERE / "node_modules"
MISTAKES = (
    "an attribute that isn't there",
    "a value used as another type",
    "a value that may be missing",
    "an attribute that isn't there, of a relation",
    "a relation that may be empty",
    "an attribute that isn't there, on the many side",
    "assigning another type",
    "assigning nothing to what is required",
    "assigning a value that the enum lacks",
    "assigning another type to a relation",
    "changing what isn't there",
    "changing to another type",
    "creating without what is required",
    "creating with what isn't there",
    "creating with another type",
    "creating with a value that the enum lacks",
    "looking up by what isn't there",
    "looking up by another type",
    "using a result that may be missing",
    "a key of another type",
    "filtering by what isn't there",
    "filtering by another type",
    "filtering by what a relation lacks",
    "ordering by what isn't there",
    "fetching a relation that isn't there",
    "aggregating what isn't there",
    "taking a result for another type",
)


def main() -> None:
    """Run all checkers, and print what they found."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE / "mistakes", folder, dirs_exist_ok=True)
        root = Path(folder)
        found = {
            **_berceau(root / "berceau", root / "packages"),
            **_django(root / "django"),
            **_prisma(root / "prisma"),
        }
    for line in _table(found):
        print(line)


def _berceau(root: Path, packages: Path) -> Mapping[str, set[int]]:
    # An editable Berceau is found by Python alone, an installed one by type checkers, too.
    packages.mkdir()
    (packages / "berceau").symlink_to(HERE.parent / "berceau")
    search = {"PYTHONPATH": str(packages), "MYPYPATH": str(packages)}
    _run(root, BINARIES / "invoke", "build", **search)
    return _python(root, "Berceau", **search)


def _django(root: Path) -> Mapping[str, set[int]]:
    return _python(root, "Django", PYTHONPATH=str(root), MYPYPATH=str(root))


def _python(root: Path, name: str, **environment: str) -> Mapping[str, set[int]]:
    mypy = _run(root, BINARIES / "mypy", "mistakes.py", "--output=json", **environment)
    errors = [json.loads(line) for line in mypy.splitlines() if line.startswith("{")]
    pyright = json.loads(
        _run(root, BINARIES / "pyright", "--outputjson", "mistakes.py", **environment)
    )
    lines = (each["range"]["start"]["line"] + 1 for each in _errors(pyright["generalDiagnostics"]))
    source = root / "mistakes.py"
    return {
        f"{name}, mypy": _caught(source, (each["line"] for each in _errors(errors))),
        f"{name}, pyright": _caught(source, lines),
    }


def _errors(reported: Iterable[Mapping[str, str]]) -> list[dict]:
    return [dict(each) for each in reported if each["severity"] == "error"]


def _prisma(root: Path) -> Mapping[str, set[int]]:
    (root / "node_modules").symlink_to(NODE_MODULES)
    commands = NODE_MODULES / ".bin"
    schema = root / "schema.prisma"
    _run(root, commands / "prisma", "generate", "--schema", schema, **PRISMA_ENVIRONMENT)
    printed = _run(root, commands / "tsc", "-p", ".")
    lines = map(int, re.findall(r"^mistakes\.ts\((\d+),\d+\): error", printed, re.MULTILINE))
    return {"Prisma, tsc": _caught(root / "mistakes.ts", lines)}


def _caught(source: Path, lines: Iterable[int]) -> set[int]:
    """Return the numbers of the mistakes in ``source`` that errors in ``lines`` are about."""
    number, numbers = 0, {}
    for position, text in enumerate(source.read_text().splitlines(), 1):
        mark = re.fullmatch(r"\s*(?:#|//) (\d+)", text)
        number = int(mark[1]) if mark else number
        numbers[position] = number
    caught = {numbers[line] for line in lines}
    if 0 in caught or number != len(MISTAKES):
        raise SystemExit(f"{source}: an error before the first mistake, or not all mistakes there")
    return caught


def _run(root: Path, *command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, "PATH": f"{BINARIES}{os.pathsep}{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode and not done.stdout:
        raise SystemExit(f"{command} failed: {done.stderr}")
    return done.stdout


def _table(found: Mapping[str, set[int]]) -> Iterable[str]:
    yield "| | " + " | ".join(found) + " |"
    yield "|---" * (len(found) + 1) + "|"
    for number, mistake in enumerate(MISTAKES, 1):
        cells = ("yes" if number in caught else "no" for caught in found.values())
        yield f"| {mistake} | " + " | ".join(cells) + " |"
    totals = (f"**{len(caught)}**" for caught in found.values())
    yield f"| of {len(MISTAKES)} | " + " | ".join(totals) + " |"


if __name__ == "__main__":
    main()
