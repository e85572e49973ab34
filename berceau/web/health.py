"""Two answers for those who watch the process: it lives, and it can do its work."""

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from berceau.errors import BerceauError, ComponentError
from berceau.web.components import component_location
from berceau.web.fitness import FRESH, Watch
from berceau.web.registry import FITNESS, RUNNING
from berceau.workflows.serve.tenants import Directory

log = logging.getLogger("berceau")

ALIVE = "/healthz"
READY = "/readyz"

# What a proxy reports of the visitor that it asks for: those who watch the process ask it directly.
PASSED_ON = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"}


def includeme(config: Configurator) -> None:
    """Answer ``/healthz`` and ``/readyz`` before anything else sees the request."""
    requests = "berceau.web.requests.request_log_tween_factory"
    config.add_tween("berceau.web.health.health_tween_factory", under=INGRESS, over=requests)
    config.action("berceau.health", lambda: check_routes(config), order=PHASE3_CONFIG + 1)


def health_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that answers the two addresses, without a session, a unit or a log line.

    To a visitor of a proxy, which may spell an address otherwise, they are nothing.
    """
    readiness = Readiness(registry[FITNESS], registry[RUNNING].tenants)

    def health_tween(request: Request) -> Response:
        path = request.environ.get("PATH_INFO")
        if path not in {ALIVE, READY} or PASSED_ON & request.environ.keys():
            return handler(request)
        return _answer(readiness.reason() if path == READY else None)

    return health_tween


def _answer(reason: str | None) -> Response:
    status = 200 if reason is None else 503
    text = "ok\n" if reason is None else f"{reason}\n"
    return Response(text, status, content_type="text/plain", cache_control="no-store")


class Readiness:
    """Whether the application can do its work: the database answers, and fits its release.

    With ``tenants``, one of them has to fit at least: a deploy goes from one to the next.
    """

    def __init__(self, watch: Watch, tenants: Directory | None = None) -> None:
        self._watch = watch
        self._tenants = tenants
        self._lock = Lock()
        self._asked = -FRESH
        self._reason: str | None = None

    def reason(self) -> str | None:
        """Return why requests can't be answered now, in words for anybody; ``None``: they can."""
        if not self._lock.acquire(timeout=FRESH):
            return "the database doesn't answer"
        try:
            if monotonic() - self._asked >= FRESH:
                self._reason = self._ask()
                self._asked = monotonic()
            return self._reason
        finally:
            self._lock.release()

    def _ask(self) -> str | None:
        try:
            unfit = self._watch.look()
            if unfit is None and self._tenants is not None:
                unfit = self._tenants.look_at_all()
        except BerceauError as error:
            log.warning("not ready: %s", " ".join(str(error).split()))
            return "the database can't be used; the log says why"
        except Exception:  # who asks wants an answer, whatever broke
            log.exception("not ready")
            return "something is broken; the log says what"
        return None if unfit is None else unfit.reason


def check_routes(config: Configurator) -> None:
    """Refuse a component that has one of the two addresses. Raises ``ComponentError``."""
    components = config.registry[RUNNING].components
    for entry in config.introspector.get_category("routes", ()):
        route = entry["introspectable"]
        if route["pattern"].strip("/") in {ALIVE.strip("/"), READY.strip("/")}:
            raise ComponentError(
                f"The route {route['name']!r} has the address {route['pattern']}, which Berceau "
                "uses for health checks.",
                where=component_location(route.action_info, components),
                cure="Give it another address.",
            )
