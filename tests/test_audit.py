"""The audit of dependencies fails for what is vulnerable, and for what it couldn't check."""

import json
import runpy
from pathlib import Path

judge = runpy.run_path(str(Path(__file__).parents[1] / ".ci" / "audit.py"))["judge"]

# As pip-audit 2.10 writes them.
SOUND = {"name": "waitress", "version": "3.0.2", "vulns": []}
VULNERABLE = {
    "name": "waitress",
    "version": "2.1.2",
    "vulns": [
        {"id": "PYSEC-2024-211", "fix_versions": ["3.0.1"], "aliases": [], "description": ""}
    ],
}
SKIPPED = {"name": "pony", "skip_reason": "Dependency not found on PyPI and could not be audited"}
OURS = {"name": "berceau", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def report(*dependencies) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_what_is_sound_passes() -> None:
    good, lines = judge(report(SOUND, OURS), required=True)
    assert good
    assert lines == ["audited: 1 of 1 distributions"]


def test_what_is_vulnerable_fails_and_is_named() -> None:
    good, lines = judge(report(VULNERABLE, SKIPPED), required=False)
    assert not good
    assert lines[0] == "waitress 2.1.2: PYSEC-2024-211; fixed in 3.0.1"


def test_what_was_not_looked_up_is_no_success() -> None:
    for nothing in (report(SKIPPED), report(), ""):
        good, lines = judge(nothing, required=False)
        assert good
        assert "NOT AUDITED" in lines[-1]
        assert not judge(nothing, required=True)[0]
