"""Where the time of one command goes: it runs with the functions that do the work timed.

Run in a project: python phases.py migrate --name more
A function's time is its own: what it spends in another one of these counts there.
"""

import functools
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FUNCTIONS = {
    "look for changed sources": [
        "build.build:look",
        "build.declared:look",
        "build.record:BuildRecord.is_fresh",
    ],
    "import and map entities": [
        "build.build:compose_uncached",
        "build.declared:compose_uncached",
    ],
    "lint": ["build.build:Reading", "build.component_lint:examine"],
    "write the build": ["build.build:_build"],
    "read what is declared": ["build.declared:declared"],
    "find the server, take the lock": [
        "write.migrate:resolve_databases",
        "write.migrate:deploying",
    ],
    "see what is pending, apply": ["write.migrate:apply_pending"],
    "entities as PostgreSQL sees them": ["write.planner:desired"],
    "migrations as PostgreSQL sees them": ["write.planner:replay_cached"],
    "compare": ["write.planner:_differ", "write.planner:Planner._part", "write.draft:between"],
    "plan": ["write.planner:Planner.plan", "write.draft:settle"],
    "validate, up and down": ["write.draft:Draft.plan", "write.draft:prove"],
    "write the migration": [
        "write.migrate:to_migration",
        "write.migrate:migration_directory.save",
        "write.migrate:remember",
    ],
    "look for lost rows": ["write.migrate:refuse_loss"],
}
"""Names in the modules of ``berceau.workflows``, by what they do."""

REST = "everything else"


class Clock:
    """Adds time to the phase that is on; phases inside of others put these on hold."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._on = [REST]
        self._since = time.perf_counter()

    def switch(self) -> None:
        """Book the time since the last switch."""
        now = time.perf_counter()
        self.seconds[self._on[-1]] = self.seconds.get(self._on[-1], 0.0) + now - self._since
        self._since = now

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function``, with its time on ``phase``."""

        @functools.wraps(function, updated=())
        def run(*args: Any, **kwargs: Any) -> Any:
            self.switch()
            self._on.append(phase)
            try:
                return function(*args, **kwargs)
            finally:
                self.switch()
                self._on.pop()

        return run


def main() -> None:
    """Run the command of the arguments, and write the seconds of its phases to phases.json."""
    clock = Clock()
    from invoke.main import program

    importlib.import_module("berceau.tasks")
    clock.switch()
    clock.seconds = {"start, and import of Berceau": clock.seconds.pop(REST)}
    for phase, names in FUNCTIONS.items():
        for name in names:
            module, _, names_in_module = name.partition(":")
            *path, function = names_in_module.split(".")
            holder = importlib.import_module(f"berceau.workflows.{module}")
            for each in path:
                holder = getattr(holder, each)
            setattr(holder, function, clock.timed(phase, getattr(holder, function)))
    clock.switch()
    try:
        program.run(["invoke", *sys.argv[1:]])
    finally:
        clock.switch()
        Path("phases.json").write_text(json.dumps(clock.seconds))


if __name__ == "__main__":
    main()
