"""What requests ask the database: slow queries and loops in the log, and a list for who looks."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyramid.request import Request

from berceau.components import Component
from berceau.lines import Lines
from berceau.orm.loops import Loop, Loops
from berceau.orm.statistics import Listener, watch_all, watching
from berceau.planner.shapes import shape_of_template
from berceau.web.metrics import Metrics, route_of
from berceau.web.registry import METRICS, RUNNING, settings_of
from berceau.workflows.serve.start import Running

log = logging.getLogger("berceau.queries")

LONGEST_TEXT = 2000
RENDERING = "rendering the response"
"""It reads attributes of entities that a view returned."""
MOST_LOOPS = 3
"""So many loops of a request are named: one is corrected after the other."""


@dataclass(frozen=True)
class Ran:
    """A query: its text without values, its seconds and rows, and the line that sent it."""

    text: str
    seconds: float
    rows: int
    line: str | None


@dataclass
class QueryLog:
    """The first ``most`` queries of whom it listens to, and how many more were ``left_out``.

    Use it so: ``with watching(query_log):``
    """

    lines: Lines
    most: int = 200
    queries: list[Ran] = field(default_factory=list)
    left_out: int = 0

    def __call__(self, sql: str, seconds: float, rows: int) -> None:
        """Note a query whose sender waits."""
        if len(self.queries) >= self.most:
            self.left_out += 1
            return
        text = shape_of_template(sql)[:LONGEST_TEXT]
        self.queries.append(Ran(text, seconds, rows, self.lines.innermost()))


def lines_of(root: Path, components: Iterable[Component]) -> Lines:
    """Return the lines of the ``components`` of the project in ``root``, wherever they are."""
    return Lines(root, [each.path for each in components])


class Watcher:
    """Watches the queries of the application with this ``registry``, as its settings want it."""

    def __init__(self, registry: Any) -> None:
        settings = settings_of(registry.settings)
        running: Running = registry[RUNNING]
        self._lines = lines_of(settings.root, running.components)
        self._metrics: Metrics = registry[METRICS]
        self._slow = settings.query_limits.slow_query or float("inf")
        self._most = settings.query_limits.n_plus_one if settings.development else None

    @contextmanager
    def watch(self, request: Request) -> Iterator[None]:
        """Watch the queries of the body, which answers ``request``."""
        with watching(self._noting_slow(request)):
            if self._most is None:
                yield
                return
            loops = Loops(self._lines, self._most)
            try:
                with watching(lambda sql, *_: loops.add(shape_of_template(sql), None, RENDERING)):
                    yield
            finally:
                found = loops.found()
                if found:
                    log.warning("%s: %s", _name(request), _about(found))

    def watch_jobs(self) -> None:
        """Watch the queries of all threads of this process, which runs jobs."""
        watch_all(self._noting_slow(None))

    def _noting_slow(self, request: Request | None) -> Listener:
        slow = self._slow

        def note(sql: str, seconds: float, rows: int) -> None:
            if seconds >= slow:
                self._log(request, sql, seconds, rows)

        return note

    def _log(self, request: Request | None, sql: str, seconds: float, rows: int) -> None:
        line = self._lines.innermost()
        text = shape_of_template(sql)[:LONGEST_TEXT]
        milliseconds = round(seconds * 1000, 1)
        fields = {"duration_ms": milliseconds, "rows": rows, "line": line, "query": text}
        if request is not None:
            self._metrics.count_slow(request)
            fields |= {"method": request.method, "route": route_of(request)}
        log.warning(
            "slow query: %g ms, %d rows, %s%s: %s",
            *(milliseconds, rows, _name(request), f" at {line}" if line else "", text),
            extra=fields,
        )


def _name(request: Request | None) -> str:
    return "a job" if request is None else f"{request.method} {route_of(request)}"


def _about(loops: list[Loop]) -> str:
    """Return a sentence on the worst of ``loops``, with its cure, and where the others are."""
    worst, *others = loops
    text = f"{worst.told} {worst.text[:LONGEST_TEXT]}. {worst.cure}"
    for each in others[: MOST_LOOPS - 1]:
        text += f" Also {each.line}: {each.count} times."
    return text
