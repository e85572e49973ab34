"""What the application keeps of its users, and a page for editors."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the pages, and what editors may do."""
    config.add_route("profile", "/profile")
    config.add_route("profiles.edit", "/profiles/edit")
    config.allow_group("editors", "edit profiles")
    config.add_openapi(title="A project with accounts", version="1")
