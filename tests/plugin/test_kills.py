"""Runs of pytest that are killed at any moment, two at a time, and the runs that come after.

``BERCEAU_KILLS=50 pytest tests/plugin/test_kills.py`` kills more of them.
"""

import os
import random
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from subprocess import Popen

import psutil
import pytest

from tests.conftest import Project
from tests.plugin.test_isolation import HEADER, MANIFEST, THING, VIEWS

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("BERCEAU_KILLS", "2"))
LANES = 2
TESTS = """
import time

ROUNDS = pytest.mark.parametrize("number", range(10))

@ROUNDS
def test_rolled_back(app, number):
    assert app.get("/things").json == []
    assert app.get("/things?name=Ada").json == ["Ada"]
    time.sleep(0.02)

@ROUNDS
@pytest.mark.commits
def test_committed(app, number):
    assert add("Ada") == 1
    time.sleep(0.02)
    assert app.get("/things").json == ["Ada"]

@pytest.mark.commits
def test_many(db):
    for number in range(20):
        add(f"{number}")
    assert len(names()) == 20
"""


@pytest.fixture
def blog(connected) -> Project:
    connected.component("blog", THING, __init__=MANIFEST, views=VIEWS)
    connected.write("components/blog/tests/test_things.py", HEADER + TESTS)
    connected.succeed("migrate")
    return connected


def start(project, log) -> Popen[str]:
    with log.open("w") as output:
        return project.start("pytest", "-v", "-n", "2", "-p", "no:cacheprovider", output=output)


def kill(process, chance) -> None:
    """Kill the controller, or all processes of the run at the same moment."""
    with suppress(psutil.NoSuchProcess):  # it may have ended
        controller = psutil.Process(process.pid)
        workers = controller.children(recursive=True) if chance.random() < 0.5 else []
        for each in (controller, *workers):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()


def complaints(log) -> list[str]:
    return re.findall(r".*(?:FAILED|ERROR|INTERNALERROR).*", log.read_text())


def test_no_kill_makes_another_run_fail(blog, tmp_path) -> None:
    whole = tmp_path / "whole.log"
    began = time.monotonic()
    assert start(blog, whole).wait() == 0, whole.read_text()
    duration = time.monotonic() - began

    def lane(number) -> list[str]:
        """Kill runs, each followed by one that must succeed; return what any complained of."""
        chance, found = random.Random(number), []
        for turn in range(KILLS // LANES):
            log = tmp_path / f"{number}-{turn}"
            killed = start(blog, log)
            with suppress(subprocess.TimeoutExpired):
                killed.wait(chance.uniform(0, duration))
            kill(killed, chance)
            found += complaints(log)
            after = start(blog, log)
            if after.wait() != 0:
                found.append(log.read_text())
        return found

    with ThreadPoolExecutor(LANES) as lanes:
        assert list(lanes.map(lane, range(LANES))) == [[]] * LANES
