"""An application of two tenants, each of which has a memo that says whose it is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from webtest import TestApp

from berceau.migration.migration import Migration
from berceau.orm import database as orm
from berceau.orm.session import run_unit
from berceau.postgres.core.fetch import execute
from berceau.postgres.pooling.pool import NOWHERE, ConnectionPool
from berceau.postgres.tenants import registry
from berceau.schema.model import Schema
from berceau.settings import Limits, Settings
from berceau.tenancy import SHARED
from berceau.workflows.serve import tenants as serving
from berceau.workflows.serve.tenant_fitness import TenantFitness
from berceau.workflows.serve.tenants import Directory
from tests.tenants import Town, town
from tests.web.tenants.site import Memo, database

COMPONENT = """
    from tests.web.tenants.site import VIEWS, choose

    def includeme(config):
        config.set_tenant_factory(choose)
        for name, (view, options) in VIEWS.items():
            config.add_route(name, "/" + name)
            config.add_view(view, route_name=name, **{"renderer": "json", **options})
"""
FIRST, SECOND = (Migration(f"2026010{n}000000_memo", "SELECT 1;\n") for n in (1, 2))


@pytest.fixture(scope="session")  # a database is bound once
def built(server) -> Iterator[Town]:
    with town(server, database, "ada", "bob") as made:
        execute(made.connection, "DROP TABLE draft")
        yield made


@pytest.fixture
def place(built, running, monkeypatch) -> Iterator[Town]:
    """Two tenants with a memo that says whose it is, and a started application."""
    url = built.databases.runtime_url
    pool = ConnectionPool(url.with_schema(NOWHERE), Limits())
    fitness = TenantFitness(url, Schema(), lambda: (FIRST,))
    running.tenants = Directory(pool, built.shared, fitness)
    orm.connect(pool, database, tenants=running.tenants)
    for each in built.tenants.values():
        registry.set_state(built.connection, each, "ready")
        registry.set_version(built.connection, [each.name], FIRST.name)
        built.tenants[each.name] = replace(each, version=FIRST.name)
    for each in (*built.tenants.values(), SHARED):
        run_unit(lambda: Memo.select().delete(bulk=True), tenant=each)
        owner = "shared" if each is SHARED else each.name
        run_unit(lambda owner=owner: Memo(text=owner), tenant=each)
    monkeypatch.setattr(serving, "FRESH", 0.0)
    yield built
    database.disconnect()


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A developer's settings, whose tenants have hosts of their own."""
    return Settings(tmp_path, development=True, hosts=(".example.org", "localhost"))


@pytest.fixture
def app(place, serve, component) -> TestApp:  # noqa: ARG001 (it is there when the application starts)
    return serve(component("memos", {"__init__.py": COMPONENT}))


def at(tenant: str) -> dict[str, str]:
    return {"HTTP_HOST": f"{tenant}.example.org"}
