"""The layout's navigation comes from the components' manifests."""

import pytest

from berceau.components import Component
from berceau.errors import ComponentError

PAGE = """
    from pyramid.view import view_config

    def includeme(config):
        config.add_navigation_item({title!r}, {route!r})
        config.add_route({route!r}, {pattern!r})

    @view_config(route_name={route!r}, renderer="berceau.web:templates/error.pt")
    def page(request):
        return {{"title": "", "message": "", "status": 200}}
"""


def page(component, name, pattern=None) -> Component:
    text = PAGE.format(title=name.title(), route=name, pattern=pattern or f"/{name}")
    return component(name, {"__init__.py": text})


def links(response) -> list[tuple[str, str]]:
    return [(link.text, link["href"]) for link in response.html.select("nav a")]


def test_items_follow_the_order_of_the_components(serve, component) -> None:
    app = serve(page(component, "zebra"), page(component, "ant"))
    assert links(app.get("/")) == [("Zebra", "/zebra"), ("Ant", "/ant")]


def test_the_current_page_is_marked(serve, component) -> None:
    app = serve(page(component, "zebra"), page(component, "ant"))
    current = app.get("/ant").html.select("nav a[aria-current=page]")
    assert [link.text for link in current] == ["Ant"]
    assert not app.get("/").html.select("[aria-current]")


def test_without_items_there_is_no_navigation(serve) -> None:
    assert not serve().get("/").html.select("nav")


def test_the_home_page_gives_each_component_its_links(serve, component) -> None:
    app = serve(page(component, "zebra"), component("silent", {}))
    cards = app.get("/").html.select(".card")
    assert [[link["href"] for link in card.select("a")] for card in cards] == [["/zebra"], []]


def test_links_know_where_the_application_is_mounted(serve, component) -> None:
    app = serve(page(component, "ant"))
    response = app.get("/", extra_environ={"SCRIPT_NAME": "/site"})
    assert links(response) == [("Ant", "/site/ant")]
    assert response.html.select_one(".wordmark")["href"] == "/site/"


def test_an_item_for_a_route_that_is_not_there_is_an_error(serve, component) -> None:
    text = 'def includeme(config):\n    config.add_navigation_item("Lost", "nowhere")'
    with pytest.raises(ComponentError, match="'nowhere'") as caught:
        serve(component("lost", {"__init__.py": text}))
    assert caught.value.where.line == 2


def test_an_item_for_a_route_with_parameters_is_an_error(serve, component) -> None:
    with pytest.raises(ComponentError, match="needs 'id'"):
        serve(page(component, "ant", "/ant/{id}"))
