"""Who likes which article."""

from pyramid.config import Configurator

from components.articles.favorites import FAVORITES

from .service import StoredFavorites


def includeme(config: Configurator) -> None:
    """Add the address of favorites, and let articles count them."""
    config.token_api(prefix="/api")
    config.add_route("favorites", "/api/articles/{slug}/favorite")
    config.add_settings({FAVORITES: StoredFavorites()})
