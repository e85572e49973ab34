"""Shared caches: what they keep of one tenant never answers a request of another."""

from copy import copy

import pytest
from pyramid.request import Request
from pyramid.response import Response

from berceau.web.tenant_choice import varying
from tests.web.tenants.conftest import at

READ = [
    (lambda request: request.domain, set()),
    (lambda request: request.path_info.split("/")[1], set()),
    (lambda request: request.GET.get("of"), set()),
    (lambda request: request.params.get("of"), {"Content-Type"}),  # a form's, too
    (lambda request: request.host_url, set()),
    (lambda request: request.headers.get("x-tenant"), {"X-Tenant"}),
    (lambda request: request.headers["X-Tenant"], {"X-Tenant"}),
    (lambda request: "X-Tenant" in request.headers, {"X-Tenant"}),
    (lambda request: request.headers.get("X-Absent"), {"X-Absent"}),
    (lambda request: request.environ["HTTP_X_TENANT"], {"X-Tenant"}),
    (lambda request: request.environ.get("HTTP_X_TENANT"), {"X-Tenant"}),
    (lambda request: request.environ.pop("HTTP_X_TENANT"), {"X-Tenant"}),
    (lambda request: request.environ.pop("HTTP_X_ABSENT", None), {"X-Absent"}),
    (lambda request: request.environ.setdefault("HTTP_X_TENANT", "ada"), {"X-Tenant"}),
    (lambda request: request.environ.__delitem__("HTTP_X_TENANT"), {"X-Tenant"}),
    (lambda request: request.headers.pop("X-Tenant"), {"X-Tenant"}),
    (lambda request: request.headers.setdefault("X-Tenant", "ada"), {"X-Tenant"}),
    (lambda request: request.content_type, {"Content-Type"}),
    (lambda request: request.headers.get("Content-Type"), {"Content-Type"}),
    (lambda request: request.content_length, {"Content-Length"}),
    (lambda request: request.cookies.get("of"), {"Cookie"}),
    (lambda request: (request.authorization, request.domain), {"Authorization"}),
    (lambda request: dict(request.headers), {"*"}),
    (lambda request: request.remote_addr, {"*"}),
    (lambda request: request.copy().headers, {"*"}),
    (lambda request: request.environ["wsgi.input"].read(), {"*"}),
    *(
        (lambda request, read=read: read(request.environ), {"*"})
        for read in (
            dict,
            list,
            len,
            copy,
            repr,
            lambda environ: [*environ.keys()],
            lambda environ: [*environ.values()],
            lambda environ: [*environ.items()],
            lambda environ: environ.copy(),
            lambda environ: environ | {},
            lambda environ: {} | environ,
            lambda environ: {**environ},
            lambda environ: environ == {},
            lambda environ: environ.popitem(),
        )
    ),
]


@pytest.mark.parametrize(("choose", "headers"), READ)
def test_a_response_names_the_headers_that_its_choice_read(choose, headers) -> None:
    request = Request.blank("/acme/posts?of=acme", headers={"X-Tenant": "acme"})
    environ = request.environ
    with varying(request):
        choose(request)
    response = Response(vary="Accept")
    request._process_response_callbacks(response)
    assert headers <= {*response.vary} <= {*headers, "Accept", "*"}
    assert ("*" in response.vary) == ("*" in headers)
    assert request.environ is environ
    request.headers["X-Tenant"] = "other"
    assert environ["HTTP_X_TENANT"] == "other"


def test_what_a_choice_writes_stays() -> None:
    request = Request.blank("/")
    with varying(request):
        request.environ["seen"] = True
        request.headers["X-Seen"] = "yes"
    assert request.environ["seen"]
    assert request.headers["X-Seen"] == "yes"


def test_what_webob_keeps_of_a_choice_writes_to_the_request() -> None:
    request = Request.blank("/?a=1", headers={"Cache-Control": "max-age=1", "Cookie": "a=1"})
    with varying(request):
        kept = [request.params["a"], request.cookies["a"], request.cache_control.max_age]
        request.chosen = "acme"
    assert kept == ["1", "1", 1]
    request.GET["a"] = "2"
    request.cookies["a"] = "2"
    request.cache_control.max_age = 2
    assert (request.query_string, request.url) == ("a=2", "http://localhost/?a=2")
    assert (request.params["a"], request.cookies["a"]) == ("2", "2")
    assert request.headers["Cache-Control"] == "max-age=2"
    assert request.chosen == "acme"


def test_what_a_choice_keeps_of_a_request_writes_to_it() -> None:
    request = Request.blank("/?a=1", headers={"X-Tenant": "acme"})
    with varying(request):
        environ, headers, query = request.environ, request.headers, request.GET
        environ |= {"seen": True}
    headers["X-Tenant"] = "other"
    query["a"] = "2"
    assert request.headers["X-Tenant"] == "other"
    assert (request.GET["a"], request.query_string) == ("2", "a=2")
    assert request.environ["seen"]


@pytest.mark.parametrize(("name", "status"), [("bob", 200), ("nobody-there", 404), ("shared", 200)])
def test_pages_of_tenants_by_header_are_told_apart_by_it(app, name, status) -> None:
    found = app.get("/memos", headers={"X-Tenant": name}, extra_environ=at("ada"), status=status)
    assert "X-Tenant" in found.vary


def test_so_is_what_failed(app) -> None:
    assert "X-Tenant" in app.get("/failing", extra_environ=at("ada"), status=500).vary


def test_pages_of_tenants_by_session_are_the_visitor_s_only(app) -> None:
    app.get("/enter?of=bob", headers={"X-Tenant": "shared"})
    found = app.get("/chosen")
    assert found.json["tenant"] == "bob"
    assert "Cookie" in found.vary
    assert found.cache_control.private


def test_a_tenant_that_a_test_chose_makes_no_difference(app) -> None:
    found = app.get("/memos", extra_environ={**at("ada"), "berceau.tenant": "bob"})
    assert found.vary is None
