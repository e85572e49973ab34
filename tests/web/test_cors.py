"""Scripts of the sites that a component names may use its API, and of no others."""

import pytest
from webob.headers import ResponseHeaders
from webtest import TestApp

from berceau.errors import ComponentError

API = """
    from pyramid.httpexceptions import HTTPForbidden
    from pyramid.view import view_config

    def includeme(config):
        config.add_route("api", "/api/things")
        config.add_route("open", "/open/things")
        config.add_route("page", "/page")
        config.allow_origins("https://shop.test", "http://localhost:3000", prefix="/api",
                             headers=("X-Shop",))
        config.allow_origins("*", prefix="/open")
        config.token_api(prefix="/api")
        config.token_api(prefix="/open")

    @view_config(route_name="api", renderer="json", request_method=("GET", "POST"))
    @view_config(route_name="open", renderer="json", request_method="GET")
    @view_config(route_name="page", renderer="json")
    def things(request):
        if "forbidden" in request.params:
            raise HTTPForbidden
        return []
"""
SHOP = {"Origin": "https://shop.test"}


@pytest.fixture
def api(serve, component) -> TestApp:
    return serve(component("api", {"__init__.py": API}))


def ask(api, path, origin, status=204) -> ResponseHeaders:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return api.options(path, headers=headers, status=status).headers


@pytest.mark.parametrize("path", ["/api/things", "/api/nowhere"])
def test_a_browser_that_asks_is_told_what_scripts_may_send(api, path) -> None:
    headers = ask(api, path, "http://localhost:3000")
    assert headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert {"POST", "PATCH"} <= {*headers["Access-Control-Allow-Methods"].split(", ")}
    assert {"Authorization", "X-Shop"} <= {*headers["Access-Control-Allow-Headers"].split(", ")}
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in headers
    assert "Set-Cookie" not in headers


def test_a_script_may_read_the_answer_and_the_error(api) -> None:
    for response in (
        api.post("/api/things", headers=SHOP),
        api.get("/api/things?forbidden=1", headers=SHOP, status=403),
        api.get("/api/nowhere", headers=SHOP, status=404),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "https://shop.test"
        assert {"ETag", "RateLimit"} <= {
            *response.headers["Access-Control-Expose-Headers"].split(", ")
        }


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.test", "http://shop.test", "https://shop.test:8443", "null", ""),
        *("https://shop.test.evil.test", "https://xshop.test", "https://shop.test/"),
    ],
)
def test_other_sites_may_not(api, origin) -> None:
    refused = ask(api, "/api/things", origin, status=405)
    answer = api.get("/api/things", headers={"Origin": origin}).headers
    for headers in (refused, answer):
        assert "Access-Control-Allow-Origin" not in headers
        assert "Origin" in headers["Vary"]


def test_what_is_not_below_the_prefix_is_as_before(api) -> None:
    asked = ask(api, "/page", "https://shop.test", status=200)
    for headers in (asked, api.get("/page", headers=SHOP).headers):
        assert "Access-Control-Allow-Origin" not in headers
        assert "Vary" not in headers


def test_any_site_may_where_it_is_declared(api) -> None:
    assert ask(api, "/open/things", "https://any.test")["Access-Control-Allow-Origin"] == "*"
    response = api.get("/open/things", headers={"Origin": "https://any.test"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in response.headers
    assert "Access-Control-Allow-Origin" not in api.get("/open/things").headers


@pytest.mark.parametrize(
    "origin", ["shop.test", "https://shop.test/", "https://*.shop.test", "ftp://shop.test", ""]
)
def test_what_no_browser_sends_is_refused_at_the_start(serve, component, origin) -> None:
    wrong = f'def includeme(config):\n    config.allow_origins("{origin}", prefix="/api")'
    with pytest.raises(ComponentError, match="is no origin"):
        serve(component("wrong", {"__init__.py": wrong}))
