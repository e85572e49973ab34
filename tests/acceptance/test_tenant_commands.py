"""What is known of all tenants, and undone in all of them, by the commands for migrations."""

import json
import re
from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import registry
from berceau.workflows.shared.databases import Databases
from tests.conftest import Project

pytestmark = pytest.mark.slow

GEO = "class Country(db.Entity):\n    name = Required(str)\n"
NOTES = """
from components.geo.entities import Country
class Note(db.Entity):
    text = Required(str)
    country = Optional(Country, cascade_delete=False)
"""
NAMES = ("acme", "globex", "initech")


@pytest.fixture
def shop(connected: Project, database: Databases) -> Iterator[Project]:
    """A project with one shared entity, one of each tenant, and three tenants."""
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    connected.component("geo", GEO, __init__='scope = "shared"\n')
    connected.component("notes", NOTES)
    connected.succeed("migrate", "--name", "init")
    for name in NAMES:
        connected.succeed("tenant.create", name)
    yield connected
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)


@pytest.fixture
def run(database: Databases) -> Callable[..., list[tuple[object, ...]]]:
    """Return a function that runs SQL as the owner, for a tenant."""

    def run(name: str, sql: str) -> list[tuple[object, ...]]:
        url = database.migration_url
        with connect(url) as connection:
            schema = registry.get(connection, name).schema
        with connect(url.of_tenant(schema)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run


def test_status_shows_tenants_by_version(shop: Project) -> None:
    found = json.loads(shop.succeed("migrate.status", "--json"))
    (group,) = found["tenants"]
    assert group["tenants"] == [*NAMES]
    assert group["pending"] == found["shared"]["pending"] == found["tenant"]["pending"] == []
    assert found["tenant"]["drift"] == found["shared"]["drift"]
    assert [each["kind"] for each in found["tenant"]["unmanaged"]] == []
    shop.component("notes", NOTES + "    stars = Optional(int)\n")
    shop.succeed("migrate", "--name", "stars", "--create-only")
    version = group["version"]
    out = shop.succeed("migrate.status")
    assert f"3 tenants at {version}: acme, globex, initech\n  pending  " in out
    assert "shared tables:\n  applied  " in out
    assert "tenant acme:\n  applied  " in out


def test_check_compares_tenants_with_their_migrations(shop: Project, run) -> None:
    assert shop.succeed("migrate.check") == "check: entities, migrations and database agree\n"
    run("globex", "ALTER TABLE note DROP COLUMN text")
    err = shop.fail("migrate.check")
    assert "The tenant globex differs from what its migrations build." in err
    assert "ADD COLUMN text" in err
    found = json.loads(shop.invoke("migrate.check", "--json", "--all-tenants").out)
    assert [each["message"].split()[2] for each in found["findings"]] == ["globex"]


def test_diff_shows_both_histories(shop: Project) -> None:
    shop.component("geo", GEO + "    code = Optional(str)\n", __init__='scope = "shared"\n')
    shop.component("notes", NOTES + "    stars = Optional(int)\n")
    out = shop.succeed("migrate.diff")
    shared, tenant = out.split("-- tenant\n")
    assert shared.startswith("-- shared\n")
    assert "ALTER TABLE country ADD COLUMN code" in shared
    assert "ALTER TABLE note ADD COLUMN stars" in tenant
    data = json.loads(shop.succeed("migrate.diff", "--json", "--trace"))
    assert data.keys() == {"shared", "tenant"}
    assert len(data["tenant"]["up"]) == len(data["tenant"]["trace"]["statements"]) == 1


def test_down_undoes_the_newest_history_in_all_tenants_or_in_none(shop: Project, run) -> None:
    shop.component("notes", NOTES + "    stars = Optional(int)\n")
    shop.succeed("migrate", "--name", "stars")
    run("globex", "INSERT INTO note (text, stars) VALUES ('a', 1)")
    err = shop.fail("migrate.down")
    assert err.startswith("error: Tenant globex: Undoing would lose data: column note.stars (1 row")
    assert run("acme", "SELECT stars FROM note") == []
    out = shop.succeed("migrate.down", "--allow-data-loss")
    assert [line.split()[-1] for line in out.splitlines() if "undid" in line] == [*NAMES]
    assert "behind" in shop.succeed("tenant.list")
    assert "nothing" not in shop.succeed("migrate.down", "--scope", "tenant", "--allow-data-loss")
    assert run("globex", "SELECT to_regclass('note')") == [(None,)]
    out = shop.succeed("migrate.down", "--allow-data-loss")
    assert "of the shared tables" in out
    shop.succeed("migrate.deploy")
    assert "behind" not in shop.succeed("tenant.list")


def test_a_failed_migration_is_settled_for_one_tenant(shop: Project, run) -> None:
    name = "20991231000000_bad"
    shop.write(f"migrations/tenant/{name}/migration.sql", "ALTER TABLE note ADD bad int;\n")
    run("globex", "ALTER TABLE note ADD bad int")
    err = shop.fail("migrate.deploy")
    assert err.startswith(f"error: Tenant globex: {name} failed at statement 1")
    assert "in migrations/tenant/" in err
    assert f"`invoke migrate.baseline --tenant globex {name}`" in err
    assert "failed 20991231000000_bad" in shop.succeed("migrate.status")
    shop.succeed("migrate.resolve", name, "--applied", "--tenant", "globex")
    assert f"globex  ready  {name}" in shop.succeed("tenant.list")
    assert "applied to 1 tenant" in shop.succeed("migrate.deploy")
    assert run("initech", "SELECT bad FROM note") == []


def test_one_that_lost_its_ledger_gets_it_again(shop: Project, run) -> None:
    run("globex", "DROP TABLE berceau_migration")
    (name,) = (path.name for path in shop.root.glob("migrations/tenant/*/"))
    err = shop.fail("migrate.deploy")
    assert f"`invoke migrate.baseline --tenant globex {name}`" in err
    for wrong in (("globex", "--scope", "shared"), ("nobody",)):
        assert " tenant " in shop.fail("migrate.baseline", name, "--tenant", *wrong)
    out = shop.succeed("migrate.baseline", name, "--tenant", "globex")
    assert out.endswith(f"baseline: recorded {name} for the tenant globex, and ran nothing\n")
    assert f"globex  ready  {name}" in shop.succeed("tenant.list")
    assert "nothing is pending" in shop.succeed("migrate.deploy")


def test_a_baseline_records_what_each_tenant_holds(shop: Project, run) -> None:
    (name,) = (each.name for each in (shop.root / "migrations" / "tenant").glob("2*"))
    for tenant in NAMES:
        run(tenant, "DROP TABLE berceau_migration")
    for tenant in ("acme", "globex"):
        run(tenant, "ALTER TABLE note ALTER text DROP NOT NULL")
    err = shop.fail("migrate.baseline", "init", "--scope", "tenant")
    assert err.startswith("error: 2 tenants failed:\nTenant acme: The database differs from the")
    assert "Tenant globex: The database differs from the schema of the" in err
    assert err.endswith("With --tenant NAME instead, it is about one.\n")
    run("acme", "ALTER TABLE note ALTER text SET NOT NULL")
    err = shop.fail("migrate.baseline", "init", "--scope", "tenant")
    assert err.startswith("error: Tenant globex: The database differs from the schema of the")
    assert "Afterwards, run `invoke migrate.baseline --scope tenant init`" in err
    run("globex", "ALTER TABLE note ALTER text SET NOT NULL")
    out = shop.succeed("migrate.baseline", "init", "--scope", "tenant")
    assert f"baseline: recorded {name} for the tenant globex, and ran nothing" in out
    assert "for the tenant acme" not in out
    found = json.loads(shop.succeed("migrate.status", "--json"))["tenants"]
    assert [each["tenants"] for each in found if each["version"] == name] == [[*NAMES]]
    for place in (("--scope", "tenant"), ("--tenant", "globex")):
        err = shop.fail("migrate.baseline", "init", *place)
        assert err == "error: init is recorded already.\n"


def test_a_baseline_lets_a_deploy_do_what_a_tenant_lacks(shop: Project, run) -> None:
    shop.component("notes", NOTES + "    stars = Optional(int)\n")
    shop.succeed("migrate", "--name", "stars", "--create-only")
    err = shop.fail("migrate.baseline", "stars", "--scope", "tenant")
    assert err.startswith("error: 3 tenants failed:\nTenant acme: The database differs from the")
    assert err.count("`invoke migrate.deploy` makes it.") == 3
    assert "Afterwards" not in err
    for tenant in ("acme", "initech"):
        run(tenant, "ALTER TABLE note ADD stars integer")
    run("globex", "ALTER TABLE note ADD stars text")
    err = shop.fail("migrate.baseline", "stars", "--scope", "tenant")
    assert err.startswith("error: Tenant globex: The database differs from the schema of the")
    run("globex", "ALTER TABLE note DROP stars")
    run("acme", "DELETE FROM berceau_migration WHERE name LIKE '%stars'")
    out = shop.succeed("migrate.baseline", "stars", "--scope", "tenant")
    assert out.count("and ran nothing") == 1
    found = json.loads(shop.succeed("migrate.status", "--json"))["tenants"]
    assert [(each["tenants"], each["pending"]) for each in found] == [([*NAMES], [])]
    assert run("globex", "SELECT stars FROM note") == []


def test_what_is_adopted_is_recorded_where_it_is_and_applied_elsewhere(shop: Project, run) -> None:
    for tenant in ("acme", "initech"):
        run(tenant, "CREATE INDEX by_text ON note (text)")
    shop.succeed("migrate.adopt", "index", "--scope", "tenant", "--unmanaged")
    for tenant in NAMES:
        assert run(tenant, "SELECT to_regclass('by_text') IS NULL") == [(False,)]
    found = json.loads(shop.succeed("migrate.status", "--json"))["tenants"]
    assert [(each["tenants"], each["pending"]) for each in found] == [([*NAMES], [])]


def test_the_drift_of_any_tenant_is_found_and_adopted(shop: Project, run) -> None:
    run("initech", "ALTER TABLE note ALTER text DROP NOT NULL")
    out = shop.succeed("migrate.adopt", "hand", "--scope", "tenant")
    assert "The tenant initech differs from what its migrations build." in out
    assert "add --tenant NAME" in out
    assert "shared tables of its own" in shop.fail(
        "migrate.adopt", "hand", "--scope", "shared", "--tenant", "initech"
    )
    out = shop.succeed("migrate.adopt", "hand", "--tenant", "initech")
    assert "_hand, recorded as applied here" in out
    nullable = "SELECT is_nullable FROM information_schema.columns WHERE column_name = 'text'"
    for tenant in NAMES:
        assert run(tenant, f"{nullable} AND table_schema = current_schema()") == [("YES",)]
    assert "doesn't differ" in shop.succeed("migrate.adopt", "none", "--tenant", "initech")


def test_what_is_adopted_is_recorded_also_behind_a_tenant_that_fails(shop: Project, run) -> None:
    for tenant in NAMES:
        run(tenant, "CREATE INDEX by_text ON note (text)")
    run("globex", "ALTER TABLE berceau_migration ADD CONSTRAINT no CHECK (name !~ 'index')")
    out = shop.invoke("migrate.adopt", "index", "--scope", "tenant", "--unmanaged")
    (name,) = (each.name for each in (shop.root / "migrations" / "tenant").glob("*_index"))
    assert out.code == 1
    assert out.err.startswith("error: Tenant globex: PostgreSQL says: new row for relation")
    assert f"`invoke migrate.baseline --scope tenant {name}`" in out.err
    assert f"adopt: wrote migrations/tenant/{name}, recorded as applied here" in out.out
    assert f"adopt: recorded {name} for the tenant initech, too" in out.out
    run("globex", "ALTER TABLE berceau_migration DROP CONSTRAINT no")
    out = shop.succeed("migrate.baseline", name, "--scope", "tenant")
    assert f"baseline: recorded {name} for the tenant globex, and ran nothing" in out


@pytest.mark.parametrize("scope", ["shared", "tenant"])
def test_a_command_that_a_message_names_works_as_it_is(shop: Project, scope: str) -> None:
    (shop.root / "migrations" / scope / "HEAD").write_text("20200101000000_other\n")
    (command,) = re.findall(r"`invoke ([^`]*)`: it writes the file", shop.fail("migrate.check"))
    assert command == f"migrate.rebase --scope {scope}"
    shop.succeed(*command.split())
    shop.succeed("migrate.check")


SEEDS = """
from .entities import {entity}

def seed():
    {entity}({attribute}="{value}")
"""


def test_seeds_run_once_for_what_is_shared_and_once_in_each_tenant(shop: Project, run) -> None:
    shared = SEEDS.format(entity="Country", attribute="name", value="France")
    own = SEEDS.format(entity="Note", attribute="text", value="welcome")
    shop.component("geo", GEO, __init__='scope = "shared"\n', seeds=shared)
    shop.component("notes", NOTES, seeds=own)
    out = shop.succeed("db.seed", "--tenant", "acme")
    assert out.endswith("seed: ran geo\nseed: ran notes for the tenant acme\n")
    out = shop.succeed("db.seed")
    assert "seed: ran notes for the tenant globex\n" in out
    assert "acme" not in out
    assert shop.succeed("db.seed") == "seed: nothing to do\n"
    for name in NAMES:
        assert run(name, "SELECT name, text FROM country, note") == [("France", "welcome")]


def test_only_a_tenant_that_is_ready_gets_seeds(shop: Project, database: Databases) -> None:
    own = SEEDS.format(entity="Country", attribute="name", value="France")
    shop.component("notes", NOTES + "Country = Country\n", seeds=own)
    with connect(database.migration_url, autocommit=True) as connection:
        acme, globex, _ = registry.read(connection)
        registry.set_state(connection, acme, "creating")
        drop_schema(connection, globex.schema)
        refused = {name: shop.fail("db.seed", "--tenant", name) for name in (*NAMES[:2], "nobody")}
        assert "`invoke tenant.create acme`" in refused["acme"]
        assert "its schema tenant_globex" in refused["globex"]
        assert "There is no tenant nobody" in refused["nobody"]
        query = "SELECT to_regclass('berceau_seed'), count(*) FROM country"
        assert fetch(connection, query) == [(None, 0)]


def test_seeds_need_the_owner(shop: Project, database: Databases) -> None:
    shop.component("notes", NOTES, seeds=SEEDS.format(entity="Note", attribute="text", value="x"))
    shop.environment["MIGRATION_DATABASE_URL"] = database.runtime_url.with_password()
    assert "Set MIGRATION_DATABASE_URL" in shop.fail("db.seed")


def test_seeds_without_tenants_belong_to_none(shop: Project) -> None:
    shop.environment["BERCEAU_TENANTS"] = ""
    assert "has no tenants" in shop.fail("db.seed", "--tenant", "acme")


def test_a_program_runs_for_a_tenant(shop: Project) -> None:
    out = shop.succeed("tenant.run", "acme", "--", "printenv", "BERCEAU_TENANT")
    assert out == "acme\n"
    assert shop.invoke("tenant.run", "acme", "--", "false").code == 1
    assert "There is no tenant nobody" in shop.fail("tenant.run", "nobody", "--", "true")
    assert "nothing to run" in shop.fail("tenant.run", "acme")


def test_the_documentation_has_the_tables_of_both_histories(shop: Project) -> None:
    shop.succeed("docs", "--format", "md", "--output", "book")
    pages = "".join(page.read_text() for page in shop.root.glob("book/**/*.md"))
    assert "country" in pages
    assert "note" in pages


def test_a_reset_is_refused(shop: Project) -> None:
    assert "isn't reset as a whole" in shop.fail("migrate.reset", "--force", "--no-input")
