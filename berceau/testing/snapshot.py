"""The plans of all queries of a test run, compared with those in ``tests/plans.json``."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from berceau.errors import BerceauError, PlanError
from berceau.testing.options import UPDATE_PLANS, WITHOUT_SLOW
from berceau.testing.recording import is_partial

if TYPE_CHECKING:
    from pathlib import Path

    from berceau.planner.snapshot import Planned
    from berceau.testing.recording import Recording

FILE = "tests/plans.json"
# An INSERT has no plan to speak of.
_WITH_PLAN = re.compile(r"[\s(]*(?:SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_RAN = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class Snapshot:
    """Compares the plans of what was recorded in all test processes, in the last one."""

    def __init__(self, config: pytest.Config, root: Path, recording: Recording) -> None:
        self._config = config
        self._root = root
        self._updates = bool(config.getoption(UPDATE_PLANS))
        self._recording = recording
        self._report: list[str] = []

    @classmethod
    def wanted(cls, config: pytest.Config, root: Path) -> bool:
        """Return whether there are plans to compare with, or some are to be written."""
        return bool(config.getoption(UPDATE_PLANS)) or (root / FILE).is_file()

    # The innermost wrapper: workers have sent what they found, and the summary isn't printed yet.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Hand the shapes on, or plan and compare them."""
        result = yield
        is_worker = hasattr(self._config, "workeroutput")
        if not is_worker and self._shapes and session.exitstatus in _RAN:
            try:
                failed = self._compare(complete=session.exitstatus == pytest.ExitCode.OK)
            except BerceauError as error:
                failed = True
                self._report += str(error).splitlines()
            if failed:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what changed."""
        if self._report:
            terminalreporter.section(f"plans, compared with {FILE}")
            for line in self._report:
                terminalreporter.write_line(line)

    @property
    def _shapes(self) -> list[str]:
        return [text for text in self._recording.shapes if _WITH_PLAN.match(text)]

    def _compare(self, *, complete: bool) -> bool:
        """Report on the plans, or write them; return whether one got worse."""
        from berceau.planner.snapshot import from_text, to_text, worse, worse_changed
        from berceau.workflows.shared import files

        file = self._root / FILE
        before = from_text(file.read_text(encoding="utf-8")) if file.is_file() else {}
        now, notes = self._plan(self._shapes)
        of_some = is_partial(self._config) or self._config.getoption(WITHOUT_SLOW)
        has_all = complete and not of_some
        if self._updates:
            changed = files.write(file, to_text(now if has_all else {**before, **now}))
            self._report.append(f"{'wrote' if changed else 'nothing changed in'} {FILE}")
            return False
        found = list(worse(before, now))
        if has_all:  # else, one that wasn't asked may be one whose test didn't run
            found += worse_changed(before, now)
        for each in found:
            self._report += ["", *str(each).splitlines()]
        if found:
            self._report += [
                *("", *notes),
                f"{len(found)} of {len(now)} plans got worse. Correct the query or its index. If "
                f"it is meant, run the tests with {UPDATE_PLANS}.",
            ]
        if new := len(now.keys() - before.keys() - {each.query for each in found}):
            self._report.append(f"{new} new: {UPDATE_PLANS} adds them.")
        return bool(found)

    def _plan(self, shapes: Iterable[str]) -> tuple[dict[str, Planned], list[str]]:
        """Return the plans of ``shapes``, and lines on how the statistics differ from the schema.

        Those of a table that a test made, or that isn't the project's, have none: that is reported.
        """
        from berceau.planner.snapshot import Planned
        from berceau.planner.statistics import QueryStatistics
        from berceau.planner.unplanned import Unplanned, note
        from berceau.settings import load
        from berceau.testing.plans import Plans

        plans = Plans(load(self._root))
        try:
            file = plans.file(None)
            found, unplanned = {}, []
            for text in sorted(shapes):
                try:
                    found[text] = Planned.of(plans.plan(text, file))
                except PlanError as error:
                    query = QueryStatistics(text, 0, 0.0, 0)
                    unplanned.append(Unplanned(query, error.reason))
            if unplanned:
                self._report.append(note(unplanned))
            return found, plans.notes(file)
        finally:
            plans.close()
