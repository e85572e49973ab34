"""What requests ask the database: in the log, in the metrics, and as a list."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from prometheus_client import generate_latest
from waitress.task import ThreadedTaskDispatcher
from webtest import TestApp

from berceau.lines import Lines
from berceau.orm import db as database
from berceau.orm.session import unit_of_work
from berceau.orm.statistics import watching
from berceau.settings import QueryLimits, Settings
from berceau.web.logs import Formatter
from berceau.web.queries import QueryLog, Watcher
from berceau.web.registry import METRICS
from berceau.web.server import measure_waiting
from components.demo.entities import DemoPost, DemoUser

PAGES = """
    from berceau.orm import db
    from components.demo.entities import DemoPost, DemoUser
    from pydantic import BaseModel

    class Post(BaseModel):
        content: str

    def posts(request):
        return DemoPost.select()

    def includeme(config):
        config.add_route("posts", "/api/posts")
        config.add_api_view(posts, route_name="posts", request_method="GET", returns=list[Post])
        for name in ("loop", "template", "slow", "broken"):
            config.add_route(name, f"/{name}/{{word}}")
            renderer = "page.pt" if name == "template" else "json"
            config.add_view(globals()[name], route_name=name, renderer=renderer)

    def loop(request):
        users = [user.posts.count() for user in DemoUser.select()]
        found = [DemoUser.get(name=f"user {number}") for number in range(30)]
        return len(users) + len(found)

    def template(request):
        return {"users": DemoUser.select()}

    def slow(request):
        word = request.matchdict["word"]
        DemoUser.select_by_sql("SELECT u.* FROM demo_user u, pg_sleep(0.1) WHERE name = $word")
        db.select(f"name FROM demo_user, pg_sleep(0.1) WHERE name = '{word}'")
        return 1

    def broken(request):
        db.select("nothing FROM nowhere")
"""
PAGE = """\
<html>
  <p tal:repeat="each users">
    <b>${each.posts.count()}</b>
  </p>
</html>
"""


@pytest.fixture
def settings(settings) -> Settings:
    return replace(settings, query_limits=QueryLimits(slow_query=0.09, n_plus_one=10))


@pytest.fixture
def pages(db, serve, component, caplog) -> TestApp:  # noqa: ARG001 - the entities are db's
    caplog.set_level(logging.INFO)
    with unit_of_work():
        for number in range(12):
            DemoUser(name=f"user {number}", email=f"u{number}@example.org")
    return serve(component("pages", {"__init__.py": PAGES, "page.pt": PAGE}))


def with_a_unit(text: str) -> None:
    with unit_of_work():
        database.select(text)


def told(caplog) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.name == "berceau.queries"]


def loops(caplog) -> list[logging.LogRecord]:
    # On a busy machine, any query may be slow.
    return [each for each in told(caplog) if not each.getMessage().startswith("slow query")]


def sleeping(caplog) -> list[logging.LogRecord]:
    return [each for each in told(caplog) if "pg_sleep" in each.getMessage()]


def test_loops_are_one_line_with_the_worst_and_its_cure(pages, caplog) -> None:
    pages.get("/loop/secret")
    (record,) = loops(caplog)
    text = record.getMessage()
    assert record.levelno == logging.WARNING
    assert text.startswith("GET /loop/{word}: ")
    assert "pages/__init__.py:22 sends this query 18 times: SELECT" in text
    assert "Read the DemoUser objects before the loop" in text
    assert "pages/__init__.py:21: 12 times." in text


def test_the_line_of_a_template_is_named(pages, caplog) -> None:
    pages.get("/template/a")
    (record,) = loops(caplog)
    assert "pages/page.pt:3 sends this query 12 times" in record.getMessage()
    assert "Add .prefetch(DemoUser.posts)" in record.getMessage()


def test_what_is_read_of_returned_entities_is_named(pages, caplog) -> None:
    with unit_of_work():
        ada = DemoUser.get(name="user 1")
        for number in range(12):
            DemoPost(title=f"post {number}", content="text", author=ada)
    assert len(pages.get("/api/posts").json) == 12
    (record,) = loops(caplog)
    assert record.getMessage().startswith("GET /api/posts: rendering the response sends this query")
    assert "Add .prefetch(DemoPost.content) to the query" in record.getMessage()


def test_a_slow_query_is_a_line_without_values(pages, caplog) -> None:
    pages.get("/slow/user 7")
    first, second = sleeping(caplog)
    assert first.getMessage().startswith("slow query: ")
    assert "GET /slow/{word} at components" in first.getMessage()
    assert "pages/__init__.py:30: SELECT" in first.getMessage()
    for record in (first, second):
        assert (record.method, record.route, record.rows) == ("GET", "/slow/{word}", 1)
        assert record.duration_ms >= 90
        assert "user 7" not in Formatter().format(record)
        assert json.loads(Formatter().format(record))["query"] == record.query
    assert second.query == "select name FROM demo_user, pg_sleep($1) WHERE name = $2"


def test_a_slow_query_of_a_job_is_a_line_too(pages, caplog, monkeypatch) -> None:
    monkeypatch.setattr("berceau.orm.statistics._Watched.listeners", ())  # undone at the end
    Watcher(pages.app.registry).watch_jobs()
    job = Thread(target=with_a_unit, args=["name FROM demo_user, pg_sleep(0.1) LIMIT 2"])
    job.start()
    job.join()
    (record,) = sleeping(caplog)
    assert record.getMessage().startswith("slow query: ")
    assert " ms, 2 rows, a job: select name FROM demo_user" in record.getMessage()
    assert not hasattr(record, "route")


def test_metrics_have_time_rows_and_slow_queries_by_route(pages) -> None:
    pages.get("/slow/user 7")
    pages.get("/loop/a")
    registry = pages.app.registry[METRICS].registry
    figures = {}
    for line in generate_latest(registry).decode().splitlines():
        name, _, value = line.rpartition(" ")
        figures[name] = value
    slow = '{method="GET",route="/slow/{word}"}'
    loop = '{method="GET",route="/loop/{word}"}'
    assert float(figures[f"berceau_request_database_seconds_sum{slow}"]) >= 0.2
    assert float(figures[f"berceau_slow_queries_total{slow}"]) >= 2
    assert figures[f"berceau_request_rows_sum{loop}"] == "24.0"
    assert figures[f"berceau_request_queries_sum{loop}"] == "31.0"


def test_a_query_that_fails_is_no_line(pages, caplog) -> None:
    pages.get("/broken/a", status=500, expect_errors=True)
    assert loops(caplog) == []


def test_a_list_for_who_looks_is_bounded(db, tmp_path) -> None:  # noqa: ARG001 - the entities are db's
    asked = QueryLog(Lines(tmp_path, [tmp_path]), most=2)
    with watching(asked), unit_of_work():
        for name in ("a", "b", "c"):
            DemoUser.get(name=name)
    assert [each.rows for each in asked.queries] == [0, 0]
    assert 'WHERE "name" = $1' in asked.queries[0].text
    assert asked.queries[0].line is None
    assert asked.left_out == 1


DASHBOARD = Path(__file__).parents[2] / "docs" / "production" / "grafana.json"


def test_the_panels_of_the_dashboard_ask_for_metrics_and_labels_that_exist(pages) -> None:
    pages.get("/slow/user 7")
    registry = pages.app.registry[METRICS].registry
    measure_waiting(registry, ThreadedTaskDispatcher())
    labels: dict[str, set[str]] = {}
    for line in generate_latest(registry).decode().splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition(" ")[0].partition("{")
            labels.setdefault(name, set()).update(re.findall(r'(\w+)="', rest))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) == 12
    for panel in panels:
        for target in panel["targets"]:
            query = target["expr"]
            names = re.findall(r"\b(\w+)\{", query)
            assert names, query
            assert set(names) <= labels.keys(), query
            grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query))))
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            known = set.union(*(labels[name] for name in names)) | {"instance", "job"}
            assert grouped | shown <= known, query
