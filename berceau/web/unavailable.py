"""The application while it can't work: migrations are missing, or the database is out of reach."""

import logging
from collections.abc import Callable
from typing import Any

from pony.orm import OperationalError, TransactionError
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPServiceUnavailable
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.errors import ConnectionFailedError, PoolTimeoutError
from berceau.orm.failures import is_lost, is_timeout, is_unknown
from berceau.web.errors import crashed
from berceau.web.problems import Problem, answer
from berceau.web.registry import RUNNING, settings_of

log = logging.getLogger("berceau")

Handler = Callable[[Request], Response]

PENDING = "berceau.web:templates/pending.pt"

# The pages below are served with their style, which needs no database.
STATIC = "/static/"

RETRY_SECONDS = 10
"""After how long a browser or a search engine may ask again."""


class MigrationsPending(HTTPServiceUnavailable):
    """Answers a request that came before the migrations called ``names`` were deployed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__()


def includeme(config: Configurator) -> None:
    """Answer with a clear page and the status 503 while the database isn't ready."""
    config.add_static_view(STATIC + "berceau", "berceau.web:static")
    config.add_tween(
        "berceau.web.unavailable.pending_migrations_tween_factory",
        under=EXCVIEW,
        over="berceau.web.units.unit_of_work_tween_factory",
    )
    config.add_exception_view(pending, context=MigrationsPending)
    for error in (ConnectionFailedError, PoolTimeoutError, OperationalError):
        config.add_exception_view(unreachable, context=error)
    config.add_exception_view(undone, context=TransactionError)


def pending_migrations_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return a tween that lets requests through once no migration is pending.

    It asks the database at each request until then, and never again: a deploy needs no restart.
    """
    missing = registry[RUNNING].pending()
    if not missing:
        return handler
    _report(missing)

    def pending_migrations_tween(request: Request) -> Response:
        nonlocal missing
        if missing and not request.path_info.startswith(STATIC):
            still = registry[RUNNING].pending()
            if still and still != missing:
                _report(still)
            missing = still
            if missing:
                raise MigrationsPending(missing)
        return handler(request)

    return pending_migrations_tween


def _report(names: tuple[str, ...]) -> None:
    log.error(
        "pages are closed until `invoke migrate.deploy` applies the pending migrations: %s",
        ", ".join(names),
    )


def pending(error: MigrationsPending, request: Request) -> Response:
    """Name the migrations that the database lacks to a developer; visitors are asked to wait."""
    if not settings_of(request.registry.settings).development:
        return _answer(
            request,
            "This site is being updated",
            "It will be back in a moment. Please try again then.",
        )
    problem = Problem(
        error.status_code,
        "Migrations are pending",
        "Run `invoke migrate.deploy` and try again.",
        {"migrations": error.names},
    )
    return answer(request, problem, PENDING, {"names": error.names})


def unreachable(error: Exception, request: Request) -> Response:
    """Answer that the database can't be reached; only the log shows why."""
    reason = " ".join(str(error).split())
    if is_timeout(error):
        log.error(
            "%s %s: a statement took longer than berceau.statement_timeout allows: %s",
            *(request.method, request.path, reason),
        )
        return _answer(
            request,
            "This took too long",
            "It was stopped, and nothing was saved. Please try again later.",
        )
    log.error("%s %s: the database can't be used: %s", request.method, request.path, reason)
    return _answer(
        request,
        "The database can't answer right now",
        "Nothing was saved. Please try again in a moment.",
    )


def undone(error: TransactionError, request: Request) -> Response:
    """Answer for a unit of work that couldn't be kept, or whose end is unknown."""
    if is_unknown(error):
        log.error("%s %s: %s", request.method, request.path, " ".join(str(error).split()))
        return _answer(
            request,
            "This may or may not have been saved",
            "The connection to the database was lost. "
            "Check whether your change is there before you repeat it.",
        )
    if is_lost(error) or is_timeout(error):
        return unreachable(error, request)
    return crashed(error, request)


def _answer(request: Request, title: str, message: str) -> Response:
    request.response.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer(request, Problem(503, title, message))
