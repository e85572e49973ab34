"""Who likes which article."""

from pyramid.config import Configurator

from components.articles.favorites import FAVORITES
from components.articles.pieces import BUTTONS, add_piece

from .pages import button
from .service import StoredFavorites


def includeme(config: Configurator) -> None:
    """Add the addresses of favorites, and let articles count and show them."""
    config.add_route("favorites", "/api/articles/{slug}/favorite")
    config.add_route("favorites.page", "/article/{slug}/like")
    config.add_settings({FAVORITES: StoredFavorites()})
    add_piece(config, BUTTONS, button)
