"""What is secret appears in no answer, no log, no figure and no file."""

import re
from dataclasses import replace

import pytest

from tests.conftest import Project
from tests.ports import free_port
from tests.production.conftest import SECRET
from tests.proxy import proxy
from tests.waiting import wait_until

PASSWORD = "open-sesame-4711"
TYPED = "typed-by-a-visitor-4712"
TOKENS = ["bearer-token-4713", "query-token-4714", "cookie-token-4715"]
CRASHING = """
    from pony.orm import flush

    from components.demo.entities import DemoUser

    def includeme(config):
        for name in ("taken", "twice"):
            config.add_route(name, f"/{name}")
            config.add_view(globals()[name], route_name=name)

    def taken(request):
        DemoUser(name=request.params["name"], email="other")
        flush()

    def twice(request):
        for email in ("one", "two"):
            DemoUser(name=request.params["name"], email=email)
"""


@pytest.fixture
def breaking(demo) -> Project:
    """The demo, and pages that break a rule of the database."""
    demo.component("crashing")
    demo.write("components/crashing/__init__.py", CRASHING)
    return demo


@pytest.mark.slow
def test_nothing_secret_is_told(breaking, serve, database) -> None:
    metrics = free_port()
    with proxy(database.runtime_url) as way:
        url = replace(way.url, password=PASSWORD).with_password()
        served = serve(server=f"metrics_listen = 127.0.0.1:{metrics}", DATABASE_URL=url)
        bearer, query, cookie = TOKENS
        token = re.search(
            'name="csrf_token" value="([0-9a-f]+)"', served.request("/demo/posts")[1]
        )[1]
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Referer": f"http://x/?token={query}",
            "Cookie": f"csrf_token={token}; other={cookie}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        fields = "&".join(f"{name}={TYPED}" for name in ("title", "content", "name", "email"))
        form = f"csrf_token={token}&status=DRAFT&{fields}"

        def ask(path, method="GET", body=None) -> None:
            status, text = served.request(f"{path}?token={query}", method, body, **headers)
            told[f"{method} {path} {status}"] = text

        told = {}
        for path in ("/demo", "/nowhere", "/demo/posts", "/healthz", "/readyz", "/%ff"):
            ask(path)
        ask("/demo/posts", "POST", f"csrf_token=wrong&{fields}")
        ask("/demo/posts", "POST", form)
        ask("/demo/posts", "POST", f"{form}@example.org")
        for path in ("/taken", "/twice"):
            ask(path, "POST", form)
        way.refusing = True
        # The answer of a moment ago is kept.
        wait_until(lambda: served.request("/readyz")[0] != 200, served.log)
        ask("/readyz")
        told["figures"] = replace(served, port=metrics).request("/metrics")[1]
        assert served.terminate() == 0
    assert list(told)[6:] == [
        *(f"POST /demo/posts {status}" for status in (400, 422, 303)),
        *("POST /taken 409", "POST /twice 409", "GET /readyz 503", "figures"),
    ]
    log = served.log.read_text()
    assert "duplicate key value" in log
    assert "already exists" in log
    files = [data.decode("latin-1") for data in breaking.files().values()]
    for text in (log, *told.values(), *files):
        for secret in (SECRET, PASSWORD, *TOKENS):
            assert secret not in text
    for text in (log, told["figures"], told["POST /taken 409"], told["POST /twice 409"]):
        assert TYPED not in text
        assert token not in text


@pytest.mark.slow
@pytest.mark.usefixtures("demo")
def test_the_figures_are_not_for_the_world(serve) -> None:
    first, second = free_port(), free_port()
    one = serve(server=f"metrics_listen = 127.0.0.1:{first}")
    two = serve(server=f"metrics_listen = 127.0.0.1:{second}")
    for _ in range(3):
        one.request("/demo")
    two.request("/demo")
    assert one.request("/metrics")[0] == 404
    count = 'berceau_request_duration_seconds_count{method="GET",route="/demo",status="200"} %s'
    assert count % 3.0 in replace(one, port=first).request("/metrics")[1]
    figures = replace(two, port=second).request("/metrics")[1]
    assert count % 1.0 in figures
    queries = float(re.search(r'queries_sum\{method="GET",route="/demo"\} (\S+)', figures)[1])
    assert queries == 3
    assert "berceau_pool_open 1.0" in figures
    assert "process_resident_memory_bytes" in figures


@pytest.mark.slow
@pytest.mark.usefixtures("demo")
def test_a_line_says_what_a_request_cost(serve) -> None:
    served = serve()
    served.request("/demo?a=b", X_Request_ID="from-the-proxy")
    (line,) = [line for line in served.lines() if line["logger"] == "berceau.access"]
    assert line["request_id"] == "from-the-proxy"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/demo", 200)
    assert line["queries"] == 3
    assert line["duration_ms"] > 0
