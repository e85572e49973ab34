"""A token API: no cookies, no session, no CSRF, and every error is problem+json."""

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from berceau.errors import ComponentError

SHOP = """
    from pyramid.csrf import get_csrf_token
    from pyramid.view import view_config, view_defaults

    def includeme(config):
        for name in ("page", "mixed", "single"):
            config.add_route(name, "/" + name)
        config.add_route("thing", "/things/{id}")
        config.add_route("prefixed", "/api/v1/things")
        config.add_route("look_alike", "/apiary")
        config.token_api(prefix="/api")

    def seen(request):
        user = request.session.get("user")
        return {"cookies": sorted(request.cookies), "user": user}

    @view_defaults(route_name="thing", token_api=True, renderer="json")
    class Thing:
        def __init__(self, request):
            self.request = request

        @view_config(request_method="GET")
        def get(self):
            return seen(self.request)

        @view_config(request_method="PUT")
        def put(self):
            self.request.flash("saved")
            return seen(self.request)

        @view_config(request_method="DELETE")
        def delete(self):
            self.request.session["user"] = None

    @view_config(route_name="single", renderer="json", token_api=True)
    @view_config(route_name="prefixed", renderer="json")
    @view_config(route_name="look_alike", renderer="json")
    @view_config(route_name="mixed", renderer="json", request_method="POST", token_api=True)
    @view_config(route_name="mixed", renderer="json", request_method="GET")
    def look(request):
        return seen(request)

    @view_config(route_name="page", renderer="json")
    def page(request):
        request.session["user"] = "ada"
        return get_csrf_token(request)
"""


@pytest.fixture
def shop(serve, component) -> TestApp:
    """A browser that is signed in."""
    app = serve(component("shop", {"__init__.py": SHOP}))
    app.get("/page")
    return app


FREE = {"cookies": [], "user": None}
SIGNED_IN = {"cookies": ["csrf_token", "session"], "user": "ada"}


def test_its_views_see_no_cookie_and_need_no_token(shop) -> None:
    for path in ("/things/1", "/single", "/api/v1/things"):
        assert shop.get(path).json == FREE
    for path in ("/single", "/mixed", "/api/v1/things"):
        assert shop.post(path).json == FREE
    assert shop.put("/things/1").json == FREE


def test_other_views_keep_all_of_it(shop) -> None:
    for path in ("/mixed", "/apiary"):
        assert shop.get(path).json == SIGNED_IN
    shop.post("/apiary", status=400)


def test_it_sets_no_cookie_and_no_cache_has_to_tell_visitors_apart(shop) -> None:
    for response in (shop.get("/things/1"), shop.put("/things/1"), shop.post("/api/v1/things")):
        assert "Set-Cookie" not in response.headers
        assert "Vary" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nowhere", 404),
        ("GET", "/api", 404),
        ("POST", "/things/1", 405),
    ],
)
def test_its_errors_are_problems_whatever_is_accepted(shop, method, path, status) -> None:
    response = shop.request(path, method=method, status=status)
    assert response.content_type == "application/problem+json"
    assert response.json["status"] == status


def test_an_address_that_no_route_can_read_is_a_problem_there(shop) -> None:
    browser = TestApp(shop.app, extra_environ=shop.extra_environ)  # WebTest's cookies need UTF-8
    assert browser.get("/api/%ff", status=400).json["status"] == 400
    assert browser.get("/apis/%ff", status=400).html


def test_other_errors_are_pages(shop) -> None:
    assert shop.get("/apis", status=404).html


def test_what_is_put_into_the_session_is_a_mistake_that_says_so(serve, component) -> None:
    app = serve(component("shop", {"__init__.py": SHOP}), includes=["berceau.web.debug_page"])
    told = app.delete("/things/1", status=500).json
    assert "A token API has no session." in told["detail"]
    assert "token_api" in told["cure"]


COMPONENT = """
    from pyramid.view import view_config

    def includeme(config):
        config.add_route("all", "/all")
        config.add_route("none", "/none")
        config.token_api()

    @view_config(route_name="all", renderer="json")
    @view_config(route_name="none", renderer="json", token_api=False)
    def look(request):
        return sorted(request.cookies)
"""


def test_a_component_may_be_one_as_a_whole(serve, component) -> None:
    app = serve(component("things", {"__init__.py": COMPONENT}))
    app.set_cookie("other", "1")
    assert app.post("/all").json == []
    assert app.get("/none").json == ["other"]
    app.post("/none", status=400)


OTHER = """
    def includeme(config):
        config.add_route("other", "/api/other")
        {}
"""


def test_a_prefix_takes_no_session_from_another_component(serve, component) -> None:
    first = component("shop", {"__init__.py": SHOP})
    with pytest.raises(ComponentError) as refused:
        serve(first, component("other", {"__init__.py": OTHER.format("")}))
    assert "route 'other' of component other is in /api, which component shop" in str(refused.value)
    assert 'config.token_api(prefix="/api")' in str(refused.value)
    agreed = OTHER.format('config.token_api(prefix="/api/")')
    serve(first, component("agreed", {"__init__.py": agreed}))


def test_a_shared_prefix_is_for_the_routes_of_all_components(serve, component) -> None:
    shared = 'def includeme(config):\n    config.token_api(prefix="/api", shared=True)'
    views = """
        from pyramid.view import view_config

        def includeme(config):
            config.add_route("other", "/api/other")

        @view_config(route_name="other", renderer="json")
        def other(request):
            return dict(request.cookies)
    """
    made = component("base", {"__init__.py": shared}), component("other", {"__init__.py": views})
    assert serve(*made).post("/api/other", headers={"Cookie": "a=b"}).json == {}


PERMITTED = """
    from pyramid.view import view_config

    class Policy:
        def identity(self, request):
            return request.headers.get("Authorization") == "Bearer right" or None

        def authenticated_userid(self, request):
            return self.identity(request)

        def permits(self, request, context, permission):
            return bool(self.identity(request))

    def includeme(config):
        config.set_security_policy(Policy())
        config.add_route("api", "/api")
        config.add_route("page", "/page")

    @view_config(route_name="api", renderer="json", permission="read", token_api=True)
    @view_config(route_name="page", renderer="json", permission="read")
    def read(request):
        return "read"
"""


def test_who_sent_no_token_is_asked_for_one(serve, component) -> None:
    app = serve(component("permitted", {"__init__.py": PERMITTED}))
    assert app.get("/api", headers={"Authorization": "Bearer right"}).json == "read"
    assert app.get("/api", status=401).headers["WWW-Authenticate"] == "Bearer"
    refused = app.get("/api", headers={"Authorization": "Bearer wrong"}, status=403)
    assert refused.json["detail"] == "You may not do this."
    assert app.get("/page", status=403).content_type == "text/html"


def test_a_prefix_is_plain_text(serve, component) -> None:
    wrong = 'def includeme(config):\n    config.token_api(prefix="/{language}/api")'
    with pytest.raises(ComponentError, match="plain text"):
        serve(component("wrong", {"__init__.py": wrong}))


def test_an_application_that_embeds_berceau_has_it_too(running, tmp_path) -> None:
    assert running
    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    config.set_default_csrf_options(require_csrf=True)
    config.add_route("free", "/free")
    config.add_route("bound", "/bound")
    config.add_view(lambda request: sorted(request.cookies), route_name="free", renderer="json")
    config.add_view(lambda _: "bound", route_name="bound", renderer="json")
    config.token_api(prefix="/free")
    app = TestApp(config.make_wsgi_app())
    app.set_cookie("other", "1")
    assert app.post("/free").json == []
    app.post("/bound", status=400)


def test_a_component_can_ask_what_a_request_is(serve, component) -> None:
    views = """
        from pyramid.view import view_config

        from berceau.web import is_development, is_token_api

        def includeme(config):
            config.add_route("api", "/api")
            config.add_route("page", "/page")

        @view_config(route_name="api", renderer="json", token_api=True)
        @view_config(route_name="page", renderer="json")
        def asked(request):
            return [is_token_api(request), is_development(request.registry.settings)]
    """
    app = serve(component("asked", {"__init__.py": views}))
    assert app.get("/api").json == [True, True]
    assert app.get("/page").json == [False, True]
