"""What the README promises: its commands work from nothing, and what it shows is there."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SERVE, TEST, SERVE_WITH_UV = re.findall(r"^```sh\n(.+)\n```$", README, re.MULTILINE)
DEMO = ROOT / "components" / "demo"

in_ci = pytest.mark.skipif(
    not os.environ.get("CI"), reason="installs everything again: set CI=true to run it"
)
with_uv = pytest.mark.skipif(shutil.which("uv") is None, reason="uv isn't installed")


def blocks(info: str) -> list[str]:
    return re.findall(rf"^```{info}\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@in_ci
@pytest.mark.parametrize(
    "command", [SERVE, pytest.param(SERVE_WITH_UV, marks=with_uv)], ids=["pip", "uv"]
)
def test_the_first_command_leads_from_nothing_to_the_demo(checkout, command) -> None:
    python = Path(sys.executable).resolve().parent
    checkout.environment["PATH"] = f"{python}{os.pathsep}{checkout.environment['PATH']}"
    with checkout.running(command, lambda log: "Serving on" in log):
        assert "Write a post" in checkout.get("/demo/posts")
    assert (checkout.root / ".venv").is_dir()


def test_ci_runs_the_second_command() -> None:
    assert f"{TEST} --all" in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_folder_is_listed_as_it_is() -> None:
    (listing,) = (block for block in blocks("text") if block.startswith("components/demo/"))
    listed = {line.split()[0].rstrip("/") for line in listing.splitlines()[1:]}
    assert listed == {path.name for path in DEMO.iterdir() if path.name != "__pycache__"}


@pytest.mark.parametrize(
    ("info", "source"),
    [
        ("py", DEMO / "entities.py"),
        ("sql", next((ROOT / "migrations").glob("*_init")) / "migration.sql"),
    ],
    ids=["entities", "migration"],
)
def test_excerpts_are_true(info, source) -> None:
    (excerpt,) = blocks(info)
    constants = {"TITLE_LENGTH": "200"}
    text = source.read_text()
    for name, value in constants.items():
        text = text.replace(name, value)
    missing = set(excerpt.splitlines()) - set(text.splitlines()) - {"    ..."}
    assert not missing
