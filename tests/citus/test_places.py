"""Tables that entities have on all servers, or distributed: made, changed, and back."""

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.url import Url
from berceau.tenancy import tenant_schema
from tests.acceptance.test_distributed_tables import PLAIN, SHOP
from tests.conftest import Project
from tests.proxy import proxy

PLACES = """
SELECT logicalrelid::text, CASE WHEN repmodel = 't' THEN 'all' ELSE
    column_to_column_name(logicalrelid, partkey) END
FROM pg_dist_partition JOIN pg_class c ON c.oid = logicalrelid
WHERE relnamespace = current_schema()::regnamespace AND (partmethod = 'h' OR repmodel = 't')
ORDER BY 1
"""
ROWS = "SELECT count(*), sum(number) FROM invoice JOIN account ON account = account.id"
THERE = [("account", "id"), ("country", "all"), ("invoice", "account")]


@pytest.fixture
def shop(placed: Project) -> Project:
    placed.component("shop", SHOP)
    placed.succeed("migrate", "--name", "first")
    return placed


def test_new_tables_are_where_they_are_declared(shop, ask) -> None:
    assert ask(PLACES) == THERE
    shop.succeed("migrate.down")
    shop.succeed("migrate.deploy")
    assert ask(PLACES) == THERE
    assert "database agree" in shop.succeed("migrate.check")
    shop.component("shop", PLAIN)
    shop.succeed("migrate", "--name", "back")
    assert ask(PLACES) == []
    shop.succeed("migrate.down")
    assert ask(PLACES) == THERE


def test_tables_with_rows_are_distributed(placed, ask) -> None:
    placed.component("shop", PLAIN)
    placed.succeed("migrate", "--name", "first")
    ask("INSERT INTO country (name) SELECT 'c' || n FROM generate_series(1, 10) n")
    ask("INSERT INTO account SELECT n FROM generate_series(1, 100) n")
    ask(
        "INSERT INTO invoice SELECT n, n, c FROM generate_series(1, 100) n, "
        "(SELECT min(id) FROM country) AS first (c)"
    )
    placed.component("shop", SHOP)
    placed.succeed("migrate", "--name", "placed")
    assert ask(PLACES) == THERE
    assert ask(ROWS) == [(100, 5050)]
    placed.succeed("migrate.down")
    assert ask(PLACES) == []
    assert ask(ROWS) == [(100, 5050)]
    placed.succeed("migrate.deploy")
    other = SHOP.replace("id = PrimaryKey(int)", "id = PrimaryKey(int, size=64)")
    placed.component("shop", other)
    placed.succeed("migrate", "--name", "larger")
    assert ask(PLACES) == THERE
    other = other.replace('_distribute_ = "account"', '_distribute_ = "number"')
    other = other.replace("account = Required(Account)", "account = Required(int, size=64)")
    placed.component("shop", other)
    placed.succeed("migrate", "--name", "number")
    assert ask(PLACES) == [*THERE[:2], ("invoice", "number")]
    placed.succeed("migrate.down")
    assert ask(PLACES) == THERE
    assert ask(ROWS) == [(100, 5050)]


def test_keys_to_all_servers_come_and_go(shop: Project, ask) -> None:
    note = "class Note(db.Entity):\n    text = Required(str)\n"
    shop.component("notes", f"{note}    country = Optional('Country')\n")
    shop.succeed("migrate", "--name", "notes")
    ask("INSERT INTO country (name) VALUES ('here')")
    ask("INSERT INTO note (text, country) SELECT 'a', id FROM country")
    shop.component("notes", f"{note}    country = Optional('Country', cascade_delete=True)\n")
    shop.succeed("migrate", "--name", "kept")
    shop.component("notes", note)
    shop.succeed("migrate", "--name", "gone", "--allow-data-loss")
    assert ask("INSERT INTO note (text) VALUES ('b') RETURNING id") == [(2,)]
    shop.succeed("migrate.down", "--to", shop.migrations()[0], "--allow-data-loss")
    assert ask(PLACES) == THERE


@pytest.fixture
def other(ask) -> Iterator[str]:
    """Another schema, with a table that counts."""
    name = f"other_{secrets.token_hex(6)}"
    ask(f"CREATE SCHEMA {name}")
    ask(f"CREATE TABLE {name}.counted (id serial PRIMARY KEY)")
    yield name
    ask(f"DROP SCHEMA {name} CASCADE")


@pytest.mark.usefixtures("other")
def test_numbers_go_on_in_tables_that_citus_takes(shop: Project, ask) -> None:
    note = "class Note(db.Entity):\n    stars = Optional(int)\n"
    reply = "class Reply(db.Entity):\n    note = Optional('Note')\n"
    shop.component("notes", note + "    replies = Set('Reply')\n" + reply)
    shop.succeed("migrate", "--name", "notes")
    for table in ("note", "reply"):
        ask(f"INSERT INTO {table} SELECT FROM generate_series(1, 3)")
        ask(f"DELETE FROM {table} WHERE id = 3")
    relation = "    replies = Set('Reply')\n    country = Optional('Country')\n"
    shop.component("notes", note + relation + reply)
    shop.succeed("migrate", "--name", "relation")
    for table in ("note", "reply"):
        assert ask(f"INSERT INTO {table} DEFAULT VALUES RETURNING id") == [(4,)]
    shop.component("shop", PLAIN)
    shop.succeed("migrate", "--name", "back")
    for table in ("note", "reply"):
        assert ask(f"INSERT INTO {table} DEFAULT VALUES RETURNING id") == [(5,)]
    shop.succeed("migrate.down")
    for table in ("note", "reply"):
        assert ask(f"INSERT INTO {table} DEFAULT VALUES RETURNING id") == [(6,)]


@pytest.fixture
def later(admin: Url) -> Iterator[Url]:
    """A database on all servers that has no Citus yet."""
    name = f"later_{secrets.token_hex(6)}"
    with connect(admin, autocommit=True) as connection:
        found = fetch(connection, "SELECT nodename, nodeport FROM pg_dist_node")
    servers = [replace(admin, hosts=((host, port),), database="postgres") for host, port in found]
    for server in servers:
        with connect(server, autocommit=True) as connection:
            execute(connection, f"CREATE DATABASE {name}")
    yield replace(admin, database=name)
    for server in servers:
        with connect(server, autocommit=True) as connection:
            execute(connection, f"DROP DATABASE {name} WITH (FORCE)")


def get_citus(admin: Url, later: Url) -> list[tuple[str, int]]:
    """Let a database be on all servers, and return the others than the coordinator."""
    with connect(admin, autocommit=True) as connection:
        servers = fetch(connection, "SELECT nodename, nodeport FROM pg_dist_node ORDER BY groupid")
    for host, port in servers:
        with connect(replace(later, hosts=((host, port),)), autocommit=True) as connection:
            execute(connection, "CREATE EXTENSION citus")
    with connect(later, autocommit=True) as connection:
        execute(connection, "SELECT citus_set_coordinator_host(%s, %s)", servers[0])
        for each in servers[1:]:
            execute(connection, "SELECT citus_add_node(%s, %s)", each)
    return servers[1:]


def test_a_database_gets_citus_later(project: Project, admin: Url, later: Url) -> None:
    url = later.with_password()
    project.environment = {"DATABASE_URL": url, "MIGRATION_DATABASE_URL": url}
    project.component("shop", SHOP)
    project.succeed("migrate", "--name", "first")
    get_citus(admin, later)
    with connect(later, autocommit=True) as connection:
        for table in ("country (name)", "account (id)"):
            execute(connection, f"INSERT INTO {table} SELECT n FROM generate_series(1, 50) n")
        execute(connection, "INSERT INTO invoice SELECT n, n, n FROM generate_series(1, 50) n")
        told = "country is on one server, and is to be on all servers"
        assert told in project.fail("migrate.check")
        assert told in project.succeed("migrate.status")
        moving = "moving what isn't where it is declared: account, country, invoice"
        assert moving in project.succeed("migrate.deploy")
        assert fetch(connection, PLACES) == THERE
        assert fetch(connection, ROWS) == [(50, 1275)]
        assert "database agree" in project.succeed("migrate.check")
        assert "moving" not in project.succeed("migrate.deploy")


def test_tenants_refer_to_what_is_on_all_servers(placed: Project, ask) -> None:
    placed.environment |= {"BERCEAU_TENANTS": "schema"}
    country = "class Country(db.Entity):\n    _reference_ = True\n    name = Required(str)\n"
    placed.component("geo", country, __init__='scope = "shared"\n')
    note = "class Note(db.Entity):\n    text = Required(str)\n"
    placed.component("notes", f"{note}    country = Optional('Country')\n")
    placed.succeed("migrate", "--name", "first")
    assert ask(PLACES) == [("country", "all")]
    placed.succeed("tenant.create", "acme")
    try:
        placed.component(
            "notes", f"{note}    country = Optional('Country')\n    stars = Optional(int)\n"
        )
        placed.component(
            "geo", f"{country}    code = Optional(str)\n", __init__='scope = "shared"\n'
        )
        placed.succeed("migrate", "--name", "second")
        assert "database agree" in placed.succeed("migrate.check")
        assert ask(PLACES) == [("country", "all")]
        placed.component("notes", note)
        placed.succeed("migrate", "--name", "third", "--allow-data-loss")
        assert "database agree" in placed.succeed("migrate.check")
    finally:
        placed.succeed("tenant.drop", "acme", "--force")


def test_a_database_with_tenants_gets_citus_later(project: Project, admin: Url, later: Url) -> None:
    url = later.with_password()
    project.environment = {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "BERCEAU_TENANTS": "schema",
    }
    country = "class Country(db.Entity):\n    _reference_ = True\n    name = Required(str)\n"
    town = "class Town(db.Entity):\n    country = Optional('Country')\n"
    project.component("places", country + town, __init__='scope = "shared"\n')
    project.component("notes", "class Note(db.Entity):\n    country = Optional('Country')\n")
    project.succeed("migrate", "--name", "first")
    project.succeed("tenant.create", "acme")
    tables = (f"{tenant_schema('acme', 'public')}.note", "town")

    def numbers() -> list[int]:
        with connect(later, autocommit=True) as connection:
            inserts = (f"INSERT INTO {each} DEFAULT VALUES RETURNING id" for each in tables)
            return [number for insert in inserts for (number,) in fetch(connection, insert)]

    with connect(later, autocommit=True) as connection:
        execute(connection, "INSERT INTO country (name) VALUES ('here')")
        for each in tables:
            execute(connection, f"INSERT INTO {each} (country) SELECT id FROM country")
    (host, port), *_ = get_citus(admin, later)
    with proxy(later) as way:
        way.at, way.cut = b"setval", "before"  # as if it were killed there
        project.fail("migrate.deploy", MIGRATION_DATABASE_URL=way.url.with_password())
    assert numbers() == [2, 2]
    assert "moving what isn't where it is declared" in project.succeed("migrate.deploy")
    assert numbers() == [3, 3]
    project.succeed("tenant.move", "acme", f"{host}:{port}")
    assert numbers() == [4, 4]
    assert "agree" in project.succeed("migrate.check", "--all-tenants")
