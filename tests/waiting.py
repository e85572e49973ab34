"""Wait for what other threads and processes do, as long as the slowest machine takes."""

import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 600
"""How long anything is waited for, such as pip. Only a defect takes so long."""
LONG = 1e9
"""Seconds that no test takes: what is kept for so long is still kept at the test's end."""


def wait_until(
    condition: Callable[[], T],
    log: Path | None = None,
    process: "Popen[Any] | None" = None,
) -> T:
    """Return what ``condition`` returns, once that is true.

    It fails with the text of ``log`` where that takes too long, or where ``process`` ends first.
    """
    end = time.monotonic() + SECONDS
    while not (found := condition()):
        assert process is None or process.poll() is None, f"it ended: {_text(log)}"
        assert time.monotonic() < end, f"waited in vain: {_text(log)}"
        time.sleep(0.02)
    return found


def _text(log: Path | None) -> str:
    return log.read_text() if log and log.exists() else "there is no log"
