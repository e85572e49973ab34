"""What people say about articles."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the addresses of comments."""
    config.token_api(prefix="/api")
    config.add_route("comments", "/api/articles/{slug}/comments")
    config.add_route("comments.comment", "/api/articles/{slug}/comments/{id}")
