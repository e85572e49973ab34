"""Requests of tenants: each is answered from the tables of its own, and carries nothing further."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from webtest import TestApp

from berceau.errors import SettingsError
from berceau.orm import database as orm
from berceau.orm.session import run_unit, unit_of_work
from berceau.postgres.core.fetch import execute
from berceau.postgres.pooling.pool import NOWHERE
from berceau.postgres.pooling.replica import ReplicaPool
from berceau.postgres.tenants import registry
from berceau.schema.model import Column, PrimaryKey, Schema, Table
from berceau.settings import Limits
from berceau.tenancy import SHARED
from berceau.web import metrics
from berceau.web.logs import Formatter
from berceau.web.registry import METRICS
from berceau.workflows.serve import tenants as serving
from berceau.workflows.serve.tenant_fitness import TenantFitness
from tests.waiting import LONG
from tests.web.tenants.conftest import COMPONENT, FIRST, SECOND, at
from tests.web.tenants.site import database, texts

MISSING = Schema(
    tables=(Table("gone", (Column("id", "integer", not_null=True),), PrimaryKey("pk", ("id",))),)
)


def test_each_host_has_the_rows_of_its_tenant(app) -> None:
    for name in ("ada", "bob", "shared"):
        assert app.get("/memos", extra_environ=at(name)).json == [name]
    app.post("/memos", {"text": "more"}, headers={"X-Tenant": "bob"})
    assert app.get("/memos", extra_environ=at("bob")).json == ["bob", "more"]
    assert app.get("/memos", extra_environ=at("ada")).json == ["ada"]
    both = {**at("ada"), "berceau.tenant": "bob"}
    assert app.get("/memos", extra_environ=both).json == ["bob", "more"]


def test_the_case_of_a_host_means_nothing(app) -> None:
    host = {"HTTP_HOST": "ADA.Example.org"}
    assert app.get("/memos", extra_environ=host).json == ["ada"]


def test_one_without_its_schema_never_finds_the_shared_tables_in_its_place(app, place) -> None:
    assert app.get("/memos", extra_environ=at("ada")).json == ["ada"]
    schema = place.tenants["ada"].schema
    execute(place.connection, f"ALTER SCHEMA {schema} RENAME TO {schema}_gone")
    try:
        found = app.get("/memos", extra_environ=at("ada"), status=503)
        assert "invoke tenant.drop ada" in found.text
    finally:
        execute(place.connection, f"ALTER SCHEMA {schema}_gone RENAME TO {schema}")
    assert app.get("/memos", extra_environ=at("ada")).json == ["ada"]


@pytest.mark.usefixtures("place")
def test_a_shared_page_that_asks_for_a_tenant_s_table_says_what_to_do(
    serve, component, caplog
) -> None:
    memos = component("memos", {"__init__.py": COMPONENT})
    app = serve(memos, includes=["berceau.web.debug_page"])
    assert app.get("/drafts", extra_environ=at("ada")).json == 0
    page = app.get("/drafts", extra_environ=at("shared"), status=500).text
    (logged,) = (each for each in caplog.records if each.message == "GET /drafts failed")
    for said in (page, str(logged.exc_info[1])):
        assert "Draft has a table in the schema of each tenant" in said
        assert "config.set_tenant_factory()" in said


def test_a_body_that_is_streamed_is_of_the_same_tenant(app) -> None:
    bodies = [app.app(environ(app, name), start) for name in ("ada", "bob")]
    # Each is sent by whatever thread and after whatever else the server does.
    run_unit(texts, tenant=SHARED)
    assert [b"".join(body) for body in bodies] == [b"ada\n", b"bob\n"]


def environ(app, tenant) -> dict[str, object]:
    return app.RequestClass.blank("/streamed", environ={**app.extra_environ, **at(tenant)}).environ


def start(status, _headers, _exc_info=None) -> None:
    assert status == "200 OK"


def test_requests_at_once_never_meet(app) -> None:
    def visit(number: int) -> None:
        name = ("ada", "bob")[number % 2]
        visitor = TestApp(app.app, extra_environ={**app.extra_environ, **at(name)})
        visitor.post("/memos", {"text": f"{name} {number}"})
        for found in (visitor.get("/memos").json, visitor.get("/streamed").text.splitlines()):
            assert {text.split()[0] for text in found} == {name}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(visit, range(40)))


def test_a_replica_that_has_no_such_tenant_yet_is_not_read(app, place, caplog) -> None:
    url = replace(place.databases.runtime_url, database="postgres").with_schema(NOWHERE)
    replica = database.provider.pool.replica = ReplicaPool(url, Limits())
    assert app.get("/copied", extra_environ=at("ada")).json == ["ada"]
    assert "/copied runs again after attempt 1" in caplog.text
    replica.close()


def test_without_a_tenant_there_is_no_page_with_rows(app, caplog) -> None:
    app.get("/memos", extra_environ=at("nobody"), status=500)
    assert "asked without a tenant" in caplog.text
    app.get("/static/berceau/berceau.css", extra_environ=at("unknown"))


@pytest.mark.parametrize("name", ["unknown", "Not a name", "www2-", "x" * 60])
def test_one_that_is_unknown_is_not_found(app, name) -> None:
    found = app.get("/memos", headers={"X-Tenant": name}, status=404)
    assert "There is no tenant" in found.text


def test_a_new_one_is_served_at_once(app, built, monkeypatch) -> None:
    monkeypatch.setattr(serving, "FRESH", LONG)
    app.get("/memos", extra_environ=at("new"), status=404)
    built.add("new", FIRST.name)
    assert app.get("/memos", extra_environ=at("new")).json == []


@pytest.mark.parametrize(("state", "said"), [("creating", "created"), ("dropping", "dropped")])
def test_one_that_is_not_ready_has_to_wait(app, place, state, said) -> None:
    registry.set_state(place.connection, place.tenants["ada"], state)
    found = app.get("/memos", extra_environ=at("ada"), status=503)
    assert f"It is being {said}." in found.text
    assert found.headers["Retry-After"]
    assert app.get("/memos", extra_environ=at("bob")).json == ["bob"]


def test_one_that_is_behind_has_to_wait(app, place) -> None:
    registry.set_version(place.connection, ["ada"], None)
    found = app.get("/memos", extra_environ=at("ada"), status=503)
    assert FIRST.name in found.text
    assert app.get("/memos", extra_environ=at("bob")).json == ["bob"]
    assert app.get("/readyz").text == "ok\n"
    registry.set_version(place.connection, ["ada"], FIRST.name)
    assert app.get("/memos", extra_environ=at("ada")).json == ["ada"]


def test_a_process_is_not_ready_while_all_are_behind(app, place) -> None:
    registry.set_version(place.connection, place.tenants, None)
    assert FIRST.name in app.get("/readyz", status=503).text
    assert app.get("/memos", extra_environ=at("shared")).json == ["shared"]


def test_one_of_a_later_release_is_compared_once_a_version(built) -> None:
    url, ada = built.databases.runtime_url, built.tenants["ada"]
    later = replace(ada, version=SECOND.name)
    assert TenantFitness(url, Schema(), lambda: (FIRST,)).look(later) is None
    lacking = TenantFitness(url, MISSING, lambda: (FIRST,))
    assert "Gone" in lacking.look(later).reason
    assert "Gone" in lacking.look(replace(later, schema="it_is_not_read_again")).reason
    assert TenantFitness(url, MISSING, lambda: (FIRST, SECOND)).look(later) is None


def test_one_that_went_away_since_the_last_look_is_no_fault(app, place, monkeypatch) -> None:
    monkeypatch.setattr(serving, "FRESH", LONG)
    app.get("/failing", extra_environ=at("ada"), status=500)
    registry.set_state(place.connection, place.tenants["ada"], "dropping")
    app.get("/memos", extra_environ=at("ada"))
    app.get("/failing", extra_environ=at("ada"), status=503)
    app.get("/memos", extra_environ=at("ada"), status=503)


def test_those_that_are_used_are_looked_up_together(place, running, monkeypatch) -> None:
    monkeypatch.setattr(serving, "FRESH", LONG)
    for name in ("ada", "bob"):
        assert running.tenants.find(name) == place.tenants[name]
    asked: list[str] = []
    monkeypatch.setattr(registry, "get", lambda _, name: asked.append(name) or place.tenants[name])
    registry.set_state(place.connection, place.tenants["bob"], "dropping")
    monkeypatch.setattr(serving, "FRESH", 0)  # some seconds later
    assert running.tenants.find("ada") == place.tenants["ada"]
    assert asked == []
    monkeypatch.setattr(serving, "FRESH", LONG)
    running.tenants.find("bob")
    assert asked == ["bob"]


def test_logs_and_metrics_name_the_tenant(app, monkeypatch, caplog) -> None:
    monkeypatch.setattr(metrics, "MOST_TENANTS", 1)
    lines: list[dict[str, str]] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(json.loads(Formatter().format(record)))
    logging.getLogger("berceau").addHandler(handler)
    caplog.set_level(logging.INFO, "berceau")
    try:
        for name in ("ada", "bob", "bob", "shared"):
            app.get("/memos", extra_environ=at(name))
        app.get("/failing", extra_environ=at("bob"), status=500)
    finally:
        logging.getLogger("berceau").removeHandler(handler)
    named = [line.get("tenant") for line in lines if line["logger"] == "berceau.access"]
    assert named == ["ada", "bob", "bob", None, "bob"]
    assert {line["tenant"] for line in lines if line["level"] == "ERROR"} == {"bob"}
    counts = {
        sample.labels["tenant"]: sample.value
        for family in app.app.registry[METRICS].registry.collect()
        for sample in family.samples
        if sample.name == "berceau_tenant_request_duration_seconds_count"
    }
    assert counts == {"ada": 1, "other": 3}


@pytest.mark.usefixtures("place")
def test_a_project_with_tenants_has_to_tell_whose_a_request_is(serve, component) -> None:
    with pytest.raises(SettingsError, match="nothing tells which tenant") as refusal:
        serve(component("mute", {"__init__.py": "def includeme(config): ..."}))
    assert "config.set_tenant_factory()" in refusal.value.cure


def test_a_script_names_a_tenant_that_can_be_served(place, running) -> None:
    orm.connect(database.provider.pool.source, database, tenants=running.tenants)
    with unit_of_work(tenant=running.tenants.find("ada")) as unit:
        assert unit.tenant == place.tenants["ada"]
        assert texts() == ["ada"]
