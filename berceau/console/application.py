"""The console's part of the application: its guard, its pages and their files."""

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.interfaces import ISecurityPolicy

from berceau.console.guard import GUARD, PARAMETER, PERMISSION, Guard
from berceau.console.views import CATEGORY, add_console_view, console_path
from berceau.errors import SettingsError
from berceau.web.registry import CONSOLE_LINK, CONSOLE_PREFIX, ROUTES, settings_of

OWNER = "the console"
"""Who owns its routes, beside the components: theirs are sorted, the more specific one first."""


def includeme(config: Configurator) -> None:
    """Serve the pages in ``berceau.console.pages`` to whom the guard lets in.

    In production, they are there for reading only, and the application needs a security policy.
    """
    settings = settings_of(config.get_settings())
    guard = config.registry[GUARD] = Guard(settings)
    config.add_directive("add_console_view", add_console_view)
    config.add_request_method(console_path)
    with config.registry[ROUTES].of(OWNER, config):
        config.include("berceau.console.recording")
        config.add_static_view(f"{CONSOLE_PREFIX}/static", "berceau.console:static")
        config.scan("berceau.console.pages", categories=(CATEGORY,))
    if settings.development:
        config.registry[CONSOLE_LINK] = f"{CONSOLE_PREFIX}?{PARAMETER}={guard.token}"
    else:
        config.action(None, lambda: _require_policy(config), order=PHASE3_CONFIG + 1)


def _require_policy(config: Configurator) -> None:
    """Refuse to start without somebody who says who may look."""
    if config.registry.queryUtility(ISecurityPolicy) is None:
        raise SettingsError(
            "berceau.console is true, but the application has no security policy that says who may "
            "see the console.",
            cure="Add a component that sets a policy, such as berceau-accounts, and give somebody "
            f"the permission {PERMISSION!r}. Or remove the line from the ini file.",
        )
