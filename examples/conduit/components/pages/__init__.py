"""What the pages of all components have in common: forms, and how they look."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Serve the style sheet."""
    config.add_static_view("static/pages", "components.pages:static")
