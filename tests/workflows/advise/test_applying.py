"""Indexes are written into the code of entities, however that is formatted."""

import subprocess
from pathlib import Path

import pytest

from berceau.errors import StatisticsError
from berceau.workflows.advise.applying import apply, apply_all
from berceau.workflows.advise.places import Declaration

HEAD = "from pony.orm import Required, Set\n\n\nclass Post(db.Entity):\n"
OPTIONS = {
    "score = Required(int)": "score = Required(int, index=True)",
    "score = Required(int, index=False)": "score = Required(int, index=True)",
    "score: int = Required(int, 20,)": "score: int = Required(int, 20, index=True,)",
    "score = Required(\n        int,  # of ten (10)\n        size=8  # small\n    )": (
        "score = Required(\n        int,  # of ten (10)\n        size=8, index=True  # small\n    )"
    ),
    "é = 'é'; score = Required(int)  # é": "é = 'é'; score = Required(int, index=True)  # é",
}


def changed(tmp_path: Path, body: str, attribute: str | None, code: str) -> str:
    return applied(tmp_path, f"{HEAD}    {body}", attribute, code)


def applied(tmp_path: Path, text: str, attribute: str | None, code: str) -> str:
    file = tmp_path / "entities.py"
    file.write_bytes(text.encode())
    apply(Declaration("Post", attribute, code, file, 5))
    return file.read_bytes().decode()


@pytest.mark.parametrize("body", OPTIONS)
def test_an_option_is_added(tmp_path, body: str) -> None:
    text = changed(tmp_path, f"{body}\n", "score", "index=True")
    assert text == f"{HEAD}    {OPTIONS[body]}\n"
    compile(text, "entities.py", "exec")


@pytest.mark.parametrize("end", ["\n", "", "\n\n    def rank(self):\n        return 1\n"])
def test_a_line_is_added_below_the_attributes(tmp_path, end: str) -> None:
    text = changed(tmp_path, f"score: int = Required(int)  # x{end}", None, "composite_index(a, b)")
    lines = text.splitlines()
    assert lines[:2] == ["from pony.orm import Required, Set, composite_index", ""]
    assert lines[4:6] == ["    score: int = Required(int)  # x", "    composite_index(a, b)"]
    compile(text, "entities.py", "exec")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("char", ["", "\f", "\x0b", "\x1c", "\x85", "\u2028"])
def test_lines_stay_as_they_end(tmp_path, mark: str, end: str, char: str) -> None:
    text = f"{mark}{HEAD}    # {char}\n    a = '''é{char}\n'''; b = 1\n    c = f(2)\n"
    if char == "\f":
        text = text.replace("class", "\fclass")
    indexed = text.replace("f(2)", "f(2, index=True)").replace("\n", end)
    text = text.replace("\n", end)
    assert applied(tmp_path, text, "c", "index=True") == indexed
    expected = text.replace("Set", "Set, composite_index") + f"    composite_index(a, c){end}"
    assert applied(tmp_path, text, None, "composite_index(a, c)") == expected


NAMES = "Optional, PrimaryKey, Required, Set"
IMPORTS = {
    "from pony.orm import composite_index as ci": ("", "ci"),
    "from pony.orm import *": ("", "composite_index"),
    "from pony.orm.core import composite_index": ("", "composite_index"),
    "from pony import orm": ("", "orm.composite_index"),
    "import pony.orm as p": ("", "p.composite_index"),
    "import pony.orm": ("", "pony.orm.composite_index"),
    f"from pony.orm import {NAMES}, db_session": (
        f"from pony.orm import {NAMES}, composite_index, db_session",
        "composite_index",
    ),
    f"from pony.orm import {NAMES}, buffer, commit, count, db_session, desc": (
        "from pony.orm import (\n    "
        + f"{NAMES}, buffer, commit, composite_index, count, db_session, desc,".replace(
            ", ", ",\n    "
        )
        + "\n)",
        "composite_index",
    ),
    "from pony.orm import (\n    Required,  # x\n    Set,  # y\n)": (
        "from pony.orm import (\n    Required,  # x\n    Set,  # y\n    composite_index,\n)",
        "composite_index",
    ),
    "from pony.orm import (\n    Required,  # x\n    Set  # y\n)": (
        "from pony.orm import (\n    Required,  # x\n    Set,  # y\n    composite_index,\n)",
        "composite_index",
    ),
    "from pony.orm import (\n    db_session,\n    select,\n)": (
        "from pony.orm import (\n    composite_index,\n    db_session,\n    select,\n)",
        "composite_index",
    ),
    "from pony.orm import Required as R": (
        "from pony.orm import Required as R\nfrom pony.orm import composite_index",
        "composite_index",
    ),
    "from pony.orm import db_session as d": (
        "from pony.orm import composite_index\nfrom pony.orm import db_session as d",
        "composite_index",
    ),
}


@pytest.mark.parametrize("imports", IMPORTS)
def test_the_name_is_the_imported_one_and_ruff_accepts_it(tmp_path, imports: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 90\n")
    changed, name = IMPORTS[imports]
    body = "\n\n\nclass Post(db.Entity):\n    a = f()\n"
    text = applied(tmp_path, f"{imports}{body}", None, "composite_index(a, b)")
    assert text == f"{changed or imports}{body}    {name}(a, b)\n"
    check = ("ruff", "check", "--no-cache", "--select", "I001", str(tmp_path))
    found = subprocess.run(check, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


WRITTEN_OTHERWISE = [
    "from pony.orm import Set\nclass Post(db.Entity): a = f(); b = f()\n",
    "from pony.orm import Set\nif True:\n  class Post(db.Entity): a = f(); b = f()\n",
    "from pony.orm import Set\nclass Post(db.Entity):\n    a = f(); print(\n    1)\n",
    "from pony.orm import Set\nclass Post(db.Entity):\n    a = f(); b = [\n",
    "from other import Set\nclass Post(db.Entity):\n    a = f()\n",
    "from pony.orm import Set\n\nclass Posts(db.Entity):\n    a = f()\n",
]


@pytest.mark.parametrize("text", WRITTEN_OTHERWISE)
def test_a_line_that_would_be_elsewhere_is_not_written(tmp_path, text: str) -> None:
    with pytest.raises(StatisticsError, match="isn't written in a way"):
        applied(tmp_path, text, None, "composite_index(a, b)")
    assert (tmp_path / "entities.py").read_text() == text


def test_one_that_cannot_be_written_ends_no_other(tmp_path) -> None:
    good, latin, gone = (tmp_path / f"{name}.py" for name in ("good", "latin", "gone"))
    good.write_text(f"{HEAD}    a = f()\n")
    latin.write_bytes(f"# coding: latin-1\n{HEAD}    a = f('é')\n".encode("latin-1"))
    changes = [
        Declaration("Post", "a", "index=True", file, 5) for file in (latin, gone, good, good)
    ]
    written, errors = apply_all([*changes, Declaration("Post", "b", "index=True", good, 5)])
    assert written == changes[2:]
    messages = [error.message.split(":")[0] for error in errors]
    assert messages[:2] == ["It can't be read"] * 2
    assert messages[2].startswith("Post isn't written in a way")
    assert good.read_text() == f"{HEAD}    a = f(index=True)\n"


@pytest.mark.parametrize(
    "body",
    ["score = made()[0]\n", "score = Required((int))\n", "other = Required(int)\n", "pass\n"],
)
def test_what_is_written_otherwise_stays(tmp_path, body: str) -> None:
    with pytest.raises(StatisticsError, match="isn't written in a way") as caught:
        changed(tmp_path, body, "score", "index=True")
    assert caught.value.cure == "Add it there: index=True"
    assert (tmp_path / "entities.py").read_text() == f"{HEAD}    {body}"
