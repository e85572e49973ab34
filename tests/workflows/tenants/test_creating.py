"""A new tenant, in whose schema the statements of a migration are run at once."""

import pytest

from berceau.errors import MigrationError, StatementError
from berceau.workflows.tenants.create import create
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.rules import Rules
from tests.workflows.tenants.conftest import Shop

ROWS = """
CREATE TABLE note (id integer, text text);
COPY note (id, text) FROM stdin;
1\tone; and two
\\.
CREATE INDEX note_id_idx ON note (id);
"""


def test_the_statement_that_fails_is_named_and_the_next_run_goes_on(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE note (id integer);\nCREATE TABLE kept ();")
    name = shop.write(2, "CREATE TABLE more ();\n\nALTER TABLE nothing ADD a integer;\n")
    shop.add()
    with pytest.raises(StatementError, match=r'at statement 2 of 2: relation "nothing"') as error:
        create(shop.settings, "a")
    assert error.value.where is not None
    assert error.value.where.line == 3
    file = shop.root / "migrations" / "tenant" / name / "migration.sql"
    file.write_text("CREATE TABLE more ();\nALTER TABLE note ADD a integer;\n")
    assert create(shop.settings, "a").version == name
    assert shop.rows("SELECT a FROM note, more, kept") == []


def test_rows_are_copied_between_statements(shop: Shop) -> None:
    shop.write(1, ROWS)
    shop.add("a")
    assert shop.rows("SELECT * FROM note") == [(1, "one; and two")]


def test_one_that_was_stopped_and_the_shared_tables_never_wait_for_each_other(shop: Shop) -> None:
    """The tables of a half-made tenant need what a later release takes away."""
    shop.write(1, "CREATE TABLE country (id integer PRIMARY KEY);", scope="shared")
    shop.write(2, "CREATE TABLE note (id integer REFERENCES country);")
    bad = shop.write(3, "ALTER TABLE nothing ADD a integer;")
    deploy_all(shop.settings)
    with pytest.raises(StatementError):
        create(shop.settings, "a")
    (shop.root / "migrations" / "tenant" / bad / "migration.sql").write_text(
        "ALTER TABLE note DROP CONSTRAINT note_id_fkey;"
    )
    gone = shop.write(4, "DROP TABLE country;", scope="shared")
    last = shop.write(5, "CREATE TABLE last ();")
    with pytest.raises(StatementError, match="country") as stopped:
        deploy_all(shop.settings)
    assert "Run `invoke tenant.create a` and then this command again." in str(stopped.value)
    with pytest.raises(MigrationError, match=f"{gone} is pending") as early:
        create(shop.settings, "a")
    assert "Run `invoke migrate.deploy`, and the command again." in str(early.value)
    assert [each.state for each in shop.tenants()] == ["creating"]
    assert deploy_all(shop.settings).shared == [gone]
    assert create(shop.settings, "a").version == last
    assert shop.rows("SELECT id FROM note, last") == []


def test_one_is_made_while_the_shared_tables_wait_for_old_processes(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE country (id integer PRIMARY KEY, old integer);", scope="shared")
    newest = shop.write(2, "CREATE TABLE note (id integer REFERENCES country);")
    shop.add("a")
    shop.write(3, "-- Phase: contract\nALTER TABLE country DROP old;", scope="shared")
    shop.write(4, "CREATE TABLE late ();")
    deploy_all(shop.settings)
    assert create(shop.settings, "b").version == newest
    assert {(each.state, each.version) for each in shop.tenants()} == {("ready", newest)}
    deploy_all(shop.settings, rules=Rules(contract=True, allow_downtime=True))
    assert shop.rows("SELECT FROM late") == []


def test_nothing_waits_for_the_disk_before_the_last_step(shop: Shop) -> None:
    for number in (1, 2):
        found = f"SELECT current_setting('synchronous_commit') AS found{number}"
        shop.write(number, f"CREATE TABLE kept{number} AS {found};")
    shop.add("a")
    assert shop.rows("SELECT found1, found2 FROM kept1, kept2") == [("off", "off")]
