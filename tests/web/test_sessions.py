"""A visitor's session: signed, kept from scripts and other sites, and not for ever."""

import re
import time

import pytest
from webtest import TestApp

COUNTER = """
    def includeme(config):
        config.add_route("count", "/count")
        config.add_view(count, route_name="count", renderer="json")

    def count(request):
        request.session["count"] = request.session.get("count", 0) + 1
        return request.session["count"]
"""


@pytest.fixture
def counting(serve, component) -> TestApp:
    return serve(component("counter", {"__init__.py": COUNTER}))


def cookie(response, name) -> str | None:
    return next(text for text in response.headers.getall("Set-Cookie") if text.startswith(name))


def test_it_goes_with_the_visitor(counting) -> None:
    assert [counting.get("/count").json for _ in range(3)] == [1, 2, 3]
    counting.reset()
    assert counting.get("/count").json == 1


@pytest.mark.parametrize(("scheme", "name"), [("http", "session="), ("https", "__Host-session=")])
def test_its_cookie_is_kept_from_scripts_and_other_sites(counting, scheme, name) -> None:
    text = cookie(counting.get("/count", extra_environ={"wsgi.url_scheme": scheme}), name)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(text.split("; "))
    assert ("secure" in text.lower().split("; ")) is (scheme == "https")
    assert "Domain" not in text


def test_a_forged_one_is_a_new_one(counting) -> None:
    value = re.match("session=([^;]+)", cookie(counting.get("/count"), "session=")).group(1)
    counting.get("/count")
    forged = ("A" if value[0] != "A" else "B") + value[1:]
    for text in (forged, "nonsense", "", '"'):
        counting.set_cookie("session", text)
        assert counting.get("/count").json == 1


def test_it_ends_when_it_is_not_used(counting, monkeypatch) -> None:
    counting.get("/count")
    now = time.time()
    monkeypatch.setattr("pyramid.session.time.time", lambda: now + 3500)
    assert counting.get("/count").json == 2
    monkeypatch.setattr("pyramid.session.time.time", lambda: now + 3500 + 3601)
    assert counting.get("/count").json == 1


def test_another_secret_ends_all_of_them(counting, serve, component, tmp_path) -> None:
    value = re.match("session=([^;]+)", cookie(counting.get("/count"), "session=")).group(1)
    (tmp_path / ".berceau" / "secret").write_text("another")
    other = serve(component("counter2", {"__init__.py": COUNTER}))
    other.set_cookie("session", value)
    assert other.get("/count").json == 1


FULL = """
    def includeme(config):
        for name in ("fill", "spoil"):
            config.add_route(name, f"/{name}")
            config.add_view(globals()[name], route_name=name, renderer="json")

    def fill(request):
        request.session["text"] = "x" * int(request.params["size"])

    def spoil(request):
        request.session["text"] = object()
"""


def test_one_that_no_cookie_holds_is_an_error_before_anything_is_kept(
    serve, component, caplog
) -> None:
    app = serve(component("full", {"__init__.py": FULL}))
    assert "Set-Cookie" in app.get("/fill?size=2880").headers
    app.reset()
    response = app.get("/fill?size=3000", status=500)
    assert "Nothing was saved" in response.text
    assert "The session has 3" in caplog.text
    app.reset()
    assert "Nothing was saved" in app.get("/spoil", status=500).text
