"""What tests leave of folders and servers of their own: nothing, however the run ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from berceau.postgres.embedded.postmaster import is_alive
from tests.conftest import ROOT
from tests.folders import open_folder, remove_abandoned

WAITING = """
import pytest
import time
from tests.folders import open_folder

@pytest.fixture
def folder():
    with open_folder() as folder:
        yield folder

def test_waits(folder):
    print(folder, flush=True)
    time.sleep(600)
"""
SERVING = """
import time
from berceau.postgres.embedded.server import EmbeddedServer
from tests.folders import open_folder

with open_folder() as folder:
    server = EmbeddedServer(folder / "project" / ".berceau" / "postgres")
    server.start()
    print(folder, server.status().pid, server.status().socket, sep="\\n", flush=True)
    time.sleep(600)
"""


def kill(number: int, *command: object) -> tuple[int, list[str]]:
    """Run Python until it has printed something, and send it the signal ``number``.

    Returns its exit status, and the lines that it printed.
    """
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        first = process.stdout.readline()
        process.send_signal(number)
        lines = [first, *process.stdout]
    return process.returncode, [line.rstrip("\n") for line in lines]


@pytest.mark.slow
def test_a_run_that_is_told_to_end_removes_its_folders(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(WAITING)
    options = ("-qs", "-n0", "-p", "tests.conftest", "--rootdir", ROOT)
    status, lines = kill(signal.SIGTERM, "-m", "pytest", *options, test)
    assert status == pytest.ExitCode.INTERRUPTED
    assert not Path(lines[0]).exists()


@pytest.mark.slow
def test_the_next_run_removes_what_a_killed_one_left() -> None:
    _, (folder, server, socket) = kill(signal.SIGKILL, "-c", SERVING)
    assert is_alive(int(server))
    remove_abandoned()
    assert not is_alive(int(server))
    assert not Path(folder).exists()
    assert not Path(socket).exists()


def test_a_folder_in_use_stays() -> None:
    with open_folder() as folder:
        remove_abandoned()
        assert folder.exists()
    assert not folder.exists()
