"""What belongs to the whole application is refused in a component, with what to do in its place."""

from collections.abc import Callable

import pytest
from pyramid.config import Configurator

from berceau.components import Component
from berceau.errors import ComponentError

REFUSED = {
    "config.set_session_factory(print)": "An application that includes Berceau may set it",
    "config.set_csrf_storage_policy(print)": "require_csrf=False",
    "config.set_default_csrf_options(require_csrf=False)": "config.token_api()",
    "config.set_execution_policy(print)": "An application that includes Berceau",
    "config.set_request_factory(print)": "config.add_request_method()",
    "config.set_response_factory(print)": "return responses of that class",
    "config.set_root_factory(print)": "Give factory= to the component's routes",
    "config.set_default_permission('edit')": "Give permission= to the component's views",
    "config.set_locale_negotiator(print)": "set request._LOCALE_",
    "config.set_view_mapper(print)": "Give mapper= to the component's views",
}
MANIFEST = """
    from pyramid.response import Response

    def answer(request):
        return Response("answered")

    def includeme(config):
        {}
"""


@pytest.fixture
def manifest(component) -> Callable[..., Component]:
    """Return a function that writes a component whose manifest has one line."""

    def manifest(line: str, name: str = "shop") -> Component:
        return component(name, {"__init__.py": MANIFEST.format(line)})

    return manifest


def refusal(serve, *components: Component) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        serve(*components)
    return caught.value


@pytest.mark.parametrize(("line", "cure"), REFUSED.items())
def test_what_the_application_has_once_is_refused(serve, manifest, line, cure) -> None:
    made = manifest(line)
    error = refusal(serve, made)
    assert error.message.startswith("Component shop sets ")
    assert error.message.endswith(", which is the application's.")
    assert cure in error.cure
    assert (error.where.component, error.where.file) == ("shop", made.path / "__init__.py")
    assert line in error.where.file.read_text().splitlines()[error.where.line - 1]


def test_what_a_component_includes_is_refused_as_well(serve, component) -> None:
    files = {
        "__init__.py": "def includeme(config):\n    config.include('.inner')\n",
        "inner.py": "def includeme(config):\n    config.set_default_permission('edit')\n",
    }
    error = refusal(serve, component("shop", files))
    assert (error.where.file.name, error.where.line) == ("inner.py", 2)


def test_the_application_around_may_set_all_of_it(running, manifest) -> None:
    running.components = (manifest("config.add_route('shop', '/shop')"),)
    config = Configurator(settings={"berceau.root": "/"})
    config.set_default_permission("edit")
    config.set_session_factory(print)
    config.include("berceau")
    config.make_wsgi_app()


POLICY = "from pyramid.authorization import ACLHelper; config.set_security_policy(ACLHelper())"


def test_one_component_may_set_the_security_policy(serve, manifest) -> None:
    serve(manifest(POLICY))
    error = refusal(serve, manifest(POLICY, "one"), manifest(POLICY, "two"))
    assert "Two lines configure the security policy" in error.message
    assert "take one of the two components out" in error.cure


@pytest.mark.parametrize(
    ("line", "what", "cure"),
    [
        ("config.add_route('page', '/page')", "a route called page", "Rename one of the two"),
        ("config.add_request_method(answer, 'shop')", "the attribute shop of requests", "Rename"),
        ("config.add_renderer('.csv', print)", "a renderer called .csv", "Rename one of the two"),
        ("config.add_view(answer, name='page')", "the same view", "or let route_name="),
        (
            "config.add_view_deriver(lambda v, i: v, 'd')",
            "the same thing",
            "Remove one of the two lines",
        ),
    ],
)
def test_two_components_that_configure_the_same_get_a_cure(
    serve, manifest, line, what, cure
) -> None:
    made = [manifest(line, name) for name in ("first", "second")]
    error = refusal(serve, *made)
    assert f"Two lines configure {what}: " in error.message
    assert all(str(each.path) in error.message for each in made)
    assert cure in error.cure


def test_a_page_for_errors_that_berceau_has_gets_a_cure(serve, manifest) -> None:
    error = refusal(serve, manifest("config.add_notfound_view(answer)"))
    assert "Two lines configure the same view" in error.message
    assert error.where.component == "shop"
    assert "Berceau has such a view" in error.cure


def test_a_component_may_answer_errors_of_its_own_routes(serve, manifest) -> None:
    lines = (
        "config.add_route('shop', '/shop/{x}')",
        "config.add_notfound_view(answer, route_name='shop')",
    )
    app = serve(manifest("\n        ".join(lines)))
    assert app.get("/shop/x").text == "answered"
    assert "answered" not in app.get("/x", status=404)


def test_a_component_may_add_a_tween(serve, component) -> None:
    text = """
        def tween_factory(handler, registry):
            def tween(request):
                response = handler(request)
                response.headers["X-Shop"] = "open"
                return response
            return tween

        def includeme(config):
            config.add_tween(__name__ + ".tween_factory")
    """
    assert serve(component("shop", {"__init__.py": text})).get("/").headers["X-Shop"] == "open"
