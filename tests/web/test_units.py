"""Each request is one unit of work."""

import pytest
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from webtest import TestApp

from berceau.orm.session import unit_of_work
from components.demo.entities import DemoUser


@pytest.fixture
def serve_view(db, running, tmp_path):  # noqa: ARG001 (the database is db's, and started)
    """Return a function that serves one view at the root."""

    def serve(view, **options):
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        config.add_route("root", "/")
        config.add_view(view, route_name="root", **options)
        return TestApp(config.make_wsgi_app())

    return serve


def add_user(name="Ada", email="ada@example.org"):
    return DemoUser(name=name, email=email)


def user_count():
    with unit_of_work():
        return DemoUser.select().count()


@pytest.mark.parametrize("status", [200, 204, 303])
def test_success_commits(serve_view, status):
    def view(_):
        add_user()
        return Response(status=status)

    serve_view(view).get("/", status=status)
    assert user_count() == 1


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_an_error_response_undoes_everything(serve_view, status):
    def view(_):
        add_user().flush()
        return Response(status=status)

    serve_view(view).get("/", status=status)
    assert user_count() == 0


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("broken"), 500), (HTTPSeeOther("/"), 303)]
)
def test_an_exception_undoes_everything(serve_view, error, status):
    def view(_):
        add_user().flush()
        raise error

    serve_view(view).get("/", status=status)
    assert user_count() == 0


def test_a_failed_commit_is_an_error_page(serve_view, caplog):
    def view(_):
        add_user()
        add_user(name="Another Ada")  # the same address; PostgreSQL finds out at the end
        return Response("saved")

    assert "went wrong" in serve_view(view).get("/", status=500)
    assert "ada@example.org" in caplog.text
    assert user_count() == 0


def test_the_template_is_rendered_inside_of_the_unit(serve_view, tmp_path):
    template = tmp_path / "users.pt"
    template.write_text("<p>${users.first().name}</p>")
    with unit_of_work():
        add_user()
    app = serve_view(lambda _: {"users": DemoUser.select()}, renderer=str(template))
    assert app.get("/").text == "<p>Ada</p>"


def test_the_next_request_starts_afresh(serve_view):
    def view(request):
        add_user(name=request.GET["name"], email=request.GET["name"])
        return Response(status=int(request.GET["status"]))

    app = serve_view(view)
    app.get("/?name=a&status=500", status=500)
    app.get("/?name=b&status=200", status=200)
    assert user_count() == 1
