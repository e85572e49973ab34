"""Judge pip-audit's report: pip-audit calls it a success when it could look nothing up.

``audit.py REPORT`` fails where a distribution has a known vulnerability, and says which ones
it could not look up. With ``BERCEAU_AUDIT=required`` it fails there, too.
"""

import json
import os
import sys
from pathlib import Path

OURS = "berceau"


def judge(report: str, *, required: bool) -> tuple[bool, list[str]]:
    """Return whether the JSON ``report`` is good enough, and the lines that say why."""
    found = json.loads(report)["dependencies"] if report.strip() else []
    others = [each for each in found if each["name"] != OURS]
    skipped = [each["name"] for each in others if "skip_reason" in each]
    vulnerable = [each for each in others if each.get("vulns")]
    lines = [
        f"{each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}; "
        f"fixed in {', '.join(sorted({v for one in each['vulns'] for v in one['fix_versions']}))}"
        for each in vulnerable
    ]
    audited = len(others) - len(skipped)
    lines.append(f"audited: {audited} of {len(others)} distributions")
    if skipped or not others:
        lines.append(
            "NOT AUDITED, since the service of vulnerabilities doesn't answer here: "
            + (", ".join(skipped) if audited else "all of them")
        )
    complete = bool(others) and not skipped
    return not vulnerable and (complete or not required), lines


def main() -> None:
    """Read the report whose path is the only argument."""
    good, lines = judge(
        Path(sys.argv[1]).read_text(), required=os.environ.get("BERCEAU_AUDIT") == "required"
    )
    print("\n".join(lines))
    sys.exit(not good)


if __name__ == "__main__":
    main()
