"""What a release says of itself is the same wherever it stands."""

import re
from configparser import ConfigParser
from pathlib import Path

from berceau import __version__

ROOT = Path(__file__).parents[2]


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    releases = re.findall(
        r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert releases[0] == __version__


def test_ci_tries_each_python_that_is_promised() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    promised = re.findall(r"Python :: (3\.\d+)", setup["metadata"]["classifiers"])
    oldest, *others = promised
    assert f"for version in {' '.join(others)}; do" in (ROOT / ".ci" / "run").read_text()
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.findall(r"^ +(3\.\d+)$", workflow, re.MULTILINE) == [*reversed(others), oldest]
