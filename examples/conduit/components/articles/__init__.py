"""What people write."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the addresses of articles, and the page that lists them."""
    config.token_api(prefix="/api")
    config.add_route("articles", "/api/articles")
    config.add_route("articles.feed", "/api/articles/feed")
    config.add_route("articles.article", "/api/articles/{slug}")
    config.add_route("articles.home", "/")
    config.add_route("articles.page", "/article/{slug}")
    config.add_navigation_item("Articles", "articles.home")
