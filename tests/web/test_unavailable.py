"""While the database isn't ready, every page says so, and what to do."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from pony.orm import OperationalError
from pyramid.httpexceptions import HTTPSeeOther
from webtest import TestApp

from berceau.errors import ConnectionFailedError
from berceau.web import fitness
from berceau.web.registry import SETTINGS
from tests.waiting import LONG


@pytest.fixture
def incomplete(running, serve) -> TestApp:
    running.missing = ("20260101_init", "20260102_more")
    return serve()


def test_pending_migrations_close_the_pages(incomplete) -> None:
    page = incomplete.get("/", status=503)
    assert "20260101_init" in page
    assert "20260102_more" in page
    assert "invoke migrate.deploy" in page


def test_visitors_are_asked_to_wait_and_told_no_names(running, settings, serve) -> None:
    running.missing = ("20260101_init",)
    app = serve()
    app.app.registry.settings[SETTINGS] = replace(settings, development=False)
    page = app.get("/", status=503)
    assert "being updated" in page.html.h1.text
    assert "20260101_init" not in page
    assert "invoke" not in page
    assert int(page.headers["Retry-After"]) > 0


def test_the_log_says_it_once(running, serve, caplog) -> None:
    running.missing = ("20260101_init", "20260102_more")
    app = serve()
    app.get("/", status=503)
    app.get("/", status=503)
    (line,) = (message for message in caplog.messages if "pending" in message)
    assert "20260101_init, 20260102_more" in line
    assert "invoke migrate.deploy" in line


def test_the_page_keeps_its_style(incomplete) -> None:
    for sheet in incomplete.get("/", status=503).html.select("link[rel=stylesheet]"):
        incomplete.get(sheet["href"], status=200)


def test_deploying_opens_the_pages_without_a_restart(incomplete, running) -> None:
    incomplete.get("/", status=503)
    running.missing = ()
    incomplete.get("/", status=200)


def test_once_nothing_is_pending_the_database_is_not_asked_again(incomplete, running) -> None:
    running.missing = ()
    incomplete.get("/", status=200)
    running.missing = ("20260103_late",)
    incomplete.get("/", status=200)


def test_what_is_pending_changes_and_the_log_follows(incomplete, running, caplog) -> None:
    running.missing = ("20260102_more",)
    incomplete.get("/", status=503)
    assert caplog.messages[-1].endswith(": 20260102_more")


VIEW = """
    def includeme(config):
        config.add_route("page", "/page")
        config.add_view(page, route_name="page")

    def page(request):
        raise request.registry["test.error"]
"""


def test_a_statement_that_took_too_long_is_called_that(serve, component, caplog) -> None:
    app = serve(component("page", {"__init__.py": VIEW}))
    cause = SimpleNamespace(pgcode="57014")
    app.app.registry["test.error"] = OperationalError(cause)
    page = app.get("/page", status=503)
    assert "took too long" in page.html.h1.text
    assert "Retry-After" in page.headers
    assert "berceau.statement_timeout" in caplog.messages[-1]


@pytest.mark.parametrize(
    "error",
    [ConnectionFailedError("server\n is gone"), OperationalError(Exception("server is\ngone"))],
    ids=["Berceau's", "Pony's"],
)
def test_an_unreachable_database_is_a_clear_page_and_a_line_in_the_log(
    serve, component, caplog, error
) -> None:
    app = serve(component("page", {"__init__.py": VIEW}))
    app.app.registry["test.error"] = error
    page = app.get("/page", status=503)
    assert "can't answer" in page.html.h1.text
    assert ("gone" in page) is isinstance(error, ConnectionFailedError)  # it was written for people
    assert "server is gone" in caplog.messages[-1]
    assert "Traceback" not in caplog.text


def test_a_request_that_fails_since_a_newer_release_took_something_is_no_crash(
    running, serve, component, monkeypatch
) -> None:
    monkeypatch.setattr(fitness, "FRESH", 0)
    app = serve(component("page", {"__init__.py": VIEW}))
    app.app.registry["test.error"] = RuntimeError("the column post.subtitle isn't there")
    assert app.get("/page", status=500)
    running.taken = ("Post.subtitle: SELECT: the column post.subtitle isn't there",)
    page = app.get("/page", status=503)
    assert "another release" in page.html.h1.text
    assert "Post.subtitle" in page
    running.taken = ()
    app.app.registry["test.error"] = HTTPSeeOther("/")
    assert app.get("/page", status=303)


def test_however_many_requests_fail_the_database_is_asked_once_a_second(
    running, serve, component, monkeypatch
) -> None:
    monkeypatch.setattr(fitness, "FRESH", LONG)
    app = serve(component("page", {"__init__.py": VIEW}))
    app.app.registry["test.error"] = RuntimeError("a mistake")
    asked = []
    running.look = lambda: asked.append(1)
    for _ in range(20):
        app.get("/page", status=500)
    assert len(asked) == 1
    monkeypatch.setattr(fitness, "FRESH", 0)  # a second later
    app.get("/page", status=500)
    assert len(asked) == 2
