"""Posts and their authors: a small component to read, try and imitate."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add this component's pages, files and navigation to the application."""
    config.add_route("demo", "/demo")
    config.add_route("demo.posts", "/demo/posts")
    config.add_route("demo.post.delete", "/demo/posts/{id}/delete")
    config.add_static_view("static/demo", "components.demo:static")
    config.add_navigation_item("Demo", "demo")
    config.add_navigation_item("Posts", "demo.posts")
