"""Chameleon templates: found from the package that names them, escaped, reloaded on request."""

import os

import pytest

from berceau.components import Component

VIEW = """
    from pyramid.view import view_config

    def includeme(config):
        config.add_route("page", "/page")

    @view_config(route_name="page", renderer={renderer!r})
    def page(request):
        return {value}
"""
LAYOUT = '<html metal:use-macro="layout"><p metal:fill-slot="main">${word}</p></html>'


def make(
    component, *, renderer="templates/page.pt", value='{"word": "<b>"}', template=LAYOUT
) -> Component:
    view = VIEW.format(renderer=renderer, value=value)
    return component("paper", {"__init__.py": view, "templates/page.pt": template})


def test_a_template_fills_the_layout_and_escapes(serve, component) -> None:
    page = serve(make(component)).get("/page")
    assert page.html.select_one("main p").text == "<b>"
    assert "&lt;b&gt;" in page
    assert page.html.select_one(".wordmark")
    assert page.content_type == "text/html"


def test_an_asset_of_another_package_works_as_well(serve, component) -> None:
    value = '{"title": "Hello", "message": "there", "status": 200}'
    made = make(component, renderer="berceau.web:templates/error.pt", value=value)
    assert serve(made).get("/page").html.h1.text == "Hello"


def test_a_template_uses_its_neighbour(serve, component) -> None:
    made = make(component, template='<p metal:use-macro="load: part.pt"></p>')
    (made.path / "templates" / "part.pt").write_text("<i>${word}</i>")
    assert serve(made).get("/page").text == "<i>&lt;b&gt;</i>"


@pytest.mark.parametrize(("reload", "seen"), [("true", "new"), ("false", "old")])
def test_changes_show_when_pyramid_is_told_to_reload(serve, component, reload, seen) -> None:
    made = make(component, template="<p>old</p>")
    app = serve(made, **{"pyramid.reload_templates": reload})
    assert "old" in app.get("/page")
    template = made.path / "templates" / "page.pt"
    template.write_text("<p>new</p>")
    os.utime(template, (0, 0))  # another time for sure, however coarse the clock
    assert seen in app.get("/page")


def test_html_switches_are_left_out_when_false(serve, component) -> None:
    template = '<input required="${True}" autofocus="${False}">'
    page = serve(make(component, template=template)).get("/page")
    assert page.text == '<input required="required">'


def test_a_view_that_returns_no_dictionary_is_told_so(serve, component, caplog) -> None:
    page = serve(make(component, value="'text'")).get("/page", status=500)
    assert "returned str" in caplog.text
    assert "returned str" not in page
