"""The paste factory, and Berceau inside of another Pyramid application."""

import logging
from typing import Never

import pytest
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from berceau.errors import ConnectionFailedError, SettingsError
from berceau.settings import Settings
from berceau.web.app import main

DEVELOPMENT = {"berceau.development": "true"}
PAGE = """
    def includeme(config):
        config.add_route("page", "/page")
        config.add_view(page, route_name="page", renderer="page.pt")

    def page(request):
        return {}
"""


@pytest.fixture
def started(monkeypatch, running) -> list[Settings]:
    """The settings that ``start`` was called with."""
    seen = []
    monkeypatch.setattr("berceau.web.app.start", lambda settings: seen.append(settings) or running)
    return seen


def test_the_root_is_the_ini_files_folder_unless_it_says_otherwise(started, tmp_path) -> None:
    main({"here": str(tmp_path)}, **DEVELOPMENT)
    main({"here": "/elsewhere"}, **DEVELOPMENT, **{"berceau.root": str(tmp_path)})
    assert [settings.root for settings in started] == [tmp_path, tmp_path]


def test_the_log_says_what_was_started_and_warns(running, tmp_path, caplog) -> None:
    caplog.set_level(logging.INFO)
    running.summary, running.warnings = "role app, schema public", ("too many rights",)
    main({"here": str(tmp_path)}, **DEVELOPMENT)
    assert ("berceau", logging.INFO, "role app, schema public") in caplog.record_tuples
    assert ("berceau", logging.WARNING, "too many rights") in caplog.record_tuples


def test_a_mistake_ends_with_one_message_and_no_traceback(monkeypatch, tmp_path) -> None:
    def fail(_) -> Never:
        raise ConnectionFailedError("No server at db.example.org.", cure="Start it.")

    monkeypatch.setattr("berceau.web.app.start", fail)
    with pytest.raises(SystemExit) as caught:
        main({"here": str(tmp_path)}, **DEVELOPMENT)
    assert caught.value.code == "No server at db.example.org.\n  Start it."
    assert caught.value.__suppress_context__


class TestInAnotherApplication:
    @pytest.fixture
    def config(self, running, component, tmp_path) -> Configurator:
        files = {"__init__.py": PAGE, "page.pt": '<html metal:use-macro="layout"></html>'}
        running.components = (component("page", files),)
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.add_route("theirs", "/theirs")
        config.add_view(lambda _: Response("theirs"), route_name="theirs")
        return config

    def test_the_components_pages_answer_beside_its_own(self, config) -> None:
        config.include("berceau")
        app = TestApp(config.make_wsgi_app())
        assert app.get("/theirs").text == "theirs"
        assert app.get("/page").html.select_one(".wordmark")

    def test_its_home_page_and_its_errors_stay_its_own(self, config) -> None:
        config.include("berceau")
        config.add_notfound_view(lambda _: Response("lost", status=404))
        config.add_view(lambda error, _: Response(str(error), status=500), context=Exception)
        config.add_route("crash", "/crash")
        config.add_view(lambda _: 1 / 0, route_name="crash")
        app = TestApp(config.make_wsgi_app())
        assert app.get("/", status=404).text == "lost"
        assert app.get("/crash", status=500).text == "division by zero"

    def test_forged_requests_are_refused_everywhere(self, config) -> None:
        config.include("berceau")
        TestApp(config.make_wsgi_app()).post("/theirs", status=400)

    def test_it_may_decide_about_that_itself(self, config) -> None:
        config.set_default_csrf_options(require_csrf=False)
        config.include("berceau")
        assert TestApp(config.make_wsgi_app()).post("/theirs").text == "theirs"

    def test_it_is_told_when_it_does_not_name_the_project(self) -> None:
        with pytest.raises(SettingsError, match=r"berceau\.root"):
            Configurator().include("berceau")
