"""Prefixes of addresses, for which a component declares something as a whole."""

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError


def full_prefix(config: Configurator, prefix: str) -> str:
    """Return ``prefix`` below the ``route_prefix`` that ``config`` has, such as ``/api``.

    Raises ``ConfigurationError`` for a pattern: a prefix has no variables.
    """
    if "{" in prefix:
        raise ConfigurationError(f"The prefix {prefix} must be plain text: it has no variables.")
    parts = [part.strip("/") for part in (config.route_prefix or "", prefix)]
    return "/" + "/".join(filter(None, parts))


def is_below(path: str, prefix: str) -> bool:
    """Return whether ``path``, or a route's pattern, is ``prefix`` or an address below it."""
    return f"/{path.lstrip('/')}/".startswith(f"{prefix.rstrip('/')}/")
