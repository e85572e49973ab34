"""What others see of a user, and who follows whom."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the addresses of profiles."""
    config.add_route("profiles.profile", "/api/profiles/{username}")
    config.add_route("profiles.follow", "/api/profiles/{username}/follow")
