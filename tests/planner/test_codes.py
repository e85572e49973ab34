import re

from berceau.planner.codes import CODES
from tests.conftest import ROOT


def test_the_guide_has_every_code() -> None:
    guide = (ROOT / "docs" / "guide" / "queries.md").read_text()
    assert set(re.findall(r"^\| (A\d+) \|", guide, re.MULTILINE)) == CODES
