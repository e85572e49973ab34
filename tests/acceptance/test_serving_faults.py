"""Processes, connections and servers die while visitors read and write: nothing is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pooler import needs_pgbouncer

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        "kill -9",
        "connections terminated",
        "crashed",
        "failover",
        pytest.param("PgBouncer", marks=needs_pgbouncer),
    ],
)
def test_what_was_acknowledged_is_there_once(fault) -> None:
    command = [sys.executable, ROOT / "benchmarks/faults.py", "--only", fault, "--seconds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    _, line = ended.stdout.splitlines()
    saved, _failed, lost, doubled, mixed, *recovery = line[34:].split()
    assert int(saved) > 0
    assert (lost, doubled, mixed) == ("0", "0", "0")
    assert recovery[-1] == "s"
