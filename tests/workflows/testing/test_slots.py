"""A copy has one holder at a time, and copies are made in turn."""

import multiprocessing
import os
import signal
import time

import pytest

from berceau.postgres.core.connection import connect
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.testing import slots
from berceau.workflows.testing.isolation import private_schema
from tests.waiting import SECONDS
from tests.workflows.testing.copies import BOTH, identity, visit


def hold(settings, isolation, ready) -> None:
    with private_schema(settings, isolation=isolation) as private:
        ready.put(identity(private))
        signal.pause()


@BOTH
def test_a_killed_run_leaves_its_slot_to_the_next(settings, isolation) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=hold, args=(settings, isolation, ready))
    process.start()
    first = ready.get(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert visit(settings, isolation) == first


def test_copies_are_made_in_turn_but_no_stopped_process_is_waited_for_long(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(slots, "TURN_SECONDS", 0.3)
    with (
        connect(resolve_databases(settings).migration_url) as first,
        connect(resolve_databases(settings).migration_url) as second,
    ):
        first.autocommit = second.autocommit = True
        with slots.turn(first, "any_1"):
            begin = time.monotonic()
            with slots.turn(second, "any_2"):
                assert time.monotonic() - begin >= 0.3
            with pytest.raises(ZeroDivisionError), slots.turn(second, "any_3"):
                _ = 1 / 0
        monkeypatch.setattr(slots, "TURN_SECONDS", SECONDS)
        begin = time.monotonic()
        with slots.turn(second, "any_4"):
            assert time.monotonic() - begin < SECONDS
