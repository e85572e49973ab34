"""A deploy of many tenants, which looks at all of them first."""

from dataclasses import replace

import pytest

from berceau.errors import TenantError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.workflows.tenants import states
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.rules import Rules
from tests.waiting import wait_until
from tests.workflows.tenants.conftest import Shop


def test_what_another_deploy_did_meanwhile_is_not_done_twice(shop: Shop) -> None:
    shop.add("a", "b", "c")
    name = shop.write(1, "CREATE TABLE note (id integer);")
    others = []

    def meanwhile(line: str) -> None:
        if line == f"tenant a: applying {name}":
            others.append(deploy_all(shop.settings, rules=Rules(patterns=("b",))))

    done = deploy_all(shop.settings, meanwhile)
    assert [[*each.tenants] for each in others] == [["b"]]
    assert [*done.tenants] == ["a", "c"]
    assert {each.version for each in shop.tenants()} == {name}


def test_more_tenants_than_one_session_looks_at(shop: Shop, monkeypatch) -> None:
    shop.add("a", "b", "c")
    monkeypatch.setattr(states, "SCHEMAS_EACH", 2)
    name = shop.write(1, "CREATE TABLE note (id integer);")
    assert deploy_all(shop.settings).tenants == {each: [name] for each in ("a", "b", "c")}
    assert deploy_all(shop.settings).tenants == {}


def test_the_version_of_a_tenant_is_written_where_another_one_fails(shop: Shop) -> None:
    shop.add("a", "b", "c")
    name = shop.write(1, "CREATE TABLE note (id integer);")
    with_table = shop.tenants()[1]
    shop.run(with_table, "CREATE TABLE note (id integer)")
    done = deploy_all(shop.settings, rules=Rules(keep_going=True))
    assert [*done.failed] == ["b"]
    assert [each.version for each in shop.tenants()] == [name, None, name]


def test_a_tenant_whose_ledger_has_an_unknown_migration_holds_up_no_other_one(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add("a", "b", "c")
    shop.run(shop.tenants()[1], "UPDATE berceau_migration SET name = '20250101000000_of_a_branch'")
    name = shop.write(2, "CREATE TABLE more ();")
    for rules in (Rules(), Rules(canary="b", keep_going=True)):
        with pytest.raises(TenantError, match=r"Tenant b: .*of_a_branch"):
            deploy_all(shop.settings, rules=rules)
    done = deploy_all(shop.settings, rules=Rules(keep_going=True))
    assert done.tenants == {"a": [name], "c": [name]}
    assert "of_a_branch" in done.failed["b"].message
    versions = {each.name: each.version for each in shop.tenants()}
    assert versions["a"] == versions["c"] == name != versions["b"]


def test_the_canary_is_one_of_those_to_deploy(shop: Shop) -> None:
    shop.add("a", "b")
    shop.write(1, "CREATE TABLE note (id integer);")
    with pytest.raises(TenantError, match="isn't a tenant that is ready and matches b"):
        deploy_all(shop.settings, rules=Rules(canary="a", patterns=("b",)))
    assert {each.version for each in shop.tenants()} == {None}


def test_what_the_server_refuses_between_migrations_holds_up_no_other_one(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add("a", "b", "c")
    name = shop.write(2, "CREATE TABLE more ();")
    second = shop.tenants()[1]

    def meanwhile(line: str) -> None:
        if line == f"tenant a: applying {name}":
            shop.run(second, "ALTER TABLE berceau_migration RENAME state TO stage")

    done = deploy_all(shop.settings, meanwhile, Rules(keep_going=True))
    assert [*done.tenants] == ["a", "c"]
    assert 'column "state" does not exist' in done.failed["b"].message


def test_sessions_wait_for_each_other_without_a_limit(shop: Shop, monkeypatch) -> None:
    shop.add("a", "b", "c")
    url = shop.databases.migration_url
    limited = replace(url, parameters=(*url.parameters, ("options", "-c idle_session_timeout=1s")))
    monkeypatch.setenv("MIGRATION_DATABASE_URL", limited.with_password())
    shop.write(1, "SELECT pg_sleep(1.1);")
    assert deploy_all(shop.settings, rules=Rules(jobs=2)).tenants.keys() == {"a", "b", "c"}


@pytest.mark.slow
def test_a_deploy_that_is_killed_leaves_the_rest_to_the_next(shop: Shop) -> None:
    names = {"a", "b", "c", "d", "e"}
    shop.write(1, "CREATE TABLE note (id integer);")
    shop.add(*names)
    version = shop.write(2, "CREATE TABLE more (); ALTER TABLE note ADD stars integer;")

    def done() -> set[str]:
        return {each.name for each in shop.tenants() if each.version == version}

    of_b = shop.databases.migration_url.of_tenant(shop.tenants()[1].schema)
    with connect(of_b) as connection:
        execute(connection, "LOCK TABLE note IN ACCESS SHARE MODE")
        with shop.start("migrate.deploy", "--jobs", "2") as process:
            wait_until(lambda: done() == names - {"b"}, process=process)
            process.kill()
    with shop.start("migrate.deploy", "--jobs", "2") as process:
        assert process.wait(60) == 0
    assert done() == names
    assert shop.rows("SELECT state, position, total, begun FROM berceau_migration") == [
        ("applied", 1, 1, False),
        ("applied", 2, 2, False),
    ] * len(names)
    shop.rows("SELECT stars FROM note, more")
