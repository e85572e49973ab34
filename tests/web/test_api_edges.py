"""What token APIs, problems and limits do at their edges: repetition, streams, broken pages."""

from collections.abc import Callable, Iterator

import pytest
from pyramid.config import Configurator
from pyramid.response import Response
from pyramid_retry import RetryableException, is_last_attempt
from webtest import TestApp

from berceau.orm.session import unit_of_work
from components.demo.entities import DemoUser


@pytest.fixture
def serve_view(db, running, tmp_path) -> Callable[..., TestApp]:
    """Return a function that serves one view at /api, as a token API."""
    assert db
    assert running

    def serve(view, **options) -> TestApp:
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        config.add_route("api", "/api")
        config.allow_origins("https://shop.test", prefix="/api")
        config.add_view(view, route_name="api", token_api=True, **options)
        app = TestApp(config.make_wsgi_app())
        app.set_cookie("other", "1")
        return app

    return serve


def test_a_request_that_runs_again_has_no_cookie_either(serve_view) -> None:
    seen = []

    def view(request) -> Response:
        seen.append((dict(request.cookies), dict(request.session)))
        if not is_last_attempt(request):
            raise RetryableException
        return Response("done")

    serve_view(view).post("/api")
    assert seen == [({}, {})] * 3


def test_a_last_attempt_that_fails_is_a_problem(serve_view) -> None:
    def view(_) -> Response:
        raise RetryableException

    response = serve_view(view).post("/api", headers={"Accept": "text/html"}, status=500)
    assert response.content_type == "application/problem+json"


def test_a_stream_is_sent_as_it_is_and_its_head_has_no_body(serve_view) -> None:
    def view(_) -> Response:
        DemoUser(name="Ada", email="ada@example.org")
        return Response(app_iter=(user.name.encode() for user in DemoUser.select()))

    app = serve_view(view)
    shown = app.get("/api", headers={"Origin": "https://shop.test"})
    assert shown.body == b"Ada"
    assert shown.headers["Access-Control-Allow-Origin"] == "https://shop.test"
    assert "Set-Cookie" not in shown.headers


def test_a_stream_of_an_error_is_undone(serve_view) -> None:
    def parts() -> Iterator[bytes]:
        yield b"no"

    def view(_) -> Response:
        DemoUser(name="Ada", email="ada@example.org")
        return Response(app_iter=parts(), status=422)

    assert serve_view(view).post("/api", status=422).body == b"no"
    with unit_of_work():
        assert DemoUser.select().count() == 0


def test_a_result_that_cannot_be_written_is_a_problem_and_undone(serve_view) -> None:
    def view(_) -> dict[str, float]:
        DemoUser(name="Ada", email="ada@example.org")
        return {"number": float("nan")}

    response = serve_view(view, renderer="json").post("/api", status=500)
    assert response.json["status"] == 500
    with unit_of_work():
        assert DemoUser.select().count() == 0


def test_not_modified_undoes_what_was_written_before(serve_view) -> None:
    def view(request) -> str:
        DemoUser(name="Ada", email="ada@example.org")
        request.check_preconditions("known")
        return "sent"

    app = serve_view(view, renderer="json")
    etag = app.get("/api").headers["ETag"]
    with unit_of_work():
        DemoUser.select().delete(bulk=True)
    app.get("/api", headers={"If-None-Match": etag}, status=304)
    with unit_of_work():
        assert DemoUser.select().count() == 0


@pytest.mark.parametrize("value", ["", '"', "W/", "*, x", "\xff", '"a", W/"b", c', "x" * 9000])
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match", "If-Modified-Since"])
def test_conditions_that_cannot_be_read_break_nothing(serve_view, name, value) -> None:
    def view(request) -> str:
        request.check_preconditions("known")
        return "sent"

    app = TestApp(serve_view(view, renderer="json").app, lint=False)
    for method in ("GET", "PUT"):
        response = app.request("/api", method=method, headers={name: value}, status="*")
        assert response.status_code in {200, 304, 412}


PERIODS = """
from datetime import timedelta

class Period(BaseModel):
    lasts: timedelta

@api_view(route_name="things", request_method="GET")
def show(request, query: Period) -> float:
    return query.lasts.total_seconds()

@api_view(route_name="things", request_method="POST")
def make(request, body: Period) -> float:
    return body.lasts.total_seconds()

@api_view(route_name="number", request_method="GET")
def one(request, id: timedelta) -> float:
    return id.total_seconds()
"""


def test_a_period_just_below_the_least_is_no_failure_of_the_application(api) -> None:
    """pydantic lets Python's own error out there."""
    app = api(PERIODS)
    least, below = "-P999999999D", "-P999999999DT1S"
    seconds = -999999999 * 86400
    assert app.get(f"/things?lasts={least}").json == seconds
    assert app.post_json("/things", {"lasts": least}).json == seconds
    assert app.get(f"/numbers/{least}").json == seconds
    assert "too large" in app.get(f"/things?lasts={below}", status=400).text
    app.post_json("/things", {"lasts": below}, status=400)
    app.get(f"/numbers/{below}", status=404)


OF_ITS_OWN = """
import math
from typing import Annotated
from pydantic import AfterValidator

def grown(number: float) -> float:
    return math.exp(number)

class Growth(BaseModel):
    rate: Annotated[float, AfterValidator(grown)]

@api_view(route_name="things", request_method="GET")
def show(request, query: Growth) -> float:
    return query.rate

@api_view(route_name="things", request_method="POST")
def make(request, body: Growth) -> float:
    return body.rate

@api_view(route_name="number", request_method="GET")
def one(request, id: Annotated[float, AfterValidator(math.exp)]) -> float:
    return id
"""


@pytest.mark.parametrize(
    "send",
    [
        lambda app: app.get("/things?rate=1000", status=500),
        lambda app: app.post_json("/things", {"rate": 1000}, status=500),
        lambda app: app.get("/numbers/1000", status=500),
    ],
)
def test_an_overflow_of_an_application_s_validator_is_its_own(api, send, caplog) -> None:
    app = api(OF_ITS_OWN)
    assert app.get("/things?rate=0").json == 1
    send(app)
    assert "OverflowError: math range error" in caplog.text
