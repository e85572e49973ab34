"""Each request has an id, a line in the log, and its share of the metrics."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW, INGRESS
from pyramid_retry import is_error_retryable

from berceau.orm.statistics import Totals, totals
from berceau.orm.tenants import acting_for
from berceau.web.intake import drop_unreadable_headers
from berceau.web.logs import REQUEST, REQUEST_ID
from berceau.web.metrics import Metrics
from berceau.web.queries import Watcher
from berceau.web.registry import METRICS

log = logging.getLogger("berceau.access")

WATCH = "berceau.watch"
HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
LONGEST_PATH = 1000


def includeme(config: Configurator) -> None:
    """Watch every request from outside of all else."""
    config.add_tween("berceau.web.requests.request_log_tween_factory", under=INGRESS, over=EXCVIEW)


@dataclass(frozen=True)
class Watch:
    """When a request began, all its attempts included, and what its thread had asked by then."""

    request_id: str
    seconds: float
    asked: Totals


def request_log_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that names, measures and logs each request.

    A proxy in front may name it by ``X-Request-ID``, which the response repeats. An attempt that
    is followed by another is no request of its own.
    """
    metrics: Metrics = registry[METRICS]
    watcher = Watcher(registry)

    def request_log_tween(request: Request) -> Response:
        with acting_for(None):  # a request is nobody's until it says whose it is
            return watched(request)

    def watched(request: Request) -> Response:
        drop_unreadable_headers(request)
        watch = _watch(request)
        REQUEST_ID.set(watch.request_id)
        REQUEST.set(request)
        status = 500
        try:
            with metrics.in_progress.track_inprogress(), watcher.watch(request):
                response = _settled(handler(request), request)
            status = response.status_code
            response.headers[HEADER] = watch.request_id
            return response
        finally:
            if not is_error_retryable(request, getattr(request, "exception", None)):
                seconds = perf_counter() - watch.seconds
                asked = totals().since(watch.asked)
                metrics.observe(request, status, seconds, asked)
                _log(request, status, seconds, asked.queries)
                REQUEST_ID.set(None)
                REQUEST.set(None)

    return request_log_tween


def _watch(request: Request) -> Watch:
    """Return the watch over ``request``, which its first attempt began."""
    found = request.environ.get(WATCH)
    if isinstance(found, Watch):
        return found
    given = request.headers.get(HEADER, "")
    request_id = given if WELL_FORMED.fullmatch(given) else uuid4().hex
    watch = Watch(request_id, perf_counter(), totals())
    request.environ[WATCH] = watch
    return watch


def _settled(response: Response, request: Request) -> Response:
    """Return what will be sent: less than ``response`` where its visitor has it, or asks so."""
    return request.get_response(response) if response.conditional_response else response


def _log(request: Request, status: int, seconds: float, queries: int) -> None:
    path = request.environ.get("SCRIPT_NAME", "") + request.environ.get("PATH_INFO", "")
    client = request.environ.get("REMOTE_ADDR")
    log_request(request.method, path, client, status, seconds=seconds, queries=queries)


def log_request(
    method: str, path: str, client: str | None, status: int, *, seconds: float, queries: int
) -> None:
    """Write the line of a request; not its query string, which may hold what is secret."""
    if not log.isEnabledFor(logging.INFO):
        return
    path = quote(path.encode("latin-1"))[:LONGEST_PATH]
    milliseconds = round(seconds * 1000, 1)
    log.info(
        "%s %s %d (%g ms, %d queries)",
        *(method, path, status, milliseconds, queries),
        extra={
            "method": method,
            "path": path,
            "status": status,
            "duration_ms": milliseconds,
            "queries": queries,
            "client_addr": client,
        },
    )
