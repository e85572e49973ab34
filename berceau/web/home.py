"""The home page: what this application is made of."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from berceau.web.registry import CONSOLE_LINK, CONSOLE_PREFIX, RUNNING


def includeme(config: Configurator) -> None:
    """Serve the home page at the root, unless a component claimed it."""
    config.add_route("berceau.home", "/")
    config.add_view(home, route_name="berceau.home", renderer="berceau.web:templates/home.pt")


def home(request: Request) -> dict[str, Any]:
    """List the components, each with the pages that it put into the navigation.

    On a developer's machine, the page leads to the console, too.
    """
    has_console = CONSOLE_LINK in request.registry
    return {
        # Without the token: whoever may read this page isn't who started the server.
        "console": request.script_name + CONSOLE_PREFIX if has_console else None,
        "components": [
            {
                "title": component.name.replace("_", " ").capitalize(),
                "description": component.description,
                "links": [link for link in request.navigation if link.package == component.package],
            }
            for component in request.registry[RUNNING].components
        ],
    }
