"""One history for what is shared and one for what each tenant has, written by one command."""

import re
from collections.abc import Callable, Iterator

import psycopg2
import pytest

from berceau.postgres.core.connection import connect
from berceau.postgres.inspect.schemas import drop_schema
from berceau.postgres.tenants import registry
from berceau.workflows.shared.databases import Databases
from tests.conftest import Project

pytestmark = pytest.mark.slow

GEO = """
class Country(db.Entity):
    name = Required(str)
"""
NOTES = """
from components.geo.entities import Country
class Note(db.Entity):
    text = Required(str)
    country = Optional(Country, cascade_delete=False)
"""


@pytest.fixture
def shop(connected: Project, database: Databases) -> Iterator[Project]:
    """A project with one shared entity and one of each tenant."""
    connected.environment |= {"BERCEAU_TENANTS": "schema"}
    connected.component("geo", GEO, __init__='scope = "shared"\n')
    connected.component("notes", NOTES)
    yield connected
    with connect(database.migration_url, autocommit=True) as connection:
        for tenant in registry.read(connection):
            drop_schema(connection, tenant.schema)


@pytest.fixture
def run(database: Databases) -> Callable[..., list[tuple[object, ...]]]:
    """Return a function that runs SQL as the owner, for a tenant or with shared tables only."""

    def run(name: str | None, sql: str) -> list[tuple[object, ...]]:
        url = database.migration_url
        with connect(url) as connection:
            found = {each.name: each.schema for each in registry.read(connection)}
        with (
            connect(url.of_tenant(found[name]) if name else url) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return run


def written(project: Project) -> list[str]:
    return sorted(
        re.sub(r"\d{14}_", "", str(file.parent.relative_to(project.root / "migrations")))
        for file in project.root.glob("migrations/*/*/migration.sql")
    )


def test_each_history_is_written_and_applied_to_all_tenants(shop: Project, run) -> None:
    out = shop.succeed("migrate", "--name", "init")
    assert written(shop) == ["shared/init", "tenant/init"]
    assert re.search(r"^wrote migrations/tenant/\d{14}_init$", out, re.M)
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
        run(None, f"INSERT INTO country (name) VALUES ('home of {name}')")
        run(name, f"INSERT INTO note (text, country) SELECT '{name}', max(id) FROM country")
    assert shop.succeed("migrate").splitlines()[-1] == "migrate: nothing to do"
    shop.component("notes", NOTES + "    stars = Required(int)\n")
    assert "--backfill note.stars=" in shop.fail("migrate", "--name", "stars")
    assert written(shop) == ["shared/init", "tenant/init"]
    shop.succeed("migrate", "--name", "stars", "--backfill", "note.stars=length(text)")
    assert written(shop) == ["shared/init", "tenant/init", "tenant/stars"]
    assert run("acme", "SELECT text, stars FROM note") == [("acme", 4)]
    assert run("globex", "SELECT text, stars FROM note") == [("globex", 6)]


def test_the_rows_of_a_tenant_are_in_the_proof(shop: Project, run) -> None:
    shop.succeed("migrate", "--name", "init")
    shop.succeed("tenant.create", "acme")
    run(None, "INSERT INTO country (name) VALUES ('x')")
    run("acme", "INSERT INTO note (text, country) SELECT 'a', id FROM country")
    shop.component("notes", NOTES.replace("text = Required(str)", "text = Required(int)"))
    err = shop.fail("migrate", "--using", "note.text=text::integer")
    assert "acme" in err or "invalid input syntax for type integer" in err
    assert written(shop) == ["shared/init", "tenant/init"]


def test_an_option_goes_to_the_history_that_has_the_name(shop: Project, run) -> None:
    shop.succeed("migrate", "--name", "init")
    shop.succeed("tenant.create", "acme")
    shop.component("geo", GEO.replace("name", "title"), __init__='scope = "shared"\n')
    shop.component("notes", NOTES.replace("text", "body"))
    names = ("--rename", "country.name=title", "--rename", "note.text=body")
    shop.succeed("migrate", "--name", "names", *names)
    assert written(shop)[1::2] == ["shared/names", "tenant/names"]
    assert run("acme", "SELECT body, title FROM note, country") == []
    assert "nothing" in shop.fail("migrate", "--rename", "nothing=something")


def test_a_migration_by_hand_is_for_one_scope(shop: Project) -> None:
    shop.succeed("migrate", "--name", "init")
    shop.succeed("migrate", "--create-only", "--name", "hand")
    shop.succeed("migrate", "--create-only", "--name", "hand", "--scope", "shared")
    assert written(shop) == ["shared/hand", "shared/init", "tenant/hand", "tenant/init"]
    assert "There is no scope all" in shop.fail("migrate", "--scope", "all")


def test_what_is_shared_ends_after_all_that_refers_to_it(shop: Project, run) -> None:
    shop.succeed("migrate", "--name", "init")
    shop.succeed("tenant.create", "acme")
    run("acme", "INSERT INTO note (text) VALUES ('kept')")
    shop.component("geo", "", __init__='scope = "shared"\n')
    shop.component("notes", "class Note(db.Entity):\n    text = Required(str)\n")
    gone = ("migrate", "--name", "gone", "--allow-data-loss", "--allow-downtime")
    err = shop.fail(*gone)
    assert "Earlier migrations of tenants need what the shared migration ends" in err
    assert 'relation "country" does not exist' in err
    assert written(shop) == ["shared/init", "tenant/gone", "tenant/init"]
    shop.succeed("migrate", "--scope", "tenant")
    assert "Add --scope shared or --scope tenant" in shop.fail("migrate.squash")
    shop.succeed("migrate.squash", "--scope", "tenant")
    shop.succeed(*gone)
    assert written(shop) == ["shared/gone", "shared/init", "tenant/squashed"]
    assert run("acme", "SELECT text, to_regclass('country') FROM note") == [("kept", None)]
    shop.succeed("tenant.create", "globex")
    assert run("globex", "SELECT text FROM note") == []
    assert shop.succeed("migrate.deploy") == "deploy: nothing is pending\n"


@pytest.mark.slow
def test_a_contract_ends_what_it_names_in_the_history_that_keeps_it(shop: Project) -> None:
    shop.environment["BERCEAU_ALLOW_DOWNTIME"] = "false"
    shop.succeed("migrate", "--name", "init")
    shop.component("geo", GEO + "    code = Optional(str)\n", __init__='scope = "shared"\n')
    shop.component("notes", NOTES + "    stars = Required(int, default=1)\n")
    shop.succeed("migrate", "--name", "more")
    shop.succeed("migrate", "--name", "end", "--contract", "note.stars")
    assert "tenant/end" in written(shop)
    assert "shared/end" not in written(shop)
    message = shop.fail("migrate", "--contract", "note.*")
    assert "--contract note.* matches nothing that is kept" in message
    assert "default country.code" in message
    shop.succeed("migrate", "--name", "rest", "--contract", "country.code")
    assert "shared/rest" in written(shop)


def test_what_the_running_release_needs_stays_with_its_reference_to_what_is_shared(
    shop: Project, run
) -> None:
    shop.environment |= {"BERCEAU_ALLOW_DOWNTIME": ""}
    shop.succeed("migrate", "--name", "init")
    for name in ("acme", "globex"):
        shop.succeed("tenant.create", name)
    run(None, "INSERT INTO country (name) VALUES ('x')")
    run("globex", "INSERT INTO note (text, country) SELECT 'a', id FROM country")
    shop.component("notes", "class Note(db.Entity):\n    text = Required(str)\n")
    shop.succeed("migrate", "--name", "less", "--expand")
    assert "kept for an earlier release" in shop.succeed("migrate.status")
    assert run("globex", "SELECT text, name FROM note JOIN country c ON c.id = country") == [
        ("a", "x")
    ]
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        run("globex", "INSERT INTO note (text, country) VALUES ('b', 7)")
    run("globex", "INSERT INTO note (text) VALUES ('b')")
    shop.succeed("migrate", "--contract", "--allow-data-loss", "--name", "end")
    assert written(shop) == ["shared/init", "tenant/end", "tenant/init", "tenant/less"]
    for name in ("acme", "globex"):
        with pytest.raises(psycopg2.errors.UndefinedColumn):
            run(name, "SELECT country FROM note")


def test_what_one_history_made_is_not_made_by_the_other_one(shop: Project, run) -> None:
    """The code would find a tenant's own table where it means the shared one."""
    memo = "class Memo(db.Entity):\n    text = Required(str)\n"
    shop.component("memos", memo)
    shop.succeed("migrate", "--name", "init")
    shop.succeed("tenant.create", "acme")
    shop.component("memos", memo, __init__='scope = "shared"\n')
    for command in ("migrate", "migrate.diff"):
        err = shop.fail(command)
        assert "memo: made by migrations/tenant, and declared by a component that is shared" in err
        assert "remove the class of the entity, but not the folder" in err
    shop.component("memos", memo)
    shop.component("geo", GEO)
    assert "country: made by migrations/shared, and declared by a component that is each" in (
        shop.fail("migrate")
    )
    assert written(shop) == ["shared/init", "tenant/init"]
    shop.component("geo", GEO, __init__='scope = "shared"\n')
    shop.component("memos", "", __init__='scope = "shared"\n')
    shop.succeed("migrate", "--name", "out", "--allow-data-loss")
    shop.component("memos", memo, __init__='scope = "shared"\n')
    shop.succeed("migrate", "--name", "again")
    assert written(shop) == ["shared/again", "shared/init", "tenant/init", "tenant/out"]
    assert run("acme", "SELECT text FROM memo") == []
    assert run(None, "SELECT text FROM memo") == []
