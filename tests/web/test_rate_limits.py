"""Who asks too often is told when to ask again; all processes count together."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from pony.orm import PrimaryKey, Required
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid_retry import RetryableException, is_last_attempt
from webtest import TestApp

from berceau.orm.database import GlobalDatabase
from berceau.orm.session import unit_of_work
from berceau.postgres.inspect.scratch import scratch
from tests.orm.conftest import create_tables

database = GlobalDatabase()


class RequestCount(database.Entity):
    key = PrimaryKey(str, 64)
    expires_at = Required(datetime, index=True)


@pytest.fixture(scope="module")
def table(server) -> Iterator[None]:
    with scratch(server.migration_url) as connection:
        create_tables(database, server, connection)
        yield
        database.disconnect()


@pytest.fixture
def limited(table, running, tmp_path) -> Iterator[Callable[..., TestApp]]:
    """Return a function that serves one view at /api and /api/other, under the limits given."""
    assert table is None
    assert running

    def limited(view, *limits, **options) -> TestApp:
        config = Configurator(settings={"berceau.root": str(tmp_path)})
        config.include("berceau")
        config.include("berceau.web.errors")
        for name, path in (("api", "/api"), ("other", "/api/other"), ("page", "/page")):
            config.add_route(name, path)
            config.add_view(view, route_name=name, renderer="json", token_api=True)
        for rate, where in limits:
            config.limit_rate(rate, where, counts=RequestCount, **options)
        return TestApp(config.make_wsgi_app(), extra_environ={"REMOTE_ADDR": "192.0.2.1"})

    yield limited
    with unit_of_work():
        RequestCount.select().delete(bulk=True)


def ok(_) -> str:
    return "ok"


def test_who_asks_too_often_is_told_when_to_ask_again(limited) -> None:
    app = limited(ok, ("2/hour", "/api"))
    app.get("/api")
    app.get("/api/other")
    refused = app.get("/api", status=429)
    assert 1790 < int(refused.headers["Retry-After"]) <= 1800
    assert refused.json["title"] == "Too Many Requests"
    app.get("/page")
    app.get("/api", extra_environ={"REMOTE_ADDR": "192.0.2.2"})


def test_each_answer_tells_what_is_left(limited) -> None:
    def fail(_) -> str:
        raise HTTPForbidden

    app = limited(fail, ("2/hour", "other"), ("100/minute", "/api"))
    told = app.get("/api/other", status=403).headers
    assert sorted(told["RateLimit-Policy"].split(", ")) == [
        '"/api 100/60s";q=100;w=60',
        '"other 2/3600s";q=2;w=3600',
    ]
    assert sorted(told["RateLimit"].split(", ")) == [
        '"/api 100/60s";r=99;t=1',
        '"other 2/3600s";r=1;t=1800',
    ]
    app.get("/api/other", status=403)
    refused = app.get("/api/other", status=429).headers
    assert refused["RateLimit"] == '"other 2/3600s";r=0;t=3600'
    assert "RateLimit" not in app.get("/page", status=403).headers


def test_a_limit_may_be_that_of_a_route(limited) -> None:
    app = limited(ok, ("1/hour", "other"))
    app.get("/api/other")
    app.get("/api/other", status=429)
    app.get("/api")


def test_what_one_limit_refuses_another_does_not_count(limited) -> None:
    app = limited(ok, ("1/hour", "other"), ("3/hour", "/api"))
    for status in (200, 429, 429, 429):
        app.get("/api/other", status=status)
    for status in (200, 200, 429):
        app.get("/api", status=status)


def test_a_request_that_fails_counts(limited) -> None:
    def fail(_) -> str:
        raise HTTPForbidden

    app = limited(fail, ("1/hour", "/api"))
    app.get("/api", status=403)
    app.get("/api", status=429)


def test_a_request_that_runs_again_counts_once(limited) -> None:
    attempts = []

    def again(request) -> int:
        attempts.append(None)
        if not is_last_attempt(request):
            raise RetryableException
        return len(attempts)

    app = limited(again, ("2/hour", "/api"))
    for status in (200, 200, 429):
        app.get("/api", status=status)
    assert len(attempts) == 6


def test_clients_are_told_apart_as_the_component_says(limited) -> None:
    app = limited(ok, ("1/hour", "/api"), by=lambda request: request.headers.get("Authorization"))
    for token in ("a", "b"):
        app.get("/api", headers={"Authorization": token})
        app.get("/api", headers={"Authorization": token}, status=429)
    app.get("/api")
    app.get("/api")
    with unit_of_work():
        assert all(len(row.key) == 64 for row in RequestCount.select())  # no token is kept


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("2001:db8::1", "2001:db8::2", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 200),
        ("192.0.2.1", "192.0.2.2", 200),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", 200),  # IPv4 at a socket for both
        ("::ffff:192.0.2.1", "192.0.2.1", 429),
        ("fe80::1%eth0", "fe80::2%eth0", 429),
        ("", "", 429),
        ("é", "é", 429),
    ],
)
def test_a_network_that_one_client_has_is_one_client(limited, first, second, status) -> None:
    app = limited(ok, ("1/hour", "/api"))
    app.get("/api", extra_environ={"REMOTE_ADDR": first})
    app.get("/api", extra_environ={"REMOTE_ADDR": second}, status=status)


def test_a_route_that_is_not_there_is_refused_at_the_start(limited) -> None:
    with pytest.raises(Exception, match="No route is called 'nowhere'"):
        limited(ok, ("1/hour", "nowhere"))
    with pytest.raises(ValueError, match="is no rate"):
        limited(ok, ("often", "/api"))


@pytest.mark.usefixtures("table", "running")
def test_the_openapi_document_has_the_status_of_what_is_limited(tmp_path) -> None:
    def show(_: Request) -> None:
        """Show nothing."""

    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    for name in ("limited", "free"):
        config.add_route(name, f"/{name}/" + "{id}")
        config.add_api_view(show, route_name=name, request_method="GET")
    config.limit_rate("1/hour", "/limited", counts=RequestCount)
    config.add_openapi(title="Things")
    paths = TestApp(config.make_wsgi_app()).get("/openapi.json").json["paths"]
    assert "429" in paths["/limited/{id}"]["get"]["responses"]
    assert "429" not in paths["/free/{id}"]["get"]["responses"]
