"""Words that articles are found by."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the address of the tags."""
    config.add_route("tags", "/api/tags")
