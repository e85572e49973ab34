"""Who writes, and how they say who they are."""

from pyramid.config import Configurator

from .policy import TokenPolicy


def includeme(config: Configurator) -> None:
    """Add the addresses of users, and the policy that knows them by their tokens."""
    config.set_security_policy(TokenPolicy())
    config.add_route("users", "/api/users")
    config.add_route("users.login", "/api/users/login")
    config.add_route("users.current", "/api/user")
    config.add_route("users.sign_up", "/sign-up")
    config.add_route("users.sign_in", "/sign-in")
    config.add_route("users.sign_out", "/sign-out")
    config.add_route("users.settings", "/settings")
    config.add_navigation_item("Account", "users.settings")
