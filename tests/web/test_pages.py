"""Error pages are friendly, tell no secrets, and every response keeps to itself."""

from secrets import token_urlsafe

import pytest
from webtest import TestApp

from berceau.settings import Settings
from berceau.web.app import DEVELOPMENT, make_app

PAGES = """
    from pyramid.httpexceptions import HTTPForbidden, HTTPMethodNotAllowed, HTTPSeeOther
    from pyramid.response import Response
    from pyramid.view import view_config

    def includeme(config):
        for name in ("crash", "forbid", "refuse", "move", "save", "own", "ask"):
            config.add_route(name, "/" + name)

    @view_config(route_name="crash")
    def crash(request):
        raise RuntimeError("the secret reason")

    @view_config(route_name="forbid")
    def forbid(request):
        raise HTTPForbidden("<Not> for you.")

    @view_config(route_name="refuse")
    def refuse(request):
        raise HTTPMethodNotAllowed(headers=[("Allow", "PUT")])

    @view_config(route_name="ask")
    def ask(request):
        return Response(str(int(request.params["q"])))

    @view_config(route_name="move")
    def move(request):
        raise HTTPSeeOther("/elsewhere")

    @view_config(route_name="save", request_method="POST")
    def save(request):
        return Response("saved")

    @view_config(route_name="own")
    def own(request):
        return Response("framed", headers={"X-Frame-Options": "SAMEORIGIN"})
"""


@pytest.fixture
def pages(serve, component) -> TestApp:
    return serve(component("pages", {"__init__.py": PAGES}))


def test_an_unknown_address_gets_a_friendly_page(pages) -> None:
    page = pages.get("/nowhere", status=404)
    assert "doesn't exist" in page.html.h1.text
    assert page.html.select_one("main a")["href"] == "/"


def test_a_crash_is_logged_with_its_traceback_and_shown_without(pages, caplog) -> None:
    page = pages.get("/crash", status=500)
    assert "went wrong" in page.html.h1.text
    assert "secret" not in page
    assert "Traceback" not in page
    assert "the secret reason" in caplog.text
    assert "Traceback" in caplog.text


def test_a_developer_sees_where_a_view_failed(serve, component) -> None:
    failing = component("pages", {"__init__.py": PAGES})
    pages = serve(failing, includes=["berceau.web.debug_page"])
    page = pages.get("/crash", status=500)
    place = page.html.select_one(".lead").text
    assert page.html.h1.text == "RuntimeError('the secret reason')"
    assert place.startswith(f"component pages, {failing.path / '__init__.py'}:")
    assert "raise RuntimeError" in page.html.select_one("mark").text
    assert "Traceback" in page
    assert "ValueError" in pages.get("/ask?q=<b>", status=500).html.h1.text
    assert "malformed" in pages.get("/ask?q=%ff", status=400)


def test_in_production_nobody_does(running, component, tmp_path) -> None:
    running.components = (component("pages", {"__init__.py": PAGES}),)
    production = Settings(
        tmp_path,
        database_url="postgresql://app@db/shop",
        hosts=("localhost",),
        secret=token_urlsafe(48),
    )
    app = TestApp(make_app(production, includes=DEVELOPMENT))
    for kind in ("text/html", "application/json"):
        shown = app.get("/crash", headers={"Accept": kind}, status=500)
        assert "went wrong" in shown
        assert "secret" not in shown
        assert str(tmp_path) not in shown


def test_a_refusal_of_a_view_keeps_its_status_and_its_words(pages) -> None:
    page = pages.get("/forbid", status=403)
    assert page.html.select_one(".lead").text == "<Not> for you."


def test_a_refusal_keeps_its_headers(pages) -> None:
    response = pages.get("/refuse", status=405)
    assert response.headers["Allow"] == "PUT"
    assert response.content_type == "text/html"


def test_a_raised_redirect_is_no_error(pages) -> None:
    assert pages.get("/move", status=303).location.endswith("/elsewhere")


def test_an_address_that_is_not_utf8_is_refused(pages) -> None:
    assert "malformed" in pages.get("/%ff", status=400).html.h1.text
    assert "malformed" in pages.get("/ask?q=%ff", status=400).html.h1.text


def test_a_body_that_is_no_form_is_refused(pages) -> None:
    kind = {"Content-Type": "multipart/form-data"}
    assert "malformed" in pages.post("/save", b"no form", headers=kind, status=400).html.h1.text


def test_a_form_that_is_not_utf8_is_refused(pages) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}
    assert "malformed" in pages.post("/save", b"a=b", headers=kind, status=400).html.h1.text


def test_a_wrong_value_of_our_own_is_a_crash(pages) -> None:
    assert "went wrong" in pages.get("/ask?q=x", status=500).html.h1.text


def test_without_components_the_home_page_says_what_to_do(serve) -> None:
    assert "components" in serve().get("/").html.select_one(".empty").text


def test_a_post_without_a_token_is_refused(pages, caplog) -> None:
    page = pages.post("/save", status=400)
    assert "expired" in page.html.h1.text
    assert "POST /save was refused" in caplog.text


TOKEN = "0123456789abcdef" * 2


def test_a_post_with_the_token_of_the_cookie_is_accepted(pages) -> None:
    pages.set_cookie("csrf_token", TOKEN)
    assert pages.post("/save", {"csrf_token": TOKEN}).text == "saved"
    assert pages.post("/save", headers={"X-CSRF-Token": TOKEN}).text == "saved"
    for other in (TOKEN[:-1], TOKEN[:-1] + "0", "", "é"):
        pages.post("/save", {"csrf_token": other}, status=400)


@pytest.mark.parametrize("planted", ["", "abc", "0" * 31, "0" * 33, "g" * 32, "A" * 32, '"\\351"'])
def test_a_token_that_is_not_ours_is_not_taken(pages, planted) -> None:
    cookie = {"Cookie": f"csrf_token={planted}"}
    pages.post("/save", {"csrf_token": planted}, headers=cookie, status=400)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:80", 400),
        ("http://localhost", 200),
        ("https://localhost", 400),
        ("http://localhost:8080", 400),
        ("http://evil.example", 400),
        ("http://localhost.evil.example", 400),
        ("http://partner.example", 200),
        ("null", 400),
        ("", 400),
        ("http://[", 400),
    ],
)
def test_over_http_a_form_of_another_site_is_refused_too(serve, component, origin, status) -> None:
    trusted = {"pyramid.csrf_trusted_origins": "partner.example"}
    pages = serve(component("pages", {"__init__.py": PAGES}), **trusted)
    pages.set_cookie("csrf_token", TOKEN)
    headers = {"Origin": origin, "Host": "localhost"}
    pages.post("/save", {"csrf_token": TOKEN}, headers=headers, status=status)


@pytest.mark.parametrize("name", ["Origin", "Referer"])
def test_over_https_an_origin_that_cannot_be_read_is_refused(pages, name) -> None:
    scheme = {"wsgi.url_scheme": "https"}
    headers = {name: "https://[", "Cookie": f"__Host-csrf_token={TOKEN}"}
    pages.post("/save", {"csrf_token": TOKEN}, headers, scheme, status=400)


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_of_the_token_is_kept_from_scripts_and_other_sites(
    serve, component, scheme, secure
) -> None:
    text = """
        from pyramid.csrf import get_csrf_token

        def includeme(config):
            config.add_route("token", "/token")
            config.add_view(get_csrf_token_of, route_name="token", renderer="string")

        def get_csrf_token_of(request):
            return get_csrf_token(request)
    """
    app = serve(component("token", {"__init__.py": text}))
    cookie = app.get("/token", extra_environ={"wsgi.url_scheme": scheme}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("secure" in cookie.lower().split("; ")) is secure


@pytest.mark.parametrize("path", ["/", "/nowhere", "/crash", "/static/berceau/berceau.css"])
def test_every_response_has_the_security_headers(pages, path) -> None:
    headers = pages.get(path, status="*").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_view_may_set_a_security_header_itself(pages) -> None:
    assert pages.get("/own").headers["X-Frame-Options"] == "SAMEORIGIN"


BROKEN = """
    from pyramid.view import view_config

    def includeme(config):
        for name in ("name", "attribute", "nested", "syntax", "markup", "python"):
            config.add_route(name, "/" + name)

    def fail():
        raise LookupError("deep down")

    @view_config(route_name="name", renderer="name.pt")
    @view_config(route_name="attribute", renderer="attribute.pt")
    @view_config(route_name="nested", renderer="nested.pt")
    @view_config(route_name="syntax", renderer="syntax.pt")
    @view_config(route_name="markup", renderer="markup.pt")
    @view_config(route_name="python", renderer="python.pt")
    def show(request):
        return {"post": 1, "fail": fail}
"""
TEMPLATES = {
    "name.pt": "<p>\n  ${nothing_there}\n</p>",
    "attribute.pt": '<ul>\n<li tal:repeat="each post.titel">x</li></ul>',
    "nested.pt": '<div>\n\n<p metal:use-macro="load: name.pt"></p></div>',
    "syntax.pt": "<p>\n${1 +}</p>",
    "markup.pt": '<p>\n<b tal:repeat="each"></b></p>',
    "python.pt": "<p>${fail()}</p>",
}


@pytest.mark.parametrize(
    ("page", "place", "expression"),
    [
        ("name", "name.pt:2", "nothing_there"),
        ("attribute", "attribute.pt:2", "post.titel"),
        ("nested", "name.pt:2", "nothing_there"),
        ("syntax", "syntax.pt:2", "1 +"),
        ("markup", "markup.pt:2", "each"),
        ("python", "__init__.py:9", "fail()"),
    ],
)
def test_a_developer_sees_where_a_template_failed(
    serve, component, page, place, expression
) -> None:
    failing = component("pages", {"__init__.py": BROKEN, **TEMPLATES})
    shown = serve(failing, includes=["berceau.web.debug_page"]).get("/" + page, status=500).html
    assert shown.select_one(".lead").text == f"component pages, {failing.path / place}"
    assert shown.select_one("code.expression").text == expression
    assert shown.select_one("mark").text.startswith(place.rpartition(":")[2])
    assert ("python.pt:1" in shown.main.text) is (page == "python")


def test_what_may_be_wide_is_reached_and_named(serve, component) -> None:
    failing = component("pages", {"__init__.py": PAGES})
    page = serve(failing, includes=["berceau.web.debug_page"]).get("/crash", status=500)
    regions = page.html.select("pre")
    assert len(regions) == 2
    for region in regions:
        assert region["tabindex"] == "0"
        assert region["role"] == "region"
        assert region["aria-label"]


MESSAGES = """
    from pyramid.httpexceptions import HTTPSeeOther
    from pyramid.view import view_config

    def includeme(config):
        for name in ("save", "page", "fail"):
            config.add_route(name, "/" + name)

    @view_config(route_name="save")
    def save(request):
        request.flash("<It> was saved.")
        return HTTPSeeOther("/page")

    @view_config(route_name="fail")
    def fail(request):
        request.flash("It was saved.")
        raise RuntimeError

    @view_config(route_name="page", renderer="page.pt")
    def page(request):
        return {}
"""
PAGE = '<html metal:use-macro="layout"><p metal:fill-slot="main">Here</p></html>'


def test_a_message_is_shown_once_and_only_of_what_was_done(serve, component) -> None:
    app = serve(component("pages", {"__init__.py": MESSAGES, "page.pt": PAGE}))
    told = app.get("/save", status=303).follow().html.select("[role=status]")
    assert [each.text.strip() for each in told] == ["<It> was saved."]
    assert not app.get("/page").html.select("[role=status]")
    app.get("/fail", status=500)
    assert not app.get("/page").html.select("[role=status]")


def test_a_page_without_a_message_leaves_the_session_alone(serve, component) -> None:
    app = serve(component("pages", {"__init__.py": MESSAGES, "page.pt": PAGE}))
    app.set_cookie("other", "1")
    page = app.get("/page")
    assert "Set-Cookie" not in page.headers
    assert "session" not in vars(page.request)
