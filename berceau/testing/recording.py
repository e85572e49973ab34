"""The shapes of all queries of a test run, and the lines of code that sent them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from berceau.testing.options import RECORD
from berceau.testing.shaping import Shapes

if TYPE_CHECKING:
    from pathlib import Path

    from berceau.postgres.pooling.queries import Recorder, Sent

CHANNEL = "berceau_recorded"


class Tally:
    """How often a shape ran, the rows and seconds of all, and how often which line sent it."""

    def __init__(
        self,
        calls: int = 0,
        rows: int = 0,
        seconds: float = 0,
        lines: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.calls, self.rows, self.seconds = calls, rows, seconds
        self.lines = Counter(lines)

    def add(self, other: Tally) -> None:
        """Count what ``other`` did, too."""
        self.calls += other.calls
        self.rows += other.rows
        self.seconds += other.seconds
        self.lines.update(other.lines)

    def sent(self) -> tuple[int, int, float, dict[str, int]]:
        """Return what makes another of it in another process."""
        return self.calls, self.rows, self.seconds, dict(self.lines)


class Recording:
    """Counts queries in each test process; where it is asked to, the last one writes the file."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        from berceau.lines import Lines

        self._config = config
        self._root = root
        self._writes = bool(config.getoption(RECORD))
        self._lines = Lines(root, [root / "components"])
        self._tallies: dict[str, Tally] = {}
        self._shapes = Shapes()

    @property
    def shapes(self) -> frozenset[str]:
        """The shapes of the queries so far, in all processes that ended."""
        return frozenset(self._tallies)

    def watch(self, recorder: Recorder) -> None:
        """Count what ``recorder`` is told from now on."""
        recorder.listen(self._count)

    def _count(self, sent: Sent) -> None:
        text = self._shapes.of(sent)
        if not text:
            return
        tally = self._tallies.get(text)
        if tally is None:
            tally = self._tallies[text] = Tally()
        tally.calls += sent.calls
        tally.rows += sent.rows
        tally.seconds += sent.seconds
        if self._writes and (line := self._lines.innermost()):
            tally.lines[line] += sent.calls

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker that ended has counted."""
        for text, tally in getattr(node, "workeroutput", {}).get(CHANNEL, {}).items():
            self._tallies.setdefault(text, Tally()).add(Tally(*tally))

    # Outside of what compares the plans, which may take a while.
    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Hand on what was counted, or write the file."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[CHANNEL] = {text: tally.sent() for text, tally in self._tallies.items()}
        result = yield
        if output is None and self._writes and self._tallies:
            self._write(is_complete=session.exitstatus == pytest.ExitCode.OK)
        return result

    def _write(self, *, is_complete: bool) -> None:
        """Write the file; what a run of some tests didn't ask stays in it."""
        from berceau.errors import StatisticsError
        from berceau.planner.recorded import FILE, Recorded, from_text, to_text
        from berceau.settings import load
        from berceau.workflows.shared import files

        file = load(self._root).state / FILE
        found = {
            text: Recorded(
                *(text, each.calls, each.rows, each.seconds),
                tuple(line for line, _ in each.lines.most_common()),
            )
            for text, each in self._tallies.items()
        }
        if not is_complete or is_partial(self._config):
            try:
                before = from_text(file.read_text(encoding="utf-8"))
            except (FileNotFoundError, StatisticsError):
                before = ()
            found = {**{each.text: each for each in before}, **found}
        files.keep(file, to_text(found.values()))


def is_partial(config: pytest.Config) -> bool:
    """Return whether some tests were chosen for this run."""
    chosen = config.args_source is pytest.Config.ArgsSource.ARGS
    return bool(chosen or config.option.keyword or config.option.markexpr)
