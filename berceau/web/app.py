"""The application: settings, database and components become WSGI."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyramid.config import Configurator

from berceau import settings as project
from berceau.errors import BerceauError, SettingsError
from berceau.settings import Settings
from berceau.settings.component import using
from berceau.web import production
from berceau.web.components import blame_configuration, include_component
from berceau.web.debug_page import broken_app
from berceau.web.registry import RUNNING, SETTINGS, settings_of
from berceau.web.reload import Reloading, is_reloading
from berceau.web.route_order import sort_at_last
from berceau.workflows.build.build import build
from berceau.workflows.serve.start import start

log = logging.getLogger("berceau")

# What helps a developer, and does nothing in production; the console only where it is asked to.
DEVELOPMENT = ("berceau.web.differences", "berceau.web.debug_page", "berceau.console")


def main(global_config: Mapping[str, str], **ini: str) -> Any:
    """Return the WSGI application of ``development.ini``; the paste factory.

    The project's root is ``berceau.root``, or else the folder of the ini file.
    """
    ini = {"berceau.root": global_config["here"], **ini}
    try:
        production.check_variables(global_config)
        settings = _load(ini)
        if settings.development and is_reloading():
            return Reloading(lambda: _develop(settings, ini), settings.root)
        return make_app(settings, ini, DEVELOPMENT)
    except BerceauError as error:
        raise SystemExit(str(error)) from None


def _develop(settings: Settings, ini: Mapping[str, str]) -> Any:
    """Return the application, built again; or, where that fails, one that shows why.

    ``settings`` are those that the server began with: what is in ``.env`` now counts.
    """
    try:
        settings = _load(ini)
        for finding in build(settings)[0].findings:
            log.warning(str(finding))
        return make_app(settings, ini, DEVELOPMENT)
    except Exception as error:  # whatever the developer's code raises
        return broken_app(settings, error)


def make_app(
    settings: Settings, ini: Mapping[str, str] | None = None, includes: Sequence[str] = ()
) -> Any:
    """Return the WSGI application of the project that ``settings`` describe.

    ``ini`` holds Pyramid's settings, ``includes`` names modules to include at last. Raises
    ``BerceauError``.
    """
    production.check_settings(settings)
    config = Configurator(settings={**(ini or {}), SETTINGS: settings})
    config.include("berceau.web.sessions")
    config.include("berceau")
    production.check_role(settings, config.registry[RUNNING].role)
    config.include("berceau.web.home")
    config.include("berceau.web.errors")
    config.include("berceau.web.security")
    config.include("berceau.web.hosts")
    for module in includes:
        config.include(module)
    with blame_configuration(config.registry[RUNNING].components):
        return config.make_wsgi_app()


def includeme(config: Configurator) -> None:
    """Give any Pyramid application the components, the database and units of work.

    The application's settings name the project by ``berceau.root``. What this configures, the
    application may configure otherwise: Pyramid prefers its word. Raises ``BerceauError``.
    """
    options = config.get_settings()
    if SETTINGS not in options:
        options[SETTINGS] = _load(options)
    running = start(settings_of(options))
    log.info(running.summary)
    for warning in running.warnings:
        log.warning(warning)
    config.registry[RUNNING] = running
    config.include("berceau.web.fitness")
    config.include("berceau.web.health")
    config.include("berceau.web.metrics")
    config.include("berceau.web.requests")
    config.include("berceau.web.intake")
    config.include("berceau.web.renderer")
    config.include("berceau.web.json_renderer")
    config.include("berceau.web.error_formats")
    config.include("berceau.web.api.directives")
    config.include("berceau.web.navigation")
    config.include("berceau.web.messages")
    config.include("berceau.web.csrf")
    config.include("berceau.web.token_apis")
    config.include("berceau.web.cors")
    config.include("berceau.web.preconditions")
    config.include("berceau.web.caching")
    config.include("berceau.web.units")
    config.include("berceau.web.conflicts")
    config.include("berceau.web.rate_limits")
    config.include("berceau.web.unavailable")
    config.include("berceau.web.tenants")
    config.include("berceau.web.component_settings")
    config.include("berceau.web.route_order")
    with using(running.component_settings):
        for component in running.components:
            include_component(config, component, running.components)
    sort_at_last(config)


def _load(options: Mapping[str, Any]) -> Settings:
    if not options.get("berceau.root"):
        raise SettingsError(
            "Pyramid's settings don't name the folder of the Berceau project.",
            cure='Set berceau.root to the folder that holds "components", as in '
            "berceau.root = %(here)s.",
        )
    return project.load(Path(options["berceau.root"]), options)
