"""A site of tenants, from a developer's first page to two processes behind PgBouncer."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import registry
from tests.conftest import Project
from tests.conftest import served as develop
from tests.pooler import needs_pgbouncer, pooler
from tests.production.conftest import SECRET

pytestmark = pytest.mark.slow

NAMES = [f"shop_{number}" for number in range(6)]
NOTE = """
class Note(db.Entity):
    owner = Required(str)
    country = Optional("Country")
"""
COUNTRY = "class Country(db.Entity):\n    name = Required(str, unique=True)\n"
MANIFEST = """
    from berceau.orm import SHARED

    def includeme(config):
        config.set_tenant_factory(lambda request: request.headers.get("X-Shop", SHARED))
        config.add_route("notes", "/notes")
        config.add_route("streamed", "/streamed")
        config.add_route("countries", "/countries")
"""
VIEWS = """
    from pyramid.response import Response
    from pyramid.view import view_config

    from components.notes.entities import Note
    from components.places.entities import Country

    @view_config(route_name="notes", renderer="json", require_csrf=False)
    def notes(request):
        if request.method == "POST":
            country = Country.get_or_create(name="France")[0]
            Note(owner=request.tenant.name, country=country)
        return [note.owner for note in Note.select()]

    @view_config(route_name="streamed")
    def streamed(request):
        return Response(app_iter=(f"{note.owner}\\n".encode() for note in Note.select()))

    @view_config(route_name="countries", renderer="json")
    def countries(request):
        return [country.name for country in Country.select()]
"""
SCRIPT = """
    from pyramid.paster import bootstrap

    bootstrap("production.ini")

    from berceau.orm import run_unit
    from components.notes.entities import Note

    print({note.owner for note in run_unit(lambda: list(Note.select()))})
"""


@pytest.fixture
def shops(connected: Project, database) -> Iterator[Project]:
    """A project with shared countries, and notes of tenants; nothing is migrated."""
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    connected.component("places", COUNTRY, __init__='scope = "shared"\n')
    connected.component("notes", NOTE, __init__=MANIFEST, views=VIEWS)
    connected.write("show.py", SCRIPT)
    yield connected
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)


def test_a_developer_reads_what_both_parts_lack(shops) -> None:
    with develop(shops) as site:
        for table, scope in (("country", "shared"), ("note", "tenant")):
            status, page = site.get("/countries")
            assert status == 503
            assert f"CREATE TABLE {table}" in page
            shops.succeed("migrate", "--no-input", "--scope", scope)
        assert site.get("/countries") == (200, "[]")


@needs_pgbouncer
def test_two_processes_behind_a_pooler_never_mix_them(shops, serve, database) -> None:
    shops.succeed("migrate", "--no-input")
    for name in NAMES:
        shops.succeed("tenant.create", name)
    with pooler(database.runtime_url, size=4) as running:
        found = [serve(DATABASE_URL=running.url.with_password()) for _ in range(2)]

        def visit(number: int) -> None:
            site, name = found[number % 2], random.choice(NAMES)
            assert site.request("/notes", "POST", X_Shop=name)[0] == 200
            for path in ("/notes", "/streamed"):
                status, text = site.request(path, X_Shop=name)
                assert status == 200
                rows = json.loads(text) if path == "/notes" else text.split()
                assert set(rows) == {name}

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(visit, range(120)))
        assert found[0].request("/countries") == (200, '["France"]')
        assert found[0].request("/notes", X_Shop="unknown")[0] == 404
        assert found[1].request("/readyz") == (200, "ok\n")
        named = {line.get("tenant") for line in found[0].lines() if line["message"][:4] == "GET "}
        assert named <= {*NAMES, None}
        assert len(named) > 2
        chosen = {"BERCEAU_TENANT": "shop_1", "BERCEAU_SECRET": SECRET}
        shown = shops.run("show", DATABASE_URL=running.url.with_password(), **chosen)
        assert shown.out.splitlines()[-1:] == ["{'shop_1'}"], shown
