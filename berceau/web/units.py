"""Each request is one unit of work."""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from berceau.orm.session import unit_of_work

Handler = Callable[[Request], Response]


def includeme(config: Configurator) -> None:
    """Wrap the views, and the rendering of their templates, in a unit of work."""
    # Under the exception views: they see a failed commit, and find the unit already undone.
    config.add_tween("berceau.web.units.tween_factory", under=EXCVIEW)


def tween_factory(handler: Handler, _registry: Any) -> Handler:
    """Return a tween that commits what a request did to the database, or undoes it.

    An exception undoes it, be it a redirect: return redirects, don't raise them. So does a
    response with the status 400 or above. A streamed body is sent after the unit has ended.
    """

    def tween(request: Request) -> Response:
        with unit_of_work() as unit:
            response = handler(request)
            if response.status_code >= 400:
                unit.rollback()
        return response

    return tween
