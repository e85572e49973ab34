"""Components read their settings in requests and at the start; two applications have their own."""

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from berceau.components import Component
from berceau.errors import SettingsError
from berceau.web.logs import Formatter

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
        if "break" in request.GET:
            raise RuntimeError(f"no answer for {GreeterSettings.current().token!r}")
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


SECRET = "it's-a-\\-token-of-mine"


def test_no_page_and_no_log_shows_a_secret(serve, greeter, monkeypatch, caplog) -> None:
    monkeypatch.setenv("GREETER_TOKEN", SECRET)
    app = serve(greeter, includes=["berceau.web.debug_page"], **{"greeter.word": "Hi"})
    page = app.get("/hello?break", status=500).text
    assert "no answer for" in page
    assert "[hidden]" in page
    problem = app.get("/hello?break", headers={"Accept": "application/json"}, status=500).text
    assert "[hidden]" in problem
    lines = [Formatter().format(record) for record in caplog.records]
    assert "[hidden]" in "".join(lines)
    assert not [text for text in (page, problem, *lines) if "token-of-mine" in text]


def test_a_settings_class_that_is_not_read_is_named_with_its_line(serve, component) -> None:
    text = """
        from berceau import ComponentSettings

        class Lost(ComponentSettings):
            pass

        def includeme(config):
            Lost.current()
    """
    made = component("lost", {"__init__.py": text})
    with pytest.raises(SettingsError, match="Lost isn't read yet") as caught:
        serve(made)
    where = caught.value.where
    assert (where.component, where.file) == ("lost", made.path / "__init__.py")
    assert "Lost.current()" in where.file.read_text().splitlines()[where.line - 1]


def test_settings_are_not_there_while_modules_are_imported(serve, component) -> None:
    made = component(
        "early",
        {"settings.py": SETTINGS, "__init__.py": MANIFEST + "\n    GreeterSettings.current()"},
    )
    with pytest.raises(SettingsError, match="not while a module is imported") as caught:
        serve(made)
    assert caught.value.where.file == made.path / "__init__.py"


def test_an_application_around_gives_them_by_its_settings(running, greeter) -> None:
    running.components = (greeter,)
    config = Configurator(settings={"berceau.root": "/", "greeter.word": "Hi"})
    config.include("berceau")
    assert TestApp(config.make_wsgi_app()).get("/hello").text == "Hi"
