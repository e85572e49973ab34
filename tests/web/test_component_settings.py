"""Components read their settings in requests and at the start; two applications have their own."""

import pytest

from berceau.components import Component
from berceau.errors import SettingsError

SETTINGS = """
    from berceau import ComponentSettings, setting

    class GreeterSettings(ComponentSettings):
        word: str = setting(help="how to greet")
        path: str = setting(default="/hello", help="where to greet")
        token: str = setting(default="none", secret=True, help="a secret")
"""
MANIFEST = """
    from .settings import GreeterSettings

    def includeme(config):
        config.add_route("hello", GreeterSettings.current().path)
"""
VIEWS = """
    from pyramid.response import Response
    from pyramid.view import view_config
    from .settings import GreeterSettings

    @view_config(route_name="hello")
    def hello(request):
        if request.GET.get("break"):
            raise RuntimeError(f"{GreeterSettings.current()} {GreeterSettings.current().token}")
        return Response(GreeterSettings.current().word)
"""


@pytest.fixture
def greeter(component) -> Component:
    """A component that says a word of its settings at an address of its settings."""
    return component(
        "greeter", {"settings.py": SETTINGS, "__init__.py": MANIFEST, "views.py": VIEWS}
    )


def test_a_view_and_a_manifest_find_the_settings(serve, greeter) -> None:
    app = serve(greeter, **{"greeter.word": "Hi", "greeter.path": "/hi"})
    assert app.get("/hi").text == "Hi"


def test_two_applications_have_their_own(serve, greeter) -> None:
    first = serve(greeter, **{"greeter.word": "Hi"})
    second = serve(greeter, **{"greeter.word": "Moin", "greeter.path": "/moin"})
    for _ in range(2):
        assert first.get("/hello").text == "Hi"
        assert second.get("/moin").text == "Moin"


def test_the_application_does_not_start_without_what_is_required(serve, greeter) -> None:
    with pytest.raises(SettingsError, match=r"greeter\.word has no value: how to greet"):
        serve(greeter)
