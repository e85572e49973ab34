"""Tests marked ``slow``: ``--without-slow`` leaves them out, and the summary has their number."""

import re
from pathlib import Path
from typing import Any

import pytest

from berceau.testing.options import WITHOUT_SLOW

MARKER = "slow: takes long; `invoke test` leaves it out, unless `--all` is given"
_NAMED = "berceau_named"
_LEFT_OUT = "berceau_left_out"


class SlowTests:
    """Leaves the slow tests of a run out, except those of a file that was named.

    Where an expression of ``-m`` mentions ``slow``, it decides alone.
    """

    def __init__(self, config: pytest.Config) -> None:
        given = getattr(
            config, "workerinput", None
        )  # pytest-xdist's workers aren't told the source
        self._named = frozenset(_named_files(config) if given is None else given[_NAMED])
        self._left_out = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what other options selected."""
        if re.search(r"\bslow\b", config.getoption("markexpr")):
            return
        left_out = [each for each in items if self._leaves_out(each)]
        if left_out:
            items[:] = [each for each in items if not self._leaves_out(each)]
            config.hook.pytest_deselected(items=left_out)
            self._left_out = len(left_out)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Pass the names of the given files to a worker of pytest-xdist."""
        node.workerinput[_NAMED] = list(self._named)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Report what a worker left out to the controller, which collects nothing."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_LEFT_OUT] = self._left_out

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Note what a worker left out: all of them collect the same tests."""
        left_out = getattr(node, "workeroutput", {}).get(_LEFT_OUT, 0)
        self._left_out = max(self._left_out, left_out)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print how many tests were left out, and how they are run."""
        if self._left_out:
            tests = "1 test" if self._left_out == 1 else f"{self._left_out} tests"
            terminalreporter.write_line(
                f"Left out: {tests} marked slow. `invoke test --all` runs all."
            )

    def _leaves_out(self, item: pytest.Item) -> bool:
        is_slow = item.get_closest_marker("slow") is not None
        return is_slow and str(item.path.resolve()) not in self._named


def register(config: pytest.Config) -> None:
    """Make the marker known, and let the option have its effect."""
    config.addinivalue_line("markers", MARKER)
    if config.getoption(WITHOUT_SLOW):
        config.pluginmanager.register(SlowTests(config), "berceau-slow")


def _named_files(config: pytest.Config) -> list[str]:
    """Return the files of which the command line names tests, and not only their folder."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    files = (Path(config.invocation_params.dir, each.partition("::")[0]) for each in config.args)
    return [str(file.resolve()) for file in files if file.is_file()]
