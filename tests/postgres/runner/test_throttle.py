"""Batches wait for a replica that is behind, and not for one that they may not see."""

import threading
import time

import pytest

from berceau.migration.batches import Options
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.runner import throttle
from berceau.postgres.runner.throttle import Throttle
from tests.replication import nodes

OPTIONS = Options(pause=0.5, lag=0)


def test_a_pause_is_a_part_of_what_the_batch_took(connection, monkeypatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(throttle.time, "sleep", slept.append)
    Throttle(connection, OPTIONS, "m", pytest.fail).pause(0.2)
    assert slept == [0.1]


@pytest.mark.slow
def test_a_replica_that_is_behind_is_waited_for_and_said_once(monkeypatch) -> None:
    heard: list[str] = []
    with nodes(2) as (primary, standby):
        primary.make()
        primary.start()
        standby.make_standby(primary, "reader")
        standby.start()
        primary.wait_until_followed()
        with connect(primary.url, autocommit=True) as connection:
            execute(connection, "CREATE TABLE t (a int)")
            waits = Throttle(connection, OPTIONS, "m, statement 2", heard.append)
            standby.ask("SELECT pg_wal_replay_pause()")
            _fall_behind(connection)
            resume = threading.Timer(1.5, standby.ask, ["SELECT pg_wal_replay_resume()"])
            resume.start()
            started = time.monotonic()
            waits.pause(0)
            assert time.monotonic() - started > 1
            resume.join()
            standby.ask("SELECT pg_wal_replay_pause()")
            _fall_behind(connection)
            monkeypatch.setattr(throttle, "LONGEST_SECONDS", 0.1)
            waits.pause(0)
    (said,) = heard
    assert said.startswith("m, statement 2 waits for reader, which is ")


def _fall_behind(connection) -> None:
    """Let the standby note that it doesn't replay: it measures by what is written."""
    for _ in range(10):
        execute(connection, "INSERT INTO t VALUES (1)")
        time.sleep(0.02)
