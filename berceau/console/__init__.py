"""The console: what a browser shows of the application from the inside, below ``/berceau``."""

from typing import Any

from berceau.web.registry import settings_of


def includeme(config: Any) -> None:
    """Register the console where it is on; where it is off, nothing of it is imported."""
    if settings_of(config.get_settings()).console:
        config.include("berceau.console.application")
