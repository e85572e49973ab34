"""A developer changes entities, and settles all of it in the console."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import registry
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


class Browser:
    """Keeps cookies, and sends what a browser sends."""

    def __init__(self, site: Any) -> None:
        self.address = site.address
        self.headers: dict[str, str] = {}
        self._open = build_opener(HTTPCookieProcessor(CookieJar())).open
        log = site.project.root / "serve.log"
        link = re.compile(r"console: http://[^/]+(/\S+)\n")
        self.get(wait_until(lambda: link.search(log.read_text()), log)[1])

    def get(self, path: str, data: dict[str, str] | None = None, **headers: str) -> str:
        headers = {"Accept": "text/html", "Origin": self.address, **self.headers, **headers}
        body = urlencode(data).encode() if data is not None else None
        try:
            with self._open(Request(self.address + path, body, headers), timeout=60) as answer:
                return answer.read().decode()
        except HTTPError as error:
            return error.read().decode()

    def post(self, path: str, page: str, **fields: str) -> str:
        """Send the form of ``page`` to ``path``."""
        token = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        return self.get(path, {"csrf_token": token, **fields})


ENTITIES = """
class Post(db.Entity):
    title = Required(str)
    {more}
"""


def test_from_changed_entities_to_an_applied_migration_and_back(connected, serve, query) -> None:
    connected.component("blog", ENTITIES.format(more="note = Optional(str)"))
    connected.succeed("migrate", "--name", "init")
    query("INSERT INTO post (title, note) VALUES ('a', 'kept')")
    connected.component(
        "blog", ENTITIES.format(more="remark = Optional(str)\n    size = Required(int)")
    )
    with serve(connected) as site:
        browser = Browser(site)
        assert "Entities and migrations differ" in browser.get("/berceau")
        page = browser.get("/berceau/migrations/new")
        assert "Was the column" in page
        assert "Write and apply" not in page
        rename = {"answer rename column post.note": "remark"}
        page = browser.post("/berceau/migrations/new", page, **rename)
        assert "The column post.size is required, but post has 1 row" in page
        size = {"answer backfills post.size": "length(title)"}
        page = browser.post("/berceau/migrations/new", page, **rename, **size)
        assert "--rename post.note=remark --backfill 'post.size=length(title)'" in unescape(page)
        page = browser.post(
            "/berceau/migrations/new", page, do="write", name="More, of it!", **rename, **size
        )
        (name,) = [each for each in connected.migrations() if each.endswith("_more_of_it")]
        assert f"Wrote and applied {name}." in page
        assert query("SELECT remark, size FROM post") == [("kept", 1)]
        page = browser.post(f"/berceau/migrations/{name}/undo", page, last=name)
        assert "It would lose data" in page
        assert query("SELECT size FROM post") == [(1,)]
        page = browser.post(
            f"/berceau/migrations/{name}/undo", page, last=name, allow_data_loss="yes"
        )
        assert f"Undid {name}." in page
        assert query("SELECT note FROM post") == [("kept",)]
        page = browser.post("/berceau/migrations/apply", page)
        assert f"Applied 1 migration: {name}." in page
        (first,) = set(connected.migrations()) - {name}
        form = browser.get(f"/berceau/migrations/{first}")
        assert "Undo this migration and 1 later one<" in form
        both = {"last": name, "allow_data_loss": "yes"}
        page = browser.post(f"/berceau/migrations/{first}/undo", form, **both)
        assert f"Undid {name}, {first}." in page
        assert "isn't the last" in browser.post(f"/berceau/migrations/{first}/undo", form, **both)
        page = browser.post("/berceau/migrations/apply", form)
        assert f"Applied 2 migrations: {first}, {name}." in page
        query("ALTER TABLE post DROP COLUMN remark")
        page = browser.get("/berceau/migrations")
        assert "The database differs from what its migrations build" in page
        assert "The database has drifted" in browser.get("/berceau")
        connected.write("components/lost/views.py", "")
        page = unescape(browser.get("/berceau"))
        assert "The components can't be built" in page
        assert "The folder lost has Python files but isn't a package." in page


VIEW = """
from pyramid.response import Response

def includeme(config):
    config.add_route("said", "/said")
    config.add_view(lambda request: Response("{text}"), route_name="said")
"""


def test_a_change_of_the_code_keeps_the_console_open(connected, serve) -> None:
    connected.component("blog", __init__=VIEW.format(text="before"))
    with serve(connected, "--reload") as site:
        browser = Browser(site)
        assert "All is well" in browser.get("/berceau")
        connected.component("blog", __init__=VIEW.format(text="after"))
        site.await_text("/said", "after")
        assert "All is well" in browser.get("/berceau")


TENANTS = """
from berceau.orm import SHARED, db
from pyramid.response import Response

def includeme(config):
    config.set_tenant_factory(lambda request: request.headers.get("X-Tenant", SHARED))
    config.add_route("notes", "/notes")
    config.add_view(notes, route_name="notes")

def notes(request):
    return Response(str(db.Note.select().count()))
"""
NOTE = """
class Note(db.Entity):
    text = Required(str)
"""


@pytest.fixture
def tenants(connected, database) -> Iterator[Any]:
    """A project with one table of each tenant, and the tenant acme."""
    connected.component("notes", NOTE, __init__=TENANTS)
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    connected.succeed("migrate", "--scope", "tenant", "--name", "init")
    connected.succeed("tenant.create", "acme")
    yield connected
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)


@pytest.fixture
def run(database) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that runs SQL as the owner, for a tenant."""

    def run(name: str, sql: str) -> list[tuple[Any, ...]]:
        url = database.migration_url
        with connect(url) as connection:
            own = url.of_tenant(registry.get(connection, name).schema)
        with connect(own, autocommit=True) as connection:
            return fetch(connection, sql)

    return run


def test_a_page_is_about_a_tenant_or_what_all_share(tenants, serve) -> None:
    with serve(tenants) as site:
        browser = Browser(site)
        assert "No migration yet" in browser.get("/berceau/migrations")
        page = browser.get("/berceau/migrations", **{"X-Tenant": "acme"})
        assert "_init</code>" in page
        assert "The migrations build what the entities declare." in page
        for headers in ({}, {"X-Tenant": "acme"}):
            page = browser.get("/berceau", **headers)
            assert "All is well" in page, page[page.index("attention") :][:900]
            page = browser.get("/berceau/migrations/new", **headers)
            assert "There is nothing to write" in page
        assert "The rows of Note are those of a tenant" in browser.get("/berceau/rows/Note")
        assert "note" in browser.get("/berceau/search?q=note", **{"X-Tenant": "acme"})
        assert "No rows yet" in browser.get("/berceau/rows/Note", **{"X-Tenant": "acme"})
        page = browser.get("/berceau", **{"X-Tenant": "nobody"})
        assert "All is well" in page
        assert "There is no tenant nobody" in unescape(page)
        assert "This page is about the shared tables." in page


def test_requests_and_plans_are_those_of_a_tenant(tenants, serve) -> None:
    acme = {"X-Tenant": "acme"}
    with serve(tenants) as site:
        browser = Browser(site)
        assert browser.get("/notes", **acme) == "0"
        assert "<bdi>acme</bdi>" in browser.get("/berceau/requests")
        path = "/berceau/requests/1/plan/0"
        page = browser.get(path)
        assert "It is a query of the tenant acme, and this address leads to other tables." in page
        assert ">shared tables</span>" in page
        page = browser.get(path, **acme)
        assert "on <bdi>note</bdi>" in page
        assert ">tenant acme</span>" in page
        assert "per tenant" in browser.get("/berceau/schema")


def test_a_migration_of_tenants_is_written_applied_and_undone_in_all(tenants, serve, run) -> None:
    tenants.succeed("tenant.create", "globex")
    run("globex", "INSERT INTO note (text) VALUES ('a'), ('b')")
    tenants.component("notes", NOTE + "    size = Required(int)\n", __init__=TENANTS)
    with serve(tenants) as site:
        browser = Browser(site)
        browser.headers = {"X-Tenant": "acme"}
        page = browser.get("/berceau/migrations/new")
        assert "you apply or undo in all of them" in unescape(page)
        size = {"answer backfills note.size": "length(text)"}
        page = browser.post("/berceau/migrations/new", page, do="write", name="size", **size)
        name = re.search(r"Wrote and applied (\d{14}_size)", page)[1]
        assert run("acme", "SELECT size FROM note") == []
        assert run("globex", "SELECT size FROM note") == [(1,), (1,)]
        page = browser.post(f"/berceau/migrations/{name}/undo", page, last=name)
        assert "It would lose data" in page
        assert "Tenant globex" in page
        page = browser.post(
            f"/berceau/migrations/{name}/undo", page, last=name, allow_data_loss="yes"
        )
        assert f"Undid {name}." in page
        assert run("globex", "SELECT text FROM note") == [("a",), ("b",)]
        page = browser.get("/berceau/migrations")  # of a tenant that lacks a migration
        assert "Apply 1 pending" in page
        page = browser.post("/berceau/migrations/apply", page)
        assert f"Applied 1 migration: {name}." in page
        assert run("globex", "SELECT size FROM note") == [(1,), (1,)]
        first = re.search(r"\d{14}_init", browser.get("/berceau/migrations"))[0]
        form = browser.get(f"/berceau/migrations/{first}")
        assert "Undo this migration and 1 later one<" in form
        page = browser.post(f"/berceau/migrations/{first}/undo", form, last=name)
        assert "It would lose data" in page
        assert run("globex", "SELECT text, size FROM note") == [("a", 1), ("b", 1)]
        both = {"last": name, "allow_data_loss": "yes"}
        page = browser.post(f"/berceau/migrations/{first}/undo", form, **both)
        assert f"Undid {name}, {first}." in page
        for tenant in "acme", "globex":
            assert run(tenant, "SELECT to_regclass('note')::text") == [(None,)]
        page = browser.post("/berceau/migrations/apply", form)
        assert f"Applied 2 migrations: {first}, {name}." in page
        for tenant in "acme", "globex":
            assert run(tenant, "SELECT size FROM note") == []
