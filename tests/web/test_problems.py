"""Who gets a page where something went wrong, who gets problem+json, and what it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from webtest import TestApp

from berceau.errors import ConflictError
from berceau.web.problems import Problem, as_json, reads_pages

BROWSERS = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "text/html, application/xhtml+xml, */*",
    "text/html",
    "TEXT/HTML",
    "text/*",
    "application/json;q=0.9, text/html",
    "application/json, text/html",
    "application/problem+json, text/*",
]
PROGRAMS = [
    None,
    "",
    "*/*",
    "application/json",
    "application/problem+json",
    "application/json, text/plain, */*",
    "application/json, text/html;q=0.9",
    "text/html;q=0, */*",
    "image/avif,image/webp,*/*;q=0.8",
    "text/plain",
    "no media type",
    "text/html;q=x",
    ",,,;;;",
    "text/html," * 500,
]


@pytest.mark.parametrize("accept", BROWSERS)
def test_who_names_html_reads_pages(accept) -> None:
    assert reads_pages(accept)


@pytest.mark.parametrize("accept", PROGRAMS)
def test_everybody_else_reads_problems(accept) -> None:
    assert not reads_pages(accept)


@given(st.text(st.characters(max_codepoint=255)))
def test_no_header_breaks_the_choice(accept) -> None:
    assert reads_pages(accept) in {True, False}


VIEWS = """
    from uuid import UUID

    from pony.orm import DataError
    from pyramid.httpexceptions import (
        HTTPBadRequest, HTTPForbidden, HTTPNotFound, HTTPTooManyRequests, HTTPUnprocessableEntity
    )
    from pyramid.response import Response
    from pyramid.view import view_config

    from berceau.errors import ConflictError

    def includeme(config):
        for name in ("forbidden", "taken", "crash", "wait", "own", "missing", "things", "form"):
            config.add_route(name, "/" + name)
        config.add_route("put_thing", "/thing", request_method="PUT")
        config.add_route("delete_thing", "/thing", request_method="DELETE")

    @view_config(route_name="forbidden")
    def forbidden(request):
        raise HTTPForbidden("Only the author may do this.")

    @view_config(route_name="taken")
    def taken(request):
        raise ConflictError("A post has this slug.", kind="taken", attributes=("author", "slug"))

    @view_config(route_name="crash")
    def crash(request):
        raise RuntimeError("the secret reason")

    @view_config(route_name="wait")
    def wait(request):
        raise HTTPTooManyRequests(headers={"Retry-After": "7"})

    @view_config(route_name="own")
    def own(request):
        raise HTTPUnprocessableEntity(json_body={"errors": {"title": ["is too short"]}})

    @view_config(route_name="missing")
    def missing(request):
        raise HTTPNotFound("No article has this slug.")

    @view_config(route_name="form", request_method="POST", require_csrf=False)
    def form(request):
        return Response(request.json_body["name"])

    @view_config(route_name="things", request_method="GET")
    @view_config(route_name="things", request_method=("POST", "PATCH"), require_csrf=False)
    @view_config(route_name="put_thing")
    @view_config(route_name="delete_thing")
    def things(request):
        return Response("things")
"""


@pytest.fixture
def client(serve, component) -> TestApp:
    """A program's requests to the application of a developer, whose errors aren't explained."""
    served = serve(component("things", {"__init__.py": VIEWS}))
    return TestApp(served.app, extra_environ={"HTTP_ACCEPT": "application/json"})


def test_a_problem_has_the_members_of_rfc_9457(client) -> None:
    response = client.get("/forbidden", status=403)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "Only the author may do this.",
    }
    assert "Accept" in response.vary


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/nowhere", 404, "This page doesn't exist."),
        ("/missing", 404, "No article has this slug."),
        ("/forbidden", 403, "Only the author"),
        ("/taken", 409, "This exists already. Nothing was saved."),
        ("/crash", 500, "Something went wrong here."),
        ("/%ff", 400, "This request is malformed."),
    ],
)
def test_each_error_is_a_page_or_a_problem(client, path, status, detail) -> None:
    problem = client.get(path, status=status)
    assert problem.json["status"] == status
    assert problem.json["detail"].startswith(detail)
    assert "secret" not in problem
    page = client.get(path, headers={"Accept": "text/html"}, status=status)
    assert page.content_type == "text/html"
    assert "Accept" in page.vary
    assert detail.split(".")[0] in page.html.main.text


def test_a_conflict_says_which_attributes(client) -> None:
    assert client.get("/taken", status=409).json["attributes"] == ["author", "slug"]


def test_a_form_without_a_token_is_a_problem(client) -> None:
    assert "expired" in client.post("/taken", status=400).json["detail"]


def test_headers_of_a_refusal_are_kept(client) -> None:
    assert client.get("/wait", status=429).headers["Retry-After"] == "7"


def test_a_refusal_with_a_body_of_its_own_is_sent_as_it_is(client) -> None:
    for accept in ("text/html", "application/json"):
        sent = client.get("/own", headers={"Accept": accept}, status=422)
        assert sent.json == {"errors": {"title": ["is too short"]}}


def test_malformed_json_is_a_problem(client) -> None:
    body = {"Content-Type": "application/json", "Accept": "*/*"}
    assert client.post("/form", "{", headers=body, status=400).json["title"] == "Bad Request"


def test_head_has_the_headers_and_no_body(client) -> None:
    response = client.head("/nowhere", status=404)
    assert response.content_type == "application/problem+json"
    assert response.content_length
    assert not response.body


@pytest.mark.parametrize(
    ("path", "allowed"), [("/things", "GET, HEAD, PATCH, POST"), ("/thing", "DELETE, PUT")]
)
def test_a_method_that_the_address_does_not_take(client, path, allowed) -> None:
    response = client.request(path, method="TRACE", status=405)
    assert response.headers["Allow"] == allowed
    assert response.json["status"] == 405
    assert client.get(path + "/nowhere", status=404)


def test_a_developer_sees_the_cause_in_a_few_lines(serve, component) -> None:
    made = component("things", {"__init__.py": VIEWS})
    app = TestApp(serve(made, includes=["berceau.web.debug_page"]).app)
    shown = app.get("/crash", status=500)
    assert shown.json["detail"] == "This request failed. RuntimeError('the secret reason')"
    assert shown.json["where"].startswith(f"component things, {made.path / '__init__.py'}:")
    assert shown.json["line"] == 'raise RuntimeError("the secret reason")'
    assert shown.text.count("\n") < 10


def test_pending_migrations_are_named(serve, running) -> None:
    running.missing = ("20260101_init",)
    response = TestApp(serve().app).get("/", status=503)
    assert response.json["migrations"] == ["20260101_init"]
    assert "invoke migrate.deploy" in response.json["detail"]


def test_an_application_that_embeds_berceau_answers_conflicts_too(running, tmp_path) -> None:
    def taken(_) -> Response:
        raise ConflictError("taken", attributes=("slug",))

    assert running
    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    config.add_route("taken", "/taken")
    config.add_view(taken, route_name="taken")
    app = TestApp(config.make_wsgi_app())
    assert app.get("/taken", status=409).json["attributes"] == ["slug"]
    assert app.get("/taken", headers={"Accept": "text/html"}, status=409).html.h1


def blank() -> Request:
    request = Request.blank("/")
    request.registry = Registry()
    return request


def test_a_type_of_its_own_keeps_its_title_and_no_extension_replaces_a_member() -> None:
    problem = Problem(
        403,
        "Out of credit",
        "It costs 50.",
        {"balance": 30, "status": 200},
        "https://x.test/credit",
    )
    response = as_json(blank(), problem)
    assert response.json_body == {
        "type": "https://x.test/credit",
        "title": "Out of credit",
        "status": 403,
        "detail": "It costs 50.",
        "balance": 30,
    }


def test_what_json_cannot_write_is_text() -> None:
    problem = Problem(422, "Wrong", "Wrong.", {"errors": [ValueError("x"), "\ud800"]})
    assert as_json(blank(), problem).json_body["errors"] == ["x", "\ud800"]
