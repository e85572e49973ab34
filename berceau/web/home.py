"""The home page: what this application is made of."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from berceau.web.registry import RUNNING


def includeme(config: Configurator) -> None:
    """Serve the home page at the root, unless a component claimed it."""
    config.add_route("berceau.home", "/")
    config.add_view(home, route_name="berceau.home", renderer="berceau.web:templates/home.pt")


def home(request: Request) -> dict[str, Any]:
    """List the components, each with the pages that it put into the navigation."""
    return {
        "components": [
            {
                "title": component.name.replace("_", " ").capitalize(),
                "description": component.description,
                "links": [link for link in request.navigation if link.package == component.package],
            }
            for component in request.registry[RUNNING].components
        ]
    }
