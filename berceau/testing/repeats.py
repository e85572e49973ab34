"""Queries in a loop (N+1): the same shape of query, from the same line, again and again."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from berceau.lines import Lines
from berceau.testing.options import N_PLUS_ONE
from berceau.testing.shaping import Shapes

if TYPE_CHECKING:
    from pathlib import Path

    from berceau.orm.loops import Loops
    from berceau.postgres.pooling.queries import Recorder, Sent


class Repeats:
    """Fails tests in which one line sends the same query more than ``limit`` times."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._limit = int(config.getoption(N_PLUS_ONE))
        self._lines = Lines(root, [root / "components"])
        self._shapes = Shapes()
        self._calls: list[Any] = []
        self._loops: Loops | None = None

    @classmethod
    def wanted(cls, config: pytest.Config) -> bool:
        """Return whether a limit is given."""
        return config.getoption(N_PLUS_ONE) is not None

    def watch(self, recorder: Recorder) -> None:
        """Look at the queries that ``recorder`` is told, and at the lines that send them."""
        recorder.listen(self._note)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Fail a test that would pass, if it repeats queries."""
        from berceau.orm.loops import Loops

        self._loops = loops = Loops(self._lines, self._limit)
        try:
            result = yield
        finally:
            self._loops = None
            self._calls.clear()
        if found := loops.found():
            told = (f"{each.told}\n    {each.text}\n{each.cure}" for each in found)
            pytest.fail("\n".join(told), pytrace=False)
        return result

    def _note(self, sent: Sent) -> None:
        text = self._shapes.of(sent)
        if self._loops is not None and text:
            from berceau.web.logs import REQUEST
            from berceau.web.queries import RENDERING

            request = REQUEST.get()
            self._loops.add(text, self._call(request), RENDERING if request else "")

    def _call(self, request: Any) -> int:
        """Return which call of the components' code this is: a test may have a loop of its own.

        What renders the result of a ``request`` is a call, too.
        """
        outermost = self._lines.outermost() or request
        # What is kept is the same object as long as its call runs, and no later one is.
        if not self._calls or self._calls[-1] is not outermost:
            self._calls.append(outermost)
        return len(self._calls)
