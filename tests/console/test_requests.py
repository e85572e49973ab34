"""The pages of requests, their plans, and the sessions of the database."""

from threading import Thread
from typing import Any

import pytest
from pony.orm import db_session
from pyramid.testing import DummyRequest

from berceau.console.recording import (
    MOST_REQUESTS,
    RECORDER,
    Recorded,
    Recorder,
    _without_secrets,
)
from berceau.errors import PlanError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect import glance
from berceau.postgres.inspect.activity import sessions
from berceau.postgres.statistics.explaining import explain
from berceau.web.registry import RUNNING
from components.demo.entities import DemoPost, DemoUser


def recorder(app) -> Recorder:
    return app.app.registry[RECORDER]


@pytest.fixture
def posts(db) -> None:  # noqa: ARG001 - for its effect
    with db_session:
        for number in range(12):
            user = DemoUser(name=f"Ada {number}", email=f"ada{number}@example.com")
            DemoPost(title=f"Secret {number}", content="text", author=user)


@pytest.mark.usefixtures("posts")
def test_a_request_is_shown_with_its_queries_their_lines_and_plans(console) -> None:
    assert "No request yet" in console.get("/berceau/requests")
    console.get("/demo/posts")
    console.get("/nowhere?password=hunter2", status=404)
    listed = console.get("/berceau/requests")
    assert "hunter2" not in listed
    assert [each.path for each in recorder(console).all()] == ["/nowhere", "/demo/posts"]
    shown = listed.click(href="/berceau/requests/1$")
    assert "components/demo/service.py:" in shown
    assert "Ada 1" not in shown
    plan = shown.click("Plan", index=0)
    assert "demo_post" in plan.html.select_one("ol.plan").get_text()
    assert "costly" in plan.html.select_one("ol.plan").get_text()
    console.get("/berceau/requests/99", status=404)
    console.get("/berceau/requests/1/plan/500", status=404)
    assert len(recorder(console).all()) == 2  # the console's own are left out


def test_no_more_than_the_last_requests_are_kept() -> None:
    kept = Recorder()
    for _ in range(MOST_REQUESTS + 5):
        kept.keep(_recorded)
    numbers = [each.number for each in kept.all()]
    assert numbers == [*range(MOST_REQUESTS + 5, 5, -1)]
    assert kept.find("5") is None


def test_pages_wait_for_no_lock_and_say_who_may_hold_it(console, monkeypatch) -> None:
    monkeypatch.setattr(glance, "PATIENCE", 0.1)
    url = console.app.registry[RUNNING].databases.migration_url
    with connect(url, autocommit=True) as connection:
        execute(connection, "CREATE TABLE held (id int DEFAULT length(now()::text))")
        try:
            execute(connection, "BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
            for path in ("/berceau", "/berceau/schema", "/berceau/schema/tables/demo_post"):
                page = console.get(path, status=503)
                assert "A table is locked by another session" in page
                assert "page of activity" in page
                assert page.html.select_one("nav.side")
            assert "A table is locked by another session" in console.get("/berceau/migrations")
        finally:
            execute(connection, "ROLLBACK; DROP TABLE held")


@pytest.mark.commits
def test_the_overview_shows_the_rest_where_no_table_is_locked(console, monkeypatch) -> None:
    monkeypatch.setattr(glance, "PATIENCE", 0.1)
    url = console.app.registry[RUNNING].databases.migration_url
    with connect(url, autocommit=True) as connection:
        execute(connection, "CREATE MATERIALIZED VIEW held AS SELECT 1 AS number")
        try:
            execute(connection, "BEGIN; REFRESH MATERIALIZED VIEW held")
            page = console.get("/berceau")
        finally:
            execute(connection, "ROLLBACK; DROP MATERIALIZED VIEW held")
    assert "The tables can't be described" in page.html.get_text()
    assert "Largest tables" in page


def _recorded(number: int) -> Recorded:
    at: Any = None
    return Recorded(number, at, "GET", "/", "home", 200, 0.1, (), 0, ())


def test_sessions_are_shown_without_values_and_who_waits_for_whom(database, console) -> None:
    assert "Activity" in console.get("/berceau/activity")
    with connect(database.migration_url) as first, connect(database.migration_url) as second:
        execute(first, "CREATE TABLE note (text text)")
        first.commit()
        execute(first, "LOCK TABLE note")
        text = "INSERT INTO note VALUES (%s)"  # longer than what the server keeps of it
        waiting = Thread(target=execute, args=(second, text, ("hunter2 " * 500,)))
        waiting.start()
        with connect(database.migration_url, autocommit=True) as third:
            found = _waiting(third, second.info.backend_pid)
        first.rollback()
        waiting.join()
    assert len(found.blockers) == 1
    assert "hunter2" not in found.query
    assert "INSERT INTO note" in found.query
    assert "RowExclusiveLock on note (waits)" in found.locks


def _waiting(connection, pid: int) -> Any:
    while True:
        for each in sessions(connection):
            if each.pid == pid and each.blockers:
                return each


def test_advice_says_what_it_lacks_and_how_to_get_it(console) -> None:
    page = console.get("/berceau/advice")
    assert "Look for advice" in page
    form = next(each for each in page.forms.values() if each.action == "/berceau/advice")
    assert "invoke stats.save" in form.submit().follow()
    token = form["csrf_token"].value
    gone = console.post("/berceau/advice/apply", {"csrf_token": token, "finding": "A101 x"})
    assert "This advice is gone" in gone.follow()
    console.post("/berceau/advice", {"queries": ""}, status=400)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        "SELECT $1; COMMIT; DELETE FROM demo_post",
        "SELECT 1 -- ;",
        "SELECT 'a",
    ],
)
def test_only_one_statement_is_planned(database, text) -> None:
    with connect(database.migration_url) as connection:
        with pytest.raises(PlanError, match="more than one statement"):
            explain(connection, text)
        assert explain(connection, 'SELECT 1 AS "a;b"').kind == "Result"


def test_a_secret_in_an_address_is_not_kept() -> None:
    request = DummyRequest(path="/reset/abc123")
    request.matchdict = {"token": "abc123", "name": "reset"}
    assert _without_secrets(request, "/reset/abc123") == "/reset/…"
