"""Commands for tenants on the servers of Citus that are killed at any point: another run ends them.

A process that is killed is a connection that ends, for the server. So all connections end after
one message, after two, and so on, until the command gets through.
"""

from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.citus.schemas import server_of, servers
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.tenants import registry
from tests.conftest import Project
from tests.proxy import Proxy, proxy

pytestmark = pytest.mark.slow

MOST = 300  # messages
STARS = """
ALTER TABLE note ADD COLUMN stars integer NOT NULL DEFAULT 3;
CREATE INDEX note_stars_idx ON note (stars);
CREATE TABLE tag (id serial PRIMARY KEY, note int NOT NULL REFERENCES note);
"""
SHAPE = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = %s AND c.relkind IN ('r', 'i') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, 2
"""


@pytest.fixture
def way(admin) -> Iterator[Proxy]:
    with proxy(admin) as way:
        yield way


@pytest.fixture
def struck(shop, way, schema) -> Callable[..., Iterator[int]]:
    """Return a function that runs a command with ever more messages, and yields after each."""
    url = way.url.with_schema(schema.schema).with_password()

    def struck(*command: str, step: int = 1) -> Iterator[int]:
        for number in range(1, MOST, step):
            way.left = number
            ended = shop.invoke(*command, DATABASE_URL=url, MIGRATION_DATABASE_URL=url)
            if ended.code == 0:
                assert number > 10
                return
            assert ended.err.startswith("error: "), (number, ended)
            assert "Traceback" not in ended.err
            yield number
        pytest.fail("the command never got through")

    return struck


def shape_of(schema, tenant: str) -> list[tuple]:
    """Return the tables and indexes of a tenant, with their columns, where the registry says so."""
    with connect(schema) as connection:
        found = registry.get(connection, tenant)
        assert found.state == "ready"
        return fetch(connection, SHAPE, (found.schema,))


def test_a_creation_is_ended_by_the_next(shop: Project, struck, schema) -> None:
    expected = shape_of(schema, "acme")
    for _ in struck("tenant.create", "hooli"):
        if "hooli  ready" not in shop.succeed("tenant.list"):
            shop.succeed("tenant.create", "hooli")
        assert shape_of(schema, "hooli") == expected
        shop.succeed("tenant.drop", "hooli", "--force")
    assert shape_of(schema, "hooli") == expected
    shop.succeed("tenant.drop", "hooli", "--force")


def test_a_removal_is_ended_by_the_next(shop: Project, struck, ask) -> None:
    for _ in struck("tenant.drop", "globex", "--force"):
        if "globex" in shop.succeed("tenant.list"):
            shop.succeed("tenant.drop", "globex", "--force")
        assert ask("SELECT name FROM berceau_tenant") == [("acme",)]
        shop.succeed("tenant.create", "globex")
    shop.succeed("tenant.create", "globex")


def test_a_move_is_ended_by_the_next(shop: Project, struck, schema) -> None:
    def place() -> tuple[str, str]:
        with connect(schema) as connection:
            here = server_of(connection, registry.get(connection, "acme").schema)
            return here, next(each for each in servers(connection) if each != here)

    before, other = place()
    for _ in struck("tenant.move", "acme", other):
        shop.succeed("tenant.move", "acme", other)
        assert place()[0] == other
        shop.succeed("tenant.move", "acme", before)
    assert place()[0] == other


def test_a_deploy_is_ended_by_the_next(shop: Project, struck, schema) -> None:
    shop.write("migrations/tenant/20260101000002_stars/migration.sql", STARS)
    shop.write(
        "migrations/tenant/20260101000002_stars/down.sql",
        "DROP TABLE tag;\nDROP INDEX note_stars_idx;\nALTER TABLE note DROP COLUMN stars;\n",
    )
    shop.succeed("migrate.deploy")
    expected = shape_of(schema, "acme")
    down = ("migrate.down", "--allow-data-loss", "--scope", "tenant")
    shop.succeed(*down)
    for _ in struck("migrate.deploy", step=5):  # it has many, most of which only ask
        shop.succeed("migrate.deploy")
        assert shape_of(schema, "acme") == shape_of(schema, "globex") == expected
        shop.succeed(*down)
