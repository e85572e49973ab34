import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from berceau.components import discover
from berceau.schema.codec import encode
from berceau.settings import Settings
from berceau.workflows.build import file_facts
from berceau.workflows.build.file_facts import MANY, Reading

SOURCE = """import datetime
from .other import Post

NOW = datetime.datetime.utcnow()
ALL = list(Post)
"""


@pytest.fixture
def settings(tmp_path) -> Settings:
    for number in range(MANY // 2):
        folder = tmp_path / "components" / f"c{number:03}"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "entities.py").write_text(SOURCE)
    return Settings(tmp_path)


def read(settings, keep=False) -> dict[str, Any]:
    with Reading(settings, discover(settings.components)) as reading:
        found = reading.notes()
        if keep:
            reading.keep()
    return {str(path): each for path, each in found.items()}


def examined(settings, monkeypatch) -> tuple[int, dict]:
    """Return how many files were examined in this process, and the notes on all."""
    seen = []
    real = file_facts._examine
    monkeypatch.setattr(file_facts, "_examine", lambda path: seen.append(path) or real(path))
    found = read(settings)
    monkeypatch.undo()
    return len(seen), found


def test_a_helper_finds_what_this_process_would(settings, monkeypatch) -> None:
    count, helped = examined(settings, monkeypatch)
    assert count == 0, "a helper did it"
    monkeypatch.setattr(file_facts, "MANY", MANY + 1)
    alone = read(settings)
    # A tuple of this process is a list of the helper's: both are data as JSON knows it.
    assert json.dumps({k: encode(v) for k, v in sorted(helped.items())}) == json.dumps(
        {k: encode(v) for k, v in sorted(alone.items())}
    )
    faults = [code for each in helped.values() for _, code, _ in each.faults]
    assert faults == ["L402"] * (MANY // 2)
    assert sum(len(each.reads) for each in helped.values()) == MANY // 2


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "print('{')", "print('[[]]'); 1 / 0"])
def test_where_the_helper_fails_the_files_are_examined_here(settings, monkeypatch, code) -> None:
    monkeypatch.setattr(file_facts, "_SERVE", code)
    count, found = examined(settings, monkeypatch)
    assert count == len(found) == MANY


def test_what_was_kept_is_not_examined_again(settings, monkeypatch) -> None:
    first = read(settings, keep=True)
    file = settings.components / "c001" / "entities.py"
    file.write_text("x = 1\n")
    count, second = examined(settings, monkeypatch)
    assert count == 1
    assert second.pop(str(file)).faults == []
    first.pop(str(file))
    assert {path: each.declared for path, each in second.items()} == {
        path: each.declared for path, each in first.items()
    }


def test_no_helper_is_left_where_none_is_needed(settings) -> None:
    with Reading(settings, discover(settings.components)) as reading:
        process: subprocess.Popen = reading._helper._process
    assert process.returncode is not None
    assert not Path(f"/proc/{process.pid}").exists()
