"""Tenants whose rows don't fit a pending migration are found before one is changed."""

import pytest

from berceau.errors import TenantError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute
from berceau.workflows.tenants.deployed import AllDeployed
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.rules import Rules
from tests.workflows.tenants.conftest import Shop

REQUIRE = "ALTER TABLE note ALTER text SET NOT NULL;"


@pytest.fixture
def notes(shop: Shop) -> Shop:
    """Three tenants with notes; that of b, and one of c, have no text."""
    shop.write(0, "CREATE TABLE country ();", scope="shared")
    shop.write(1, "CREATE TABLE note (text text);")
    shop.add("a", "b", "c")
    for name, values in {"a": "('x')", "b": "(NULL)", "c": "('y'), (NULL)"}.items():
        run(shop, name, f"INSERT INTO note VALUES {values}")
    return shop


def run(shop: Shop, name: str, sql: str) -> None:
    with connect(shop.databases.migration_url, autocommit=True) as connection:
        (schema,) = (each.schema for each in shop.tenants() if each.name == name)
        execute(connection, f"SET search_path = {schema}")
        execute(connection, sql)


def test_nothing_is_applied_where_rows_of_a_tenant_lack_a_value(notes: Shop) -> None:
    shared = notes.write(2, "CREATE TABLE city ();", scope="shared")
    first = notes.write(3, "CREATE TABLE more ();")
    last = notes.write(4, REQUIRE)
    with pytest.raises(TenantError) as refusal:
        deploy_all(notes.settings)
    assert refusal.value.message == (
        "The rows of 2 tenants don't fit what is pending:\n"
        "  b: note.text has to have a value, which rows of note lack.\n"
        "  c: note.text has to have a value, which rows of note lack."
    )
    assert str(refusal.value.where).endswith(f"migrations/tenant/{last}/migration.sql:1")
    assert refusal.value.cure.startswith("Nothing was applied. Correct these rows first")
    for name in ("b", "c"):
        run(notes, name, "UPDATE note SET text = 'z'")
    done = AllDeployed([shared], {name: [first, last] for name in ("a", "b", "c")})
    assert deploy_all(notes.settings) == done


def test_nothing_is_applied_where_rows_of_a_tenant_break_a_new_key_or_reference(
    notes: Shop,
) -> None:
    for name in ("a", "b"):
        run(notes, name, "INSERT INTO note VALUES ('z')")
    run(notes, "a", "INSERT INTO note VALUES ('z')")
    # As `invoke migrate` writes them.
    for number, sql in enumerate(
        (
            "CREATE TABLE word (text text PRIMARY KEY); INSERT INTO word VALUES ('x'), ('z');",
            "CREATE UNIQUE INDEX CONCURRENTLY note_text_key ON note (text);\n"
            "ALTER TABLE note ADD CONSTRAINT note_text_key UNIQUE USING INDEX note_text_key;",
            "ALTER TABLE note ADD CONSTRAINT fk FOREIGN KEY (text) REFERENCES word (text) "
            "NOT VALID;\nALTER TABLE note VALIDATE CONSTRAINT fk;",
        )
    ):
        last = notes.write(number + 2, sql)
        if not number:
            deploy_all(notes.settings)
    with pytest.raises(TenantError) as refusal:
        deploy_all(notes.settings)
    assert refusal.value.message == (
        "The rows of 2 tenants don't fit what is pending:\n"
        "  a: text of note has to be unique, but rows have the same.\n"
        "  c: text of note has to refer to word, but rows refer to none."
    )
    run(notes, "a", "DELETE FROM note WHERE text = 'z'")
    run(notes, "c", "DELETE FROM note WHERE text = 'y'")
    assert all(names[-1] == last for names in deploy_all(notes.settings).tenants.values())


def test_the_others_go_on_where_it_is_to_keep_going(notes: Shop) -> None:
    last = notes.write(2, REQUIRE)
    with pytest.raises(TenantError, match=r"b: note\.text"):
        deploy_all(notes.settings, rules=Rules(keep_going=True, canary="c"))
    done = deploy_all(notes.settings, rules=Rules(keep_going=True))
    assert done.tenants == {"a": [last]}
    assert {*done.failed} == {"b", "c"}
    assert deploy_all(notes.settings, rules=Rules(patterns=("a",))).tenants == {}


@pytest.mark.parametrize("sql", [f"UPDATE note SET text = '' WHERE text IS NULL; {REQUIRE}", ""])
def test_what_gives_rows_a_value_or_waits_is_no_reason(notes: Shop, sql: str) -> None:
    last = notes.write(2, sql or f"-- Phase: contract\n{REQUIRE}")
    done = deploy_all(notes.settings)
    assert done.tenants == ({name: [last] for name in ("a", "b", "c")} if sql else {})
    if not sql:
        with pytest.raises(TenantError, match=r"b: note\.text"):
            deploy_all(notes.settings, rules=Rules(allow_downtime=True))


def test_what_waits_behind_a_shared_contract_is_no_reason(notes: Shop) -> None:
    before = notes.write(3, "CREATE TABLE more ();")
    contract = notes.write(4, "-- Phase: contract\nDROP TABLE country;", scope="shared")
    last = notes.write(5, REQUIRE)
    done = deploy_all(notes.settings)
    assert done.shared == []
    assert done.tenants == {name: [before] for name in ("a", "b", "c")}
    with pytest.raises(TenantError, match=r"b: note\.text"):
        deploy_all(notes.settings, rules=Rules(allow_downtime=True))
    for name in ("b", "c"):
        run(notes, name, "UPDATE note SET text = 'z'")
    done = deploy_all(notes.settings, rules=Rules(allow_downtime=True))
    assert done == AllDeployed([contract], {name: [last] for name in ("a", "b", "c")})


@pytest.mark.parametrize("newest", [2, 4])
def test_what_waits_behind_a_later_contract_is_no_reason(notes: Shop, newest: int) -> None:
    written = [
        notes.write(2, "-- Phase: contract\nCREATE TABLE more ();"),
        notes.write(3, "-- Phase: contract\nCREATE TABLE city ();", scope="shared"),
        notes.write(4, REQUIRE),
    ]
    notes.announce(written[newest - 2])
    rules = Rules(contract=True)
    if newest == 4:
        with pytest.raises(TenantError, match=r"b: note\.text"):
            deploy_all(notes.settings, rules=rules)
    else:
        done = deploy_all(notes.settings, rules=rules)
        assert done.tenants == dict.fromkeys(("a", "b", "c"), written[:1])


def test_what_waits_for_the_tenants_left_out_is_no_reason(notes: Shop) -> None:
    before = notes.write(2, "CREATE TABLE more ();")
    notes.write(3, "CREATE TABLE city ();", scope="shared")
    notes.write(4, REQUIRE)
    done = deploy_all(notes.settings, rules=Rules(patterns=("b",)))
    assert done.tenants == {"b": [before]}
