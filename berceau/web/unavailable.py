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
from berceau.orm.failures import is_lost, is_unknown
from berceau.web.errors import TEMPLATE, crashed
from berceau.web.registry import RUNNING

log = logging.getLogger("berceau")

Handler = Callable[[Request], Response]

# The pages below are served with their style, which needs no database.
STATIC = "/static/"


class MigrationsPending(HTTPServiceUnavailable):
    """Answers a request that came before the migrations called ``names`` were deployed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__()


def includeme(config: Configurator) -> None:
    """Answer with a clear page and the status 503 while the database isn't ready."""
    config.add_static_view(STATIC + "berceau", "berceau.web:static")
    config.add_tween(
        "berceau.web.unavailable.tween_factory",
        under=EXCVIEW,
        over="berceau.web.units.tween_factory",
    )
    config.add_exception_view(
        pending, context=MigrationsPending, renderer="berceau.web:templates/pending.pt"
    )
    for error in (ConnectionFailedError, PoolTimeoutError, OperationalError):
        config.add_exception_view(unreachable, context=error, renderer=TEMPLATE)
    config.add_exception_view(undone, context=TransactionError, renderer=TEMPLATE)


def tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return a tween that lets requests through once no migration is pending.

    It asks the database at each request until then, and never again: a deploy needs no restart.
    """
    missing = registry[RUNNING].pending()
    if not missing:
        return handler
    _report(missing)

    def tween(request: Request) -> Response:
        nonlocal missing
        if missing and not request.path_info.startswith(STATIC):
            still = registry[RUNNING].pending()
            if still and still != missing:
                _report(still)
            missing = still
            if missing:
                raise MigrationsPending(missing)
        return handler(request)

    return tween


def _report(names: tuple[str, ...]) -> None:
    log.error(
        "pages are closed until `invoke migrate.deploy` applies the pending migrations: %s",
        ", ".join(names),
    )


def pending(error: MigrationsPending, request: Request) -> dict[str, Any]:
    """Name the migrations that the database lacks, and the cure."""
    request.response.status = error.status
    return {"names": error.names}


def unreachable(error: Exception, request: Request) -> dict[str, Any]:
    """Say that the database can't answer; why it can't, only the log tells."""
    reason = " ".join(str(error).split())
    log.error("%s %s failed for want of the database: %s", request.method, request.path, reason)
    request.response.status = 503
    return {
        "title": "The database can't answer right now",
        "message": "Nothing was saved. Please try again in a moment.",
        "status": 503,
    }


def undone(error: TransactionError, request: Request) -> dict[str, Any]:
    """Answer for a unit of work that couldn't be kept, or of which nobody knows."""
    if is_unknown(error):
        log.error("%s %s: %s", request.method, request.path, " ".join(str(error).split()))
        request.response.status = 503
        return {
            "title": "It isn't known whether this was saved",
            "message": "The database broke off at the last moment. "
            "Look whether your change is there before you make it again.",
            "status": 503,
        }
    return unreachable(error, request) if is_lost(error) else crashed(error, request)
