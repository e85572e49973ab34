"""What the pages say of files is true: links lead somewhere, and every room is on the plan."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_architecture_names_every_room() -> None:
    rooms = {path.stem for path in (ROOT / "berceau").iterdir() if not path.name.startswith("_")}
    table = (ROOT / "docs" / "architecture.md").read_text()
    named = {name.rstrip("/") for name in re.findall(r"^\| `([\w/]+)(?:\.py)?` \|", table, re.M)}
    assert rooms - {"py"} <= named


def test_the_readme_leads_to_every_guide() -> None:
    readme = (ROOT / "README.md").read_text()
    guides = {f"docs/guide/{path.name}" for path in ROOT.glob("docs/guide/*.md")}
    assert guides == {path for path, _ in LINK.findall(readme) if path.startswith("docs/guide/")}
