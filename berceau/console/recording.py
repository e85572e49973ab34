"""The last requests of this process, with their queries: kept in memory, and never more of them."""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from pyramid_retry import is_error_retryable

from berceau.orm.loops import Loop, Loops
from berceau.orm.statistics import watching
from berceau.planner.privacy import Privacy
from berceau.planner.shapes import shape_of_template
from berceau.web.metrics import route_of
from berceau.web.queries import LONGEST_TEXT, RENDERING, QueryLog, Ran, lines_of
from berceau.web.registry import CONSOLE_PREFIX, RUNNING, settings_of
from berceau.web.unavailable import STATIC

RECORDER = "berceau.console.recorder"
"""In Pyramid's registry: the ``Recorder``."""
MOST_REQUESTS = 100
MOST_QUERIES = 200
"""Of each request; how many more it sent is counted."""
MOST_LOOPS = 20
SECRETS = Privacy()
LONGEST_PATH = 300


@dataclass(frozen=True)
class Recorded:
    """A request: its ``path`` without query string, its times in seconds, and its queries.

    The ``loops`` are the lines that sent one query again and again. ``left_out`` more queries ran.
    ``tenant`` is whose it was, or ``None`` if it was nobody's.
    """

    number: int
    at: datetime
    method: str
    path: str
    route: str
    status: int
    seconds: float
    queries: tuple[Ran, ...]
    left_out: int
    loops: tuple[Loop, ...]
    tenant: str | None = None

    @property
    def asked(self) -> int:
        """How many queries it sent."""
        return len(self.queries) + self.left_out

    @property
    def database_seconds(self) -> float:
        """How long it waited for those that are kept."""
        return sum(each.seconds for each in self.queries)

    @property
    def rows(self) -> int:
        """How many rows those that are kept returned or changed."""
        return sum(each.rows for each in self.queries)


class Recorder:
    """Keeps the last requests, the newest first; safe for threads."""

    def __init__(self) -> None:
        self._kept: deque[Recorded] = deque(maxlen=MOST_REQUESTS)
        self._numbers = count(1)

    def keep(self, make: Callable[[int], Recorded]) -> None:
        """Keep what ``make`` returns for the next number."""
        self._kept.appendleft(make(next(self._numbers)))

    def all(self) -> tuple[Recorded, ...]:
        """Return what is kept, the newest first."""
        return tuple(self._kept.copy())

    def find(self, number: str) -> Recorded | None:
        """Return the request with the number of this text; ``None`` where it isn't kept."""
        return next((each for each in self.all() if str(each.number) == number), None)


def includeme(config: Configurator) -> None:
    """Record the requests of the application, except those of the console and of static files."""
    config.registry[RECORDER] = Recorder()
    config.add_tween(
        "berceau.console.recording.recording_tween_factory",
        under="berceau.web.requests.request_log_tween_factory",
        over=EXCVIEW,
    )


def recording_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that records each request with its queries."""
    recorder: Recorder = registry[RECORDER]
    settings = settings_of(registry.settings)
    lines = lines_of(settings.root, registry[RUNNING].components)
    most = settings.query_limits.n_plus_one

    def recording_tween(request: Request) -> Response:
        path = request.environ.get("PATH_INFO", "")
        if path == CONSOLE_PREFIX or path.startswith((f"{CONSOLE_PREFIX}/", STATIC)):
            return handler(request)
        at, begun, status = datetime.now(UTC), perf_counter(), 500
        log = QueryLog(lines, MOST_QUERIES)
        loops = Loops(lines, most) if most else None
        try:
            with ExitStack() as watched:
                watched.enter_context(watching(log))
                if loops is not None:
                    watched.enter_context(watching(_adding_to(loops)))
                response = handler(request)
            status = response.status_code
            return response
        finally:
            if not is_error_retryable(request, getattr(request, "exception", None)):
                seconds = perf_counter() - begun
                found = loops.found() if loops is not None else []
                recorder.keep(
                    lambda number: Recorded(
                        number,
                        at,
                        request.method,
                        _without_secrets(request, path)[:LONGEST_PATH],
                        route_of(request),
                        status,
                        seconds,
                        tuple(log.queries),
                        log.left_out,
                        tuple(_short(each) for each in found[:MOST_LOOPS]),
                        request.tenant and request.tenant.name,
                    )
                )

    return recording_tween


def _short(loop: Loop) -> Loop:
    """Return ``loop`` with as much of its text as queries have, and their word for no line."""
    return replace(loop, text=loop.text[:LONGEST_TEXT])


def _without_secrets(request: Request, path: str) -> str:
    """Return ``path`` without the parts that the route calls a token, a password or the like."""
    for name, value in (getattr(request, "matchdict", None) or {}).items():
        if isinstance(value, str) and value and SECRETS.is_secret("", name):
            path = path.replace(value, "…")
    return path


def _adding_to(loops: Loops) -> Callable[[str, float, int], None]:
    return lambda sql, *_: loops.add(shape_of_template(sql), None, RENDERING)
