"""Static files stay with browsers until they change; a visitor's page stays with the visitor."""

import os
import time

import pytest
from pyramid.path import AssetResolver

from berceau.components import Component
from berceau.web.caching import PARAMETER

MANIFEST = """
    def includeme(config):
        config.add_static_view("static/shop", f"{__name__}:static")
        config.add_static_view("static/short", f"{__name__}:short", cache_max_age=5)
        for name in ("address", "token", "session", "plain", "secret"):
            config.add_route(name, "/" + name)
            config.add_view(globals()[name], route_name=name, renderer="string")

    def address(request):
        return request.static_path(f"{__name__}:static/" + request.params["file"])

    def token(request):
        from pyramid.csrf import get_csrf_token
        return get_csrf_token(request)

    def session(request):
        request.session["seen"] = True
        return ""

    def secret(request):
        request.response.cache_control = "public, max-age=60"
        return token(request)

    def plain(request):
        return ""
"""


@pytest.fixture
def shop(component) -> Component:
    return component(
        "shop",
        {"__init__.py": MANIFEST, "static/a.css": "a {}", "short/b.css": "b {}"},
    )


def test_an_address_tells_the_content_and_is_kept_for_good(serve, shop) -> None:
    app = serve(shop)
    before = app.get("/address?file=a.css").text
    assert f"a.css?{PARAMETER}=" in before
    kept = app.get(before)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    (shop.path / "static/a.css").write_text("a {color: red}")
    after = app.get("/address?file=a.css").text
    assert after != before
    assert app.get(after).text == "a {color: red}"
    # The old address has the new content now: what one browser has, others don't get for a year.
    assert app.get(before).headers["Cache-Control"] == "public, no-cache"


def test_a_file_that_only_was_written_again_keeps_its_address(serve, shop) -> None:
    app = serve(shop)
    before = app.get("/address?file=a.css").text
    os.utime(shop.path / "static/a.css", (time.time() + 9, time.time() + 9))
    assert app.get("/address?file=a.css").text == before


def test_another_address_is_asked_for_and_answered_by_304(serve, shop) -> None:
    app = serve(shop)
    found = app.get("/static/shop/a.css")
    assert found.headers["Cache-Control"] == "public, no-cache"
    again = app.get("/static/shop/a.css", headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.body) == (304, b"")
    (shop.path / "static/a.css").write_text("a {color: red}")
    changed = app.get("/static/shop/a.css", headers={"If-None-Match": found.headers["ETag"]})
    assert changed.text == "a {color: red}"


def test_an_age_of_the_components_own_is_kept(serve, shop) -> None:
    assert "max-age=5" in serve(shop).get("/static/short/b.css").headers["Cache-Control"]


def test_a_file_that_is_not_there_has_an_address_still(serve, shop) -> None:
    app = serve(shop)
    assert app.get("/address?file=none.css").text == "/static/shop/none.css"
    app.get("/static/shop/none.css", status=404)


def test_a_layout_that_was_replaced_has_the_fingerprint_of_its_own_files(serve, component) -> None:
    manifest = """
        def includeme(config):
            config.override_asset("berceau.web:static/berceau.css", f"{__name__}:mine.css")
    """
    shop = component("shop", {"__init__.py": manifest, "mine.css": "mine {}"})
    app = serve(shop)
    (link,) = (
        each["href"] for each in app.get("/").html.select("link") if "berceau.css" in each["href"]
    )
    assert app.get(link).text == "mine {}"
    assert "immutable" in app.get(link).headers["Cache-Control"]
    assert AssetResolver(None).resolve("berceau.web:static/berceau.css").exists()


@pytest.mark.parametrize("page", ["/token", "/session", "/secret"])
def test_a_visitors_page_is_not_for_others(serve, shop, page) -> None:
    headers = serve(shop).get(page).headers
    assert "private" in headers["Cache-Control"]
    assert "public" not in headers["Cache-Control"]
    assert "Cookie" in headers["Vary"]


def test_a_page_for_everybody_says_nothing(serve, shop) -> None:
    headers = serve(shop).get("/plain").headers
    assert "Cache-Control" not in headers
    assert "Vary" not in headers
