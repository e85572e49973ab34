"""An application whose tables are on several servers, served by two processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from berceau.postgres.citus.schemas import server_of
from berceau.postgres.core.connection import connect
from berceau.tenancy import tenant_schema
from tests.citus.cluster import Cluster
from tests.citus.visitors import Told
from tests.conftest import TASKS, Project
from tests.production.conftest import serving
from tests.replication import Node

TENANTS = ("acme", "globex", "hooli", "umbrella")
WAYS = (
    *(("/notes", name) for name in TENANTS),
    ("/events", None),
    ("/both", "acme"),
    ("/both", "globex"),
)
COUNTRY = "class Country(db.Entity):\n    name = Required(str, unique=True)\n"
EVENT = """
from uuid import UUID, uuid4

class Event(db.Entity):
    id = PrimaryKey(UUID, default=uuid4)
    text = Required(str)
"""
NOTE = 'class Note(db.Entity):\n    text = Required(str)\n    country = Optional("Country")\n'
MANIFEST = """
    from berceau.orm import SHARED

    def includeme(config):
        config.set_tenant_factory(lambda request: request.headers.get("X-Shop", SHARED))
        for name in ("notes", "events", "both"):
            config.add_route(name, f"/{name}")
"""
# A note is on the server of its tenant, an event on that of its key. Both are written by all of
# those together.
VIEWS = """
    from pyramid.view import view_config

    from components.notes.entities import Note
    from components.places.entities import Country, Event

    @view_config(route_name="notes", renderer="json", require_csrf=False)
    def notes(request):
        Note(text=request.json_body, country=Country.select().first())

    @view_config(route_name="events", renderer="json", require_csrf=False)
    def events(request):
        Event(text=request.json_body)

    @view_config(route_name="both", renderer="json", require_csrf=False)
    def both(request):
        Note(text=request.json_body)
        Event(text=request.json_body)
"""
SHARED = """
CREATE TABLE country (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
SELECT create_reference_table('country');
INSERT INTO country (name) VALUES ('France');
CREATE TABLE event (id uuid PRIMARY KEY, text text NOT NULL);
SELECT create_distributed_table('event', 'id');
"""
TENANT = "CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL, country int {});\n"
LIMITS = "berceau.statement_timeout = 3\nberceau.pool_timeout = 2"


@dataclass
class Site:
    """The application's project, and the ports of its processes."""

    project: Project
    cluster: Cluster
    ports: list[int]

    def place_of(self, tenant: str) -> str:
        """Return the server of a tenant's tables, as ``host:port``."""
        with connect(self.cluster.admin) as connection:
            return str(server_of(connection, tenant_schema(tenant, "public")))

    def server_of(self, tenant: str) -> Node:
        """Return the server of a tenant's tables."""
        return self.cluster.server_at(self.place_of(tenant))

    def tenants_on(self, node: Node) -> set[str]:
        """Return the tenants whose tables a server has."""
        return {name for name in TENANTS if self.server_of(name) is node}

    def texts(self, table: str) -> list[str]:
        """Return the texts in a table."""
        return [text for (text,) in self.cluster.ask(f"SELECT text FROM {table}")]


def tables_of(told: Told) -> list[str]:
    """Return the tables that a visitor's requests write."""
    note = [] if told.tenant is None else [f"{tenant_schema(told.tenant, 'public')}.note"]
    return note if told.path == "/notes" else [*note, "event"]


def make_project(root: Path, cluster: Cluster) -> Project:
    """Write the application, and make its roles, tables and tenants."""
    owner, app = (replace(cluster.admin, user=name) for name in ("owner", "app"))
    project = Project(root)
    project.environment = {
        "DATABASE_URL": app.with_password(),
        "MIGRATION_DATABASE_URL": owner.with_password(),
        "BERCEAU_TENANTS": "schema",
    }
    project.write("tasks.py", TASKS)
    project.write("components/__init__.py", "")
    project.component("places", COUNTRY + EVENT, __init__='scope = "shared"\n')
    project.component("notes", NOTE, __init__=MANIFEST, views=VIEWS)
    project.write("migrations/shared/20260101000000_places/migration.sql", SHARED)
    note = TENANT.format("REFERENCES country")
    project.write("migrations/tenant/20260101000001_notes/migration.sql", note)
    provision(project, cluster)
    project.succeed("migrate.deploy")
    for name in TENANTS:
        project.succeed("tenant.create", name)
    return project


def provision(project: Project, cluster: Cluster) -> None:
    """Make the roles on all servers."""
    project.succeed("db.provision", "--admin-url", cluster.admin.with_password())


@contextmanager
def site(folder: Path, cluster: Cluster) -> Iterator[Site]:
    """Serve a project in ``folder`` by two processes while the body runs."""
    project = make_project(folder / "project", cluster)
    with (
        serving(project, folder / "log1", app=LIMITS) as one,
        serving(project, folder / "log2", app=LIMITS) as other,
    ):
        yield Site(project, cluster, [one.port, other.port])
