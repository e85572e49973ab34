"""Views that read from a replica, and see what their visitor wrote."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from berceau.orm.failures import is_refused
from berceau.orm.unit import UnitOfWork, current_unit
from berceau.web.registry import WITHOUT_COOKIES

# How far the primary's log was when the visitor last wrote. It gives no right to anything.
COOKIE = "berceau_position"
# A replica that is further behind than this, in seconds, isn't used after a write.
REMEMBERED = 3600
# In the environ of a request: a replica failed at an earlier attempt.
FAILED = "berceau.replica_failed"


def includeme(config: Configurator) -> None:
    """Add the view option ``replica``: ``@view_config(..., replica=True)``."""
    config.add_view_deriver(derive, "replica")


def derive(view: Any, info: Any) -> Any:
    """Let a view with ``replica=True`` read from a replica that knows its visitor's writes."""
    if not info.options.get("replica"):
        return view

    def reading(context: Any, request: Request) -> Response:
        unit = current_unit()
        if unit is not None and request.environ.get(FAILED):
            unit.only_read()
        elif unit is not None:
            unit.read_replica(after=request.cookies.get(COOKIE, ""))
        return view(context, request)

    return reading


derive.options = ("replica",)  # type: ignore[attr-defined] # how Pyramid learns of a view's option


def primary_may_succeed(request: Request, unit: UnitOfWork | None, error: Exception) -> bool:
    """Return whether ``unit`` read from a replica that lacks what it needs, such as a new table.

    A replica that is behind has no tenant, column or label that was made a moment ago. Whatever
    failed there, the next attempt at the ``request`` reads from the primary.
    """
    if unit is None or not unit.at_replica:
        return False
    request.environ[FAILED] = True
    return is_refused(error)


def remember(response: Response, request: Request, position: str) -> None:
    """Note with the visitor what a replica must have reached before they read from it."""
    if request.environ.get(WITHOUT_COOKIES):
        return
    response.set_cookie(
        COOKIE,
        position,
        max_age=REMEMBERED,
        httponly=True,
        samesite="Lax",
        secure=request.scheme == "https",
    )
