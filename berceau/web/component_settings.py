"""Each request finds the settings of the components of its own application."""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from berceau.settings.component import using
from berceau.web.registry import RUNNING


def includeme(config: Configurator) -> None:
    """Let ``current()`` of a component's settings be right where a process has two applications."""
    if config.registry[RUNNING].component_settings:
        config.add_tween(
            "berceau.web.component_settings.settings_tween_factory",
            under=INGRESS,
            over="berceau.web.requests.request_log_tween_factory",
        )


def settings_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that answers each request with the settings of its application."""
    values = registry[RUNNING].component_settings

    def settings_tween(request: Request) -> Response:
        with using(values):
            return handler(request)

    return settings_tween
