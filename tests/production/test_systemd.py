"""The units of docs/production, as systemd judges them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.production.conftest import program, shown


@pytest.fixture(params=["shop", "shop-worker"])
def unit(tmp_path, request) -> Path:
    """A unit, for a program and an account that this machine has."""
    scripts = str(Path(sys.executable).parent)
    text = shown(
        f"{request.param}@.service",
        {"/srv/shop/.venv/bin": scripts, "WorkingDirectory=/srv/shop": "WorkingDirectory=/"}
        | {"User=shop": "User=daemon"},
    )
    template = tmp_path / f"{request.param}@.service"
    template.write_text(text)
    unit = tmp_path / f"{request.param}@3.service"
    unit.symlink_to(template.name)
    return unit


def test_it_has_no_mistake(unit) -> None:
    command = [program("systemd-analyze"), "verify", "--man=no", unit]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_exposes_little(unit) -> None:
    command = [program("systemd-analyze"), "security", "--offline=true", "--threshold=20", unit]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
