"""A new tenant, in whose schema the statements of a migration are run at once."""

import pytest

from berceau.errors import MigrationError, StatementError
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.inspect.schemas import schema_exists
from berceau.postgres.runner.together import STATEMENTS
from berceau.postgres.tenants import registry
from berceau.tenancy import Tenant, tenant_schema
from berceau.workflows.tenants.create import create
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.tenants.rules import Rules
from tests.workflows.tenants.conftest import Shop

LEDGER = "SELECT to_jsonb(m) - 'applied_at' - 'started_at' FROM berceau_migration m ORDER BY name"
COLUMNS = """
SELECT attrelid::regclass::text, attname, attnum, format_type(atttypid, atttypmod)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = current_schema()::regnamespace ORDER BY 1, 3
"""
RIGHTS = """
SELECT relname, relacl::text FROM pg_class
WHERE relnamespace = current_schema()::regnamespace
UNION ALL SELECT '', nspacl::text FROM pg_namespace WHERE nspname = current_schema() ORDER BY 1
"""
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


def test_one_that_only_defines_things_is_made_in_one_transaction(shop: Shop) -> None:
    last = [shop.write(n, f"CREATE TABLE note{n} (id integer);") for n in (1, 2)][-1]
    deploy_all(shop.settings)
    said: list[str] = []
    made = create(shop.settings, "a", said.append)
    assert (made.state, made.version) == ("ready", last)
    assert shop.tenants() == (made,)
    assert said == ["applying 20260101000001_step", "applying 20260101000002_step"]
    writers = """
        SELECT DISTINCT xmin::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
        UNION SELECT xmin::text FROM berceau_migration UNION SELECT xmin::text FROM berceau_tenant
    """
    assert len(shop.rows(writers)) == 1


def test_whether_it_is_made_at_once_or_in_steps_makes_no_difference(shop: Shop) -> None:
    shop.write(1, "CREATE TYPE state AS ENUM ('a');\nCREATE TABLE note (s state DEFAULT 'a');")
    shop.write(2, "ALTER TYPE state ADD VALUE 'b';")
    shop.write(3, "-- only a comment")
    shop.write(4, "ALTER TABLE note ADD id serial PRIMARY KEY;\nCREATE INDEX ON note (s);")
    deploy_all(shop.settings)
    schema = tenant_schema("b", shop.databases.migration_url.schema)
    with connect(shop.databases.migration_url) as connection:
        registry.add(connection, Tenant("b", schema, "creating"))
    at_once: list[str] = []
    in_steps: list[str] = []
    create(shop.settings, "a", at_once.append)
    create(shop.settings, "b", in_steps.append)
    assert at_once == in_steps != []
    a, b = shop.tenants()
    assert (a.version, a.state) == (b.version, b.state)
    for sql in (LEDGER, COLUMNS, RIGHTS):
        assert shop.run(a, sql) == shop.run(b, sql) != []


def test_a_long_history_is_run_in_parts(shop: Shop) -> None:
    for n in range(5):
        shop.write(n + 1, "\n".join(f"CREATE TABLE t{n}_{m} ();" for m in range(STATEMENTS // 2)))
    shop.add("a")
    assert shop.rows("SELECT count(DISTINCT xmin::text), count(*) FROM berceau_migration") == [
        (3, 5)
    ]
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    assert shop.rows(tables) == [(5 * (STATEMENTS // 2) + 1,)]


def test_one_that_is_killed_before_the_end_leaves_nothing(shop: Shop) -> None:
    shop.write(1, "CREATE TABLE country (id integer PRIMARY KEY);", scope="shared")
    shop.write(2, "CREATE TABLE note (id integer REFERENCES country);")
    deploy_all(shop.settings)
    url = shop.databases.migration_url
    schema = tenant_schema("a", url.schema)
    waiting = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    with connect(url) as holder, connect(url, autocommit=True) as other:
        execute(holder, "LOCK TABLE country")
        process = shop.start("tenant.create", "a")
        while not (found := fetch(other, waiting, (holder.info.backend_pid,))):
            assert process.poll() is None
        process.kill()
        process.wait()
        for (pid,) in found:
            execute(other, "SELECT pg_terminate_backend(%s, 10000)", (pid,))
        assert shop.tenants() == ()
        assert not schema_exists(other, schema)
    shop.add("a")
    assert shop.rows("SELECT FROM note") == []


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
