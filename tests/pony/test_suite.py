"""Pony's own test-suite: what passes on plain Pony passes through Berceau."""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from berceau.postgres.core.connection import Connection
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.inspect.scratch import scratch
from berceau.workflows.shared.databases import Databases
from tests.conftest import ROOT
from tests.pony.suite import FOLDER, PASSED

KNOWN = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())
ADVICE = "Compare pony/orm/tests with its source distribution, and see what differs now."


def checksum(folder: Path) -> str:
    """Return the hash of the files in ``folder``, with their names."""
    found = hashlib.sha256()
    for file in sorted(each for each in folder.iterdir() if each.is_file()):
        found.update(f"{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()


def start(server: Databases, connection: Connection, *options: str) -> subprocess.Popen[str]:
    url = server.migration_url.with_schema(fetch_value(connection, "SELECT current_schema()"))
    command = [sys.executable, "-m", "tests.pony.suite", url.with_password(), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=-1, stderr=-1, text=True)


def outcomes(process: subprocess.Popen[str]) -> dict[str, str]:
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    return {name.removeprefix("pony.orm.tests."): text for name, text in json.loads(out).items()}


def test_the_suite_is_the_one_that_was_published() -> None:
    assert checksum(FOLDER) == KNOWN["sha256"], ADVICE


@pytest.mark.slow
def test_what_passes_on_plain_pony_passes_through_berceau(server: Databases) -> None:
    with scratch(server.migration_url) as one, scratch(server.migration_url) as other:
        plain = start(server, one)
        ours = start(server, other, "--berceau", "--naive", *KNOWN["naive"])
        expected, found = outcomes(plain), outcomes(ours)
    passed = {name for name, outcome in expected.items() if outcome == PASSED}
    assert len(passed) > 3800
    lost = {name: found.get(name, "not run") for name in passed if found.get(name) != PASSED}
    assert lost.keys() == KNOWN["differences"].keys(), lost
