"""Where the parts of the application find what is theirs in Pyramid's registry."""

from collections.abc import Mapping
from typing import Any

from berceau.settings import Settings

SETTINGS = "berceau.settings"
RUNNING = "berceau.running"
NAVIGATION = "berceau.navigation"
ROUTES = "berceau.routes"
METRICS = "berceau.metrics"
EXPLAIN = "berceau.explain"
OPERATIONS = "berceau.operations"

WITHOUT_COOKIES = "berceau.without_cookies"
"""In a request's environ: it has no cookies, and its errors are problem+json."""


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return Berceau's settings; ``options`` are the settings of Pyramid's registry."""
    found: Settings = options[SETTINGS]
    return found
