"""Where the parts of the application find what is theirs in Pyramid's registry."""

from collections.abc import Mapping
from typing import Any

from berceau.settings import Settings

SETTINGS = "berceau.settings"
RUNNING = "berceau.running"
FITNESS = "berceau.fitness"
NAVIGATION = "berceau.navigation"
ROUTES = "berceau.routes"
METRICS = "berceau.metrics"
EXPLAIN = "berceau.explain"
OPERATIONS = "berceau.operations"
OPENAPI = "berceau.openapi"
ERROR_FORMATS = "berceau.error_formats"
TENANT_FACTORY = "berceau.tenant_factory"
CONSOLE_LINK = "berceau.console.link"
"""What follows the server's address in the link that opens the console, where it is on."""

CONSOLE_PREFIX = "/berceau"
"""Where the console is, and the button of the page of differences."""

WITHOUT_COOKIES = "berceau.without_cookies"
"""In a request's environ: it has no cookies, and its errors are problem+json."""


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return Berceau's settings; ``options`` are the settings of Pyramid's registry."""
    found: Settings = options[SETTINGS]
    return found


def is_development(options: Mapping[str, Any]) -> bool:
    """Return whether an application with these settings of Pyramid's serves its developer."""
    return settings_of(options).development
