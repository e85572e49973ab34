"""Conditional requests: nothing is sent that is known, and nothing changed that is not."""

from threading import Barrier, Thread

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from berceau.orm.session import unit_of_work
from components.demo.entities import DemoUser
from tests.waiting import SECONDS

VIEWS = """
    from datetime import UTC, datetime

    from pyramid.view import view_config, view_defaults

    THING = {"name": "old", "at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)}

    def includeme(config):
        config.add_route("thing", "/thing")
        config.add_route("strict", "/strict")
        config.add_route("other", "/other")

    @view_config(route_name="other", renderer="json", token_api=True)
    def other(request):
        request.check_preconditions("other")
        raise LookupError

    @view_config(route_name="thing", renderer="json", token_api=True)
    @view_config(route_name="strict", renderer="json", token_api=True)
    def thing(request):
        request.check_preconditions(
            THING["name"], last_modified=THING["at"], required=request.path == "/strict"
        )
        if request.method == "PUT":
            THING["name"] = request.json_body
        return THING["name"]
"""


@pytest.fixture
def things(serve, component) -> TestApp:
    return serve(component("things", {"__init__.py": VIEWS}))


def test_who_has_the_newest_version_gets_nothing(things) -> None:
    first = things.get("/thing")
    assert first.json == "old"
    assert first.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    for method in (things.get, things.head):
        for known in (first.headers["ETag"], f'W/{first.headers["ETag"]}, "x"', "*"):
            second = method("/thing", headers={"If-None-Match": known}, status=304)
            assert second.headers["ETag"] == first.headers["ETag"]
            assert second.body == b""
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    things.get("/thing", headers=since, status=304)


def test_who_has_an_old_one_gets_the_newest(things) -> None:
    known = {"If-None-Match": things.get("/thing").headers["ETag"]}
    assert "ETag" not in things.put_json("/thing", "new").headers
    assert things.get("/thing", headers=known).json == "new"
    since = {"If-Modified-Since": "Fri, 02 Jan 2026 03:04:04 GMT"}
    assert things.get("/thing", headers=since).json == "new"
    # A tag is surer than a date, and an old one is sent although the date is new.
    both = {**known, "If-Modified-Since": "Fri, 02 Jan 2026 03:04:05 GMT"}
    assert things.get("/thing", headers=both).json == "new"


def test_who_has_an_old_one_changes_nothing(things) -> None:
    known = {"If-Match": things.get("/thing").headers["ETag"]}
    things.put_json("/thing", "new", headers=known)
    refused = things.put_json("/thing", "newer", headers=known, status=412)
    assert refused.json["title"] == "Precondition Failed"
    for headers in (
        {"If-Unmodified-Since": "Fri, 02 Jan 2026 03:04:04 GMT"},
        {"If-None-Match": "*"},
        {"If-Match": f"W/{things.get('/thing').headers['ETag']}"},
    ):
        things.put_json("/thing", "newer", headers=headers, status=412)
    assert things.get("/thing").json == "new"
    things.put_json("/thing", "newer", headers={"If-Match": "*"})


def test_a_view_may_insist(things) -> None:
    assert "If-Match" in things.put_json("/strict", "new", status=428).json["detail"]
    etag = things.get("/strict").headers["ETag"]
    things.put_json("/strict", "new", headers={"If-Match": etag})


def test_an_error_has_no_tag(things) -> None:
    assert "ETag" not in things.get("/other", status=500).headers


@pytest.mark.commits
@pytest.mark.usefixtures("db", "running")
def test_of_two_who_change_the_same_version_at_once_one_is_refused(tmp_path) -> None:
    together = Barrier(2, timeout=SECONDS)
    first_tries = iter([together.wait, together.wait])

    def rename(request) -> str:
        user = DemoUser.get(email="ada@example.org")
        request.check_preconditions(user)
        next(first_tries, int)()  # both have looked before one of them writes
        user.name = request.json_body
        return user.name

    config = Configurator(settings={"berceau.root": str(tmp_path)})
    config.include("berceau")
    config.include("berceau.web.errors")
    config.add_route("user", "/user")
    config.add_view(
        lambda request: request.check_preconditions(DemoUser.get()),
        route_name="user",
        renderer="json",
        request_method="GET",
    )
    config.add_view(
        rename, route_name="user", renderer="json", request_method="PUT", token_api=True
    )
    app = TestApp(config.make_wsgi_app())
    with unit_of_work():
        DemoUser(name="Ada", email="ada@example.org")
    known = {"If-Match": app.get("/user").headers["ETag"]}
    found = []

    def put(name: str) -> None:
        found.append(app.put_json("/user", name, headers=known, status="*").status_code)

    threads = [Thread(target=put, args=[name]) for name in ("Bo", "Cy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 412]
