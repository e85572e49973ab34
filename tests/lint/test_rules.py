"""Every rule is in the guide, and every code is a rule's."""

import re
from pathlib import Path

from berceau.lint.rules import RULES

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide/lint.md").read_text()
SOURCES = [*ROOT.glob("berceau/lint/*.py")]


def test_the_guide_has_the_rules_as_they_are() -> None:
    lines = ["| Code | Finds | Why | Cure |", "|---|---|---|---|"]
    for rule in RULES.values():
        what = f"**{rule.what}**" if rule.level == "error" else rule.what
        lines.append(f"| {rule.code} | {what} | {rule.why} | {rule.cure} |")
    table = "\n".join(lines)
    assert f"<!-- rules -->\n\nErrors are in bold.\n\n{table}\n\n<!-- end of rules -->" in GUIDE


def test_every_rule_is_applied() -> None:
    texts = "".join(path.read_text() for path in SOURCES if path.name != "rules.py")
    texts += (ROOT / "berceau/workflows/build/component_lint.py").read_text()
    assert set(re.findall(r'"(L\d{3})"', texts)) == set(RULES)
