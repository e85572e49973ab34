"""What people write."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add the addresses of articles and of their pages."""
    config.add_route("articles", "/api/articles")
    config.add_route("articles.feed", "/api/articles/feed")
    config.add_route("articles.article", "/api/articles/{slug}")
    config.add_route("articles.home", "/")
    config.add_route("articles.page", "/article/{slug}")
    config.add_route("articles.followed", "/feed")
    config.add_route("articles.author", "/profile/{username}")
    config.add_route("articles.write", "/editor")
    config.add_route("articles.edit", "/editor/{slug}")
    config.add_route("articles.delete", "/editor/{slug}/delete")
    config.add_navigation_item("Articles", "articles.home")
    config.add_navigation_item("Feed", "articles.followed")
    config.add_navigation_item("Write", "articles.write")
