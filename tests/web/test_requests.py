"""Each request has an id, a line in the log, and its share of the metrics."""

import logging
import re
from logging import LogRecord

import pytest
from prometheus_client import REGISTRY, Counter, generate_latest
from webtest import TestApp

from berceau.web.registry import METRICS

PAGES = """
    import logging

    from pony.orm.core import IsolationError
    from pyramid.response import Response

    def includeme(config):
        for name in ("hello", "crash", "tries"):
            config.add_route(name, f"/{name}/{{value}}")
            config.add_view(globals()[name], route_name=name)

    def hello(request):
        logging.getLogger("shop").warning("hello")
        return Response("hello")

    def crash(request):
        raise RuntimeError

    attempts = []

    def tries(request):
        attempts.append(1)
        if len(attempts) < 3:
            raise IsolationError("somebody was faster")
        return Response("done")
"""


@pytest.fixture
def pages(serve, component) -> TestApp:
    return serve(component("pages", {"__init__.py": PAGES}))


def access(caplog) -> list[LogRecord]:
    return [record for record in caplog.records if record.name == "berceau.access"]


@pytest.fixture(autouse=True)
def _listen(caplog) -> None:
    caplog.set_level(logging.INFO)


def test_a_well_formed_id_is_taken_over(pages) -> None:
    assert (
        pages.get("/hello/1", headers={"X-Request-ID": "a1.B_2-3"}).headers["X-Request-ID"]
        == "a1.B_2-3"
    )


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 65, "<script>", "é"])
def test_any_other_is_replaced(pages, given) -> None:
    made = pages.get("/hello/1", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def test_the_line_of_a_request_has_no_query_string(pages, caplog) -> None:
    pages.get("/hello/a%0ab?token=hidden")
    (record,) = access(caplog)
    assert (record.method, record.path, record.status) == ("GET", "/hello/a%0Ab", 200)
    assert record.duration_ms >= 0
    assert record.queries == 0
    assert "hidden" not in caplog.text


def test_a_crash_has_its_line_and_tells_the_id(pages, caplog) -> None:
    page = pages.get("/crash/1", status=500)
    assert access(caplog)[0].status == 500
    assert page.headers["X-Request-ID"] in page.text


def test_a_path_that_is_not_utf8_is_logged_as_it_came(pages, caplog) -> None:
    pages.get("/%ff", status=400)
    assert access(caplog)[0].path == "/%FF"


def test_cookies_that_cannot_be_read_are_ignored(serve, component) -> None:
    text = """
        def includeme(config):
            config.add_route("cookies", "/cookies")
            config.add_view(cookies, route_name="cookies", renderer="json")

        def cookies(request):
            return dict(request.cookies)
    """
    app = serve(component("cookies", {"__init__.py": text}))
    assert app.get("/cookies", headers={"Cookie": 'a=b; c="\\351"'}).json == {}
    assert app.get("/cookies", headers={"Cookie": "a=b"}).json == {"a": "b"}


def test_attempts_are_one_request(pages, caplog) -> None:
    response = pages.get("/tries/1")
    assert response.text == "done"
    assert [record.status for record in access(caplog)] == [200]
    assert access(caplog)[0].duration_ms > 0
    found = figures(pages)
    assert 'berceau_request_queries_count{method="GET",route="/tries/{value}"} 1.0' in found


def figures(app) -> str:
    return generate_latest(app.app.registry[METRICS].registry).decode()


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_the_metrics_count_by_route_and_not_by_address(pages) -> None:
    for number in range(3):
        pages.get(f"/hello/{number}")
    pages.get("/nowhere", status=404)
    pages.request("/hello/1", method="INVENTED", status=400)
    found = figures(pages)
    labels = 'berceau_request_duration_seconds_count{method="%s",route="%s",status="%d"} %s'
    assert labels % ("GET", "/hello/{value}", 200, 3.0) in found
    assert labels % ("GET", "none", 404, 1.0) in found
    assert labels % ("other", "/hello/{value}", 400, 1.0) in found
    assert 'berceau_request_queries_count{method="GET",route="/hello/{value}"} 3.0' in found
    assert "berceau_requests_in_progress 0.0" in found
    assert "/hello/1" not in found
    for name, value in (("limit", 10), ("open", 2), ("in_use", 1), ("waiting", 0)):
        assert f"berceau_pool_{name} {value}.0" in found


def test_a_component_may_add_its_own(pages) -> None:
    counter = Counter("shop_orders", "Orders")
    try:
        counter.inc()
        assert "shop_orders_total 1.0" in figures(pages)
    finally:
        REGISTRY.unregister(counter)
