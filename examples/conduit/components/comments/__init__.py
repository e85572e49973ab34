"""What people say about articles."""

from pyramid.config import Configurator

from components.articles.pieces import SECTIONS, add_piece

from .pages import section


def includeme(config: Configurator) -> None:
    """Add the addresses of comments, and show them below articles."""
    config.add_route("comments", "/api/articles/{slug}/comments")
    config.add_route("comments.comment", "/api/articles/{slug}/comments/{id}")
    config.add_route("comments.page", "/article/{slug}/comments")
    config.add_route("comments.delete", r"/article/{slug}/comments/{id:\d{1,9}}/delete")
    add_piece(config, SECTIONS, section)
