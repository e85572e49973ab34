"""The application while it can't work: migrations are missing, or the database is out of reach."""

import logging
from collections.abc import Callable
from typing import Any

from pony.orm import OperationalError, TransactionError
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException, HTTPServiceUnavailable
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.errors import (
    BerceauError,
    ConnectionFailedError,
    LockedError,
    PoolTimeoutError,
)
from berceau.orm.failures import is_lost, is_timeout, is_unknown
from berceau.settings import Settings
from berceau.web.errors import crashed
from berceau.web.prefixes import is_below
from berceau.web.problems import Problem, answer
from berceau.web.registry import CONSOLE_PREFIX, FITNESS, settings_of
from berceau.workflows.serve.fitness import Unfit

log = logging.getLogger("berceau")

Handler = Callable[[Request], Response]

UNFIT = "berceau.web:templates/unfit.pt"

# The pages below are served with their style, which needs no database.
STATIC = "/static/"

RETRY_SECONDS = 10
"""After how long a browser or a search engine may ask again."""


class DatabaseUnfit(HTTPServiceUnavailable):
    """Answers a request while the database doesn't fit this release; ``unfit`` says why."""

    def __init__(self, unfit: Unfit) -> None:
        self.unfit = unfit
        super().__init__()


def includeme(config: Configurator) -> None:
    """Answer with a clear page and the status 503 while the database isn't ready."""
    config.add_static_view(STATIC + "berceau", "berceau.web:static")
    config.add_tween(
        "berceau.web.unavailable.fitness_tween_factory",
        under=EXCVIEW,
        over="berceau.web.units.unit_of_work_tween_factory",
    )
    config.add_exception_view(misfit, context=DatabaseUnfit)
    for error in (ConnectionFailedError, PoolTimeoutError, OperationalError):
        config.add_exception_view(unreachable, context=error)
    config.add_exception_view(undone, context=TransactionError)
    config.add_exception_view(locked, context=LockedError)


def fitness_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return a tween that lets requests through while the database fits this release.

    It asks the database at each request while it doesn't: a deploy needs no restart. Where a
    request fails, it looks whether that is why.
    """
    watch = registry[FITNESS]
    watch.look()
    settings = settings_of(registry.settings)

    def fitness_tween(request: Request) -> Response:
        if watch.unfit is not None and not is_served_anyway(request, settings):
            unfit = watch.look()
            if unfit is not None:
                raise DatabaseUnfit(unfit)
        try:
            return handler(request)
        except HTTPException:
            raise
        except Exception as error:
            unfit = watch.look_after_failure()
            if unfit is None:
                raise
            raise DatabaseUnfit(unfit) from error

    return fitness_tween


def is_served_anyway(request: Request, settings: Settings) -> bool:
    """Return whether ``request`` is for what needs no fitting database, or tells what it lacks."""
    path = request.path_info
    return path.startswith(STATIC) or (settings.console and is_below(path, CONSOLE_PREFIX))


def misfit(error: DatabaseUnfit, request: Request) -> Response:
    """Say to a developer what doesn't fit; visitors are asked to wait."""
    request.response.headers["Retry-After"] = str(RETRY_SECONDS)
    if not settings_of(request.registry.settings).development:
        return _answer(
            request,
            "This site is being updated",
            "It will be back in a moment. Please try again then.",
        )
    unfit = error.unfit
    members = {unfit.kind: unfit.names} if unfit.kind else {}
    problem = Problem(error.status_code, unfit.title, unfit.cure, members)
    return answer(request, problem, UNFIT, {"unfit": unfit})


def unreachable(error: Exception, request: Request) -> Response:
    """Answer that the database can't be reached; the log shows why, and the page a developer."""
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
    detail = "Please try again in a moment."
    if isinstance(error, BerceauError) and settings_of(request.registry.settings).development:
        detail = f"{error.message} {error.cure or ''}".strip()
    return _answer(request, "The database can't answer right now", f"Nothing was saved. {detail}")


def locked(error: LockedError, request: Request) -> Response:
    """Answer for a look at what another session has locked."""
    return _answer(request, "A table is locked", f"{error.message} {error.cure}")


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
