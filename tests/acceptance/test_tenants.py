"""Tenants made, listed, deployed and dropped by commands."""

import json
from collections.abc import Callable, Iterator

import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import registry
from berceau.tenancy import Tenant
from berceau.workflows.shared.databases import Databases
from tests.conftest import Project
from tests.waiting import wait_until

COUNTRY, NOTE = "shared/20260101000000_country", "tenant/20260101000001_note"
NAMES = [name.partition("/")[2] for name in (COUNTRY, NOTE)]


@pytest.fixture
def shop(connected: Project, database: Databases) -> Iterator[Project]:
    """A project with one shared table and one of each tenant."""
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    connected.write(
        f"migrations/{COUNTRY}/migration.sql",
        "CREATE TABLE country (id serial PRIMARY KEY, name text NOT NULL);\n",
    )
    connected.write(
        f"migrations/{NOTE}/migration.sql",
        "CREATE TABLE note (id serial PRIMARY KEY, text text, country int REFERENCES country);\n",
    )
    yield connected
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)


@pytest.fixture
def tenants(database: Databases) -> Callable[[], dict[str, Tenant]]:
    """Return a function that gives the tenants of the registry by their names."""

    def tenants() -> dict[str, Tenant]:
        with connect(database.migration_url) as connection:
            return {each.name: each for each in registry.read(connection)}

    return tenants


@pytest.fixture
def run(database: Databases, tenants) -> Callable[..., list[tuple[object, ...]]]:
    """Return a function that runs SQL as the application does, for a tenant."""

    def run(name: str, sql: str) -> list[tuple[object, ...]]:
        url = database.runtime_url.of_tenant(tenants()[name].schema)
        with connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run


def test_a_tenant_has_tables_of_its_own_and_sees_the_shared_ones(shop, run, tenants) -> None:
    assert "The shared tables aren't up to date" in shop.fail("tenant.create", "acme")
    assert f"applied to the shared tables: {NAMES[0]}" in shop.succeed("migrate.deploy")
    assert shop.succeed("tenant.list").startswith("no tenants yet")
    for name in ("acme", "globex"):
        assert f"The tenant {name} is ready" in shop.succeed("tenant.create", name)
        run(name, "SELECT FROM country")
        run(name, f"INSERT INTO note (text) VALUES ('{name}')")
    assert run("acme", "SELECT text FROM note") == [("acme",)]
    listed = json.loads(shop.succeed("tenant.list", "--json"))
    assert [(each["name"], each["state"], each["version"], each["behind"]) for each in listed] == [
        (name, "ready", NAMES[1], False) for name in ("acme", "globex")
    ]
    assert "There is a tenant acme already" in shop.fail("tenant.create", "acme")
    assert "can't be called 'Acme'" in shop.fail("tenant.create", "Acme")

    assert "holds rows in 1 table: note" in shop.fail("tenant.drop", "acme")
    shop.succeed("tenant.drop", "acme", "--force")
    assert tenants().keys() == {"globex"}
    assert "There is no tenant acme" in shop.fail("tenant.drop", "acme")
    assert run("globex", "SELECT text FROM note") == [("globex",)]


def test_a_deploy_brings_all_tenants_up_to_date_in_the_order_of_writing(shop, run, tenants) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
    assert shop.succeed("migrate.deploy") == "deploy: nothing is pending\n"
    write(shop, "shared/20260101000002_color", "CREATE TABLE color (id int PRIMARY KEY);")
    write(shop, "tenant/20260101000003_color", "ALTER TABLE note ADD color int REFERENCES color;")
    write(shop, "shared/20260101000004_size", "CREATE TABLE size (id int PRIMARY KEY);")
    write(shop, "tenant/20260101000005_bad", "ALTER TABLE note ADD text text;")
    assert "behind: it lacks 20260101000005_bad" in shop.succeed("tenant.list")
    err = shop.fail("migrate.deploy")
    assert err.startswith("error: Tenant acme: 20260101000005_bad failed at statement 1")
    versions = {name: each.version for name, each in tenants().items()}
    assert versions == dict.fromkeys(("acme", "globex"), "20260101000003_color")
    assert run("globex", "SELECT color FROM note") == []
    write(shop, "tenant/20260101000005_bad", "ALTER TABLE note ADD more text;")
    out = shop.succeed("migrate.deploy")
    assert out.endswith("deploy: applied to 2 tenants: 20260101000005_bad\n")
    assert shop.succeed("migrate.deploy") == "deploy: nothing is pending\n"


def test_what_was_killed_goes_on(shop, database, tenants, run) -> None:
    shop.succeed("migrate.deploy")
    shop.succeed("tenant.create", "acme")
    with connect(database.migration_url, autocommit=True) as connection:
        acme = tenants()["acme"]
        registry.set_version(connection, ["acme"], None)  # killed before that was written
        registry.add(connection, Tenant("half", acme.schema.replace("acme", "half"), "creating"))
    assert "left out the tenant half: it is creating" in shop.succeed("migrate.deploy")
    assert tenants()["acme"] == acme
    shop.succeed("tenant.create", "half")
    assert run("half", "SELECT FROM note") == []
    with connect(database.migration_url, autocommit=True) as connection:
        registry.set_state(connection, acme, "dropping")
        drop_schema(connection, acme.schema)
    assert "Finish its removal first" in shop.fail("tenant.create", "acme")
    shop.succeed("tenant.drop", "acme")
    assert tenants().keys() == {"half"}


def test_one_whose_schema_was_dropped_by_hand_holds_up_no_other_one(
    shop, database, tenants, run
) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
    schema = tenants()["acme"].schema
    refused = shop.fail("db.drop", "--target", schema, "--force")
    assert "is the schema of the tenant acme" in refused
    with connect(database.migration_url, autocommit=True) as connection:
        drop_schema(connection, schema)
    write(shop, "tenant/20260101000002_more", "ALTER TABLE note ADD more text;")
    out = shop.succeed("migrate.deploy")
    assert f"left out the tenant acme: its schema {schema} is missing" in out
    assert run("globex", "SELECT more FROM note") == []
    assert f"tenant acme: its schema {schema} is missing" in shop.succeed("migrate.status")
    assert "M008: The tenant acme has no tables" in shop.fail("migrate.check")
    assert "is missing" in shop.fail("tenant.run", "acme", "--", "true")
    assert "`invoke tenant.drop acme`" in shop.fail("tenant.create", "acme")
    shop.succeed("tenant.drop", "acme")
    shop.succeed("tenant.create", "acme")
    assert run("acme", "SELECT more FROM note") == []


def test_a_history_is_rewritten_where_all_tenants_have_the_same(shop, tenants) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
    write(shop, "tenant/20260101000002_more", "ALTER TABLE note ADD more text;")
    shop.succeed("migrate.deploy", "--tenants", "acme")
    err = shop.fail("migrate.squash", "--scope", "tenant")
    assert f"1 tenant at {NAMES[1]}: globex" in err
    assert len(list(shop.root.glob("migrations/tenant/*/"))) == 2
    shop.succeed("migrate.deploy")
    shop.succeed("migrate.squash", "--scope", "tenant")
    assert {each.version for each in tenants().values()} == {"20260101000002_squashed"}


def test_an_extension_is_nobodys_own(shop, database, tenants) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
    write(shop, "tenant/20260101000004_words", "CREATE EXTENSION IF NOT EXISTS seg;")
    for command in (("migrate.deploy",), ("tenant.create", "initech")):
        err = shop.fail(*command)
        assert "20260101000004_words makes the extension seg in the schema of the first" in err
        assert "20260101000004_words/migration.sql:1" in err
    assert {each.version for each in tenants().values()} == {NAMES[1]}
    own = tenants()["acme"].schema
    with connect(database.migration_url, autocommit=True) as connection:
        execute(connection, f"CREATE EXTENSION seg SCHEMA {own}")
        assert f"The extension seg is in {own}" in shop.fail("migrate.deploy")
        assert "holds the extension seg" in shop.fail("tenant.drop", "acme", "--force")
        execute(connection, "DROP EXTENSION seg")
    write(shop, "shared/20260101000003_words", "CREATE EXTENSION IF NOT EXISTS seg;")
    shop.succeed("migrate.deploy")
    shop.succeed("tenant.drop", "acme")


def test_files_of_the_wrong_folder_are_refused(shop) -> None:
    shop.write("migrations/20260101000000_loose/migration.sql", "SELECT 1;")
    assert "git mv migrations/20260101000000_loose migrations/tenant/" in shop.fail("tenant.list")
    without = {"BERCEAU_TENANTS": ""}
    assert "berceau.tenants = schema" in shop.fail("migrate.deploy", **without)
    assert "This project has no tenants" in shop.fail("tenant.list", **without)


def write(project: Project, name: str, sql: str) -> None:
    project.write(f"migrations/{name}/migration.sql", sql + "\n")


@pytest.mark.slow
def test_a_tenant_that_fails_holds_up_no_other_one(shop, run, tenants) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex", "initech", "umbrella"):
        shop.succeed("tenant.create", name)
    run("globex", "INSERT INTO note (text) VALUES (NULL)")
    newest = "20260101000002_text"
    write(shop, f"tenant/{newest}", "ALTER TABLE note ADD CHECK (text IS NOT NULL);")
    write(shop, "shared/20260101000003_size", "CREATE TABLE size (id int PRIMARY KEY);")

    def done() -> set[str]:
        return {name for name, each in tenants().items() if each.version == newest}

    assert "isn't a tenant that is ready" in shop.fail("migrate.deploy", "--canary", "nobody")
    assert "No tenant that is ready matches x*" in shop.fail("migrate.deploy", "--tenants", "x*")
    assert "Tenant globex: " in shop.fail("migrate.deploy", "--canary", "globex", "--keep-going")
    assert done() == set()
    out = shop.succeed("migrate.deploy", "--tenants", "init*,nobody")
    assert "20260101000003_size, of the shared tables, waits for the other tenants" in out
    assert done() == {"initech"}
    result = shop.invoke("migrate.deploy", "--jobs", "3", "--keep-going")
    assert result.code == 1
    assert result.err.startswith("error: Tenant globex: 20260101000002_text failed")
    assert "another run does the rest" in result.err
    assert "waits for the tenants that failed" in result.out
    assert done() == {"acme", "initech", "umbrella"}
    why = f"waits, because it stands behind {newest}, of the tenants: it may take away what these"
    assert f"\n20260101000003_size, of the shared tables, {why}" in shop.succeed("migrate.status")
    assert why in json.loads(shop.succeed("migrate.status", "--json"))["waits"][0]
    run("globex", "DELETE FROM note")
    out = shop.succeed("migrate.deploy", "--jobs", "3")
    assert out.endswith(
        f"shared tables: 20260101000003_size\ndeploy: applied to 1 tenant: {newest}\n"
    )


@pytest.mark.slow
def test_failures_of_several_tenants_are_one_list(shop, run) -> None:
    shop.succeed("migrate.deploy")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
        run(name, "INSERT INTO note (text) VALUES (NULL)")
    write(shop, "tenant/20260101000002_text", "ALTER TABLE note ADD CHECK (text IS NOT NULL);")
    refused = shop.fail("migrate.deploy", "--keep-going")
    assert refused.startswith("error: 2 tenants failed:\n  Tenant acme: 2026")
    assert "\n  Tenant globex: 2026" in refused
    for wrong in ("0", "many"):
        assert f"--jobs is '{wrong}'" in shop.fail("migrate.deploy", "--jobs", wrong)
    assert "are for a project with tenants" in shop.fail(
        "migrate.deploy", "--jobs", "2", BERCEAU_TENANTS=""
    )


def test_without_citus_there_is_nowhere_to_move_to(shop) -> None:
    shop.succeed("migrate.deploy")
    shop.succeed("tenant.create", "acme")
    refused = shop.fail("tenant.move", "acme", "db2.example.com:5432")
    assert "has no other server for a tenant" in refused
    assert "There is no tenant globex" in shop.fail("tenant.move", "globex", "db2:5432")


def test_a_shell_has_the_tables_of_a_tenant_beside_the_shared_ones(shop) -> None:
    shop.succeed("migrate.deploy")
    shop.succeed("tenant.create", "acme")
    assert "There is no tenant globex" in shop.fail("db.shell", "--tenant", "globex")
    (shop.root / ".psqlrc").write_text("SELECT count(*) FROM note, country;\n")
    shell = shop.invoke("db.shell", "--tenant", "acme", PSQLRC=str(shop.root / ".psqlrc"))
    assert shell.code == 0, shell
    assert "does not exist" not in shell.err
    assert "(1 row)" in shell.out


def test_of_two_that_create_one_tenant_at_once_one_is_refused(shop, run, tenants) -> None:
    shop.succeed("migrate.deploy")
    both = [shop.start("invoke", "tenant.create", "acme") for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert "There is a tenant acme already: it is ready." in "".join(errors)
    assert tenants()["acme"].version == NAMES[1]
    assert run("acme", "SELECT FROM note") == []


@pytest.mark.slow
def test_a_creation_that_was_killed_goes_on(shop, run, tenants, query) -> None:
    shop.succeed("migrate.deploy")
    slow = "CREATE TABLE a ();\nSELECT pg_sleep(61.25);\nCREATE TABLE b ();"
    write(shop, "tenant/20260101000002_slow", slow)
    asleep = """
        SELECT pid FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND query ~ 'pg_sleep.61[.]25'
    """
    with shop.start("invoke", "tenant.create", "acme") as process:
        wait_until(lambda: bool(query(asleep)))
        process.kill()
    query(f"SELECT pg_terminate_backend(pid) FROM ({asleep}) _")
    assert tenants()["acme"].state == "creating"
    assert "acme  creating  no migration" in shop.succeed("tenant.list")
    write(shop, "tenant/20260101000002_slow", slow.replace("61.25", "0"))
    shop.succeed("tenant.create", "acme")
    assert tenants()["acme"].version == "20260101000002_slow"
    assert run("acme", "SELECT FROM a, b, note") == []
