"""Who writes, and how they say who they are."""

from pyramid.config import Configurator

from .policy import TokenPolicy


def includeme(config: Configurator) -> None:
    """Add the addresses of the users, and the policy that knows them by their tokens."""
    config.set_security_policy(TokenPolicy())
    config.token_api(prefix="/api")
    config.add_route("users", "/api/users")
    config.add_route("users.login", "/api/users/login")
    config.add_route("users.current", "/api/user")
