"""Migrations that are run together: which ones can be, and that all or nothing is kept."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import psycopg2
import pytest

from berceau.errors import HistoryError, MigrationError, StatementError
from berceau.migration.history import Revision
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect, transaction
from berceau.postgres.core.fetch import execute, fetch, fetch_value
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import ledger
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.together import (
    STATEMENTS,
    attempt,
    fit_together,
    parts,
    run_together,
)

DEFINITIONS = {
    "nothing": "-- to do",
    "a table": "CREATE TABLE a (id integer GENERATED ALWAYS AS IDENTITY);\nCREATE INDEX ON a (id);",
    "a generated column": "CREATE TABLE a (b int, c int GENERATED ALWAYS AS (b * 2) STORED);",
    "a view": "CREATE VIEW v AS SELECT 1 AS one;",
    "a function": "CREATE FUNCTION f() RETURNS integer RETURN 1;",
    "a label": "CREATE TYPE e AS ENUM ('a');\nALTER TYPE e RENAME VALUE 'a' TO 'b';",
    "rights": "CREATE TABLE a ();\nGRANT SELECT ON a TO CURRENT_USER;\nCOMMENT ON TABLE a IS 'a';",
}
OTHERS = {
    "rows": "CREATE TABLE a (b integer);\nINSERT INTO a VALUES (1);",
    "rows by a query": "CREATE TABLE a (b) AS (SELECT 1);",
    "rows by a view": "CREATE MATERIALIZED VIEW a AS SELECT 1 AS b;",
    "rows of a file": "CREATE TABLE a (b integer);\nCOPY a FROM stdin;\n1\n\\.\n",
    "a setting": "SET LOCAL timezone = 'Asia/Tokyo';\nCREATE TABLE a ();",
    "a block": "DO $$ BEGIN END $$;",
    "a temporary table": "CREATE TEMPORARY TABLE a ();",
    "a temporary view": "CREATE OR REPLACE TEMP VIEW a AS SELECT 1 AS b;",
    "no transaction": "CREATE TABLE a (b integer);\nCREATE INDEX CONCURRENTLY i ON a (b);",
    "two transactions": "BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();",
    "a kind of transaction": "BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE a ();\nCOMMIT;",
}
DATA = "def migrate(connection): ...\n"


def named(*texts: str) -> tuple[Migration, ...]:
    """Return migrations with these texts."""
    return tuple(Migration(f"{20260101000000 + n}_m", text) for n, text in enumerate(texts))


@pytest.mark.parametrize("sql", DEFINITIONS.values(), ids=DEFINITIONS)
def test_what_only_defines_things_fits(sql) -> None:
    assert fit_together(named(sql, "CREATE TABLE z ();", sql))


@pytest.mark.parametrize("sql", OTHERS.values(), ids=OTHERS)
def test_what_may_depend_on_the_end_of_a_transaction_does_not(sql) -> None:
    assert not fit_together(named(sql))
    assert not fit_together(named("CREATE TABLE z ();", sql))


def test_python_does_not_fit() -> None:
    assert not fit_together([Migration("20260101000000_m", "", data=DATA)])


def test_parts_are_as_long_as_they_can_be() -> None:
    one, half, all_ = ("CREATE TABLE a ();" * n for n in (1, STATEMENTS // 2, STATEMENTS))
    long, rows = one + all_, OTHERS["rows"]
    texts = (one, half, half, one, rows, one, one, rows, long, one, all_, "")
    found = [*parts(named(*texts))]
    assert [len(part) for part in found] == [2, 2, 1, 2, 1, 1, 1, 2]
    assert [each for part in found for each in part] == [*named(*texts)]
    assert [fit_together(part) for part in found] == [True, True, False, True, False, *[True] * 3]
    assert [*parts(())] == []


def test_they_leave_what_each_leaves_alone(running, connection, apply) -> None:
    migrations = named(*DEFINITIONS.values())
    migrations = tuple(
        replace(each, sql=each.sql.replace("TABLE a", f"TABLE a{n}").replace("ON a", f"ON a{n}"))
        for n, each in zip(count(), migrations)
    )
    with scratch(running.owner_url) as other:
        for each in migrations:
            apply(other, each)
        names = [each.name for each in migrations]
        assert together(connection, migrations) == tuple(names)
        assert [*map(timeless, ledger.read(connection))] == [*map(timeless, ledger.read(other))]
        assert tables(connection) == tables(other)
    assert all(each.applied_at and each.started_at for each in ledger.read(connection))


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("ALTER TABLE nothing ADD b integer;", psycopg2.errors.UndefinedTable),
        ("CREATE TABLE {own}.c ();", StatementError),
        ("ALTER TABLE {other}.kept ADD b integer;", MigrationError),
        ("DROP TABLE {other}.kept;", MigrationError),
    ],
    ids=["refused", "its schema named", "another schema changed", "another schema's table gone"],
)
def test_where_one_fails_nothing_is_kept(running, connection, sql, error) -> None:
    ledger.ensure(connection)
    with scratch(running.owner_url) as other:
        execute(other, "CREATE TABLE kept (a integer)")
        own, elsewhere = (
            fetch_value(each, "SELECT current_schema()") for each in (connection, other)
        )
        migrations = named("CREATE TABLE a ();", sql.format(own=own, other=elsewhere))
        with deploy_lock(connection, own), pytest.raises(error):
            raised(lambda: run_together(Ledger(connection), migrations), connection)
        assert together(connection, migrations) is None
        assert fetch(other, "SELECT * FROM kept") == []
    assert tables(connection) == ["berceau_migration"]
    assert ledger.read(connection) == ()


def test_without_the_deploy_lock_nothing_is_kept(connection) -> None:
    ledger.ensure(connection)
    migrations = named("CREATE TABLE a ();")
    with pytest.raises(HistoryError, match="lock was lost"):
        raised(lambda: run_together(Ledger(connection), migrations), connection)
    assert tables(connection) == ["berceau_migration"]


def test_they_find_set_what_migrations_do_and_the_session_stays_as_it_was(connection) -> None:
    ledger.ensure(connection)
    execute(connection, "SET timezone = 'Asia/Tokyo'")
    date = "CREATE TABLE a (b timestamptz DEFAULT '2026-01-01 00:00');"
    assert together(connection, named(date))
    assert fetch_value(connection, "SHOW timezone") == "Asia/Tokyo"
    assert fetch_value(connection, "SHOW lock_timeout") == "0"
    execute(connection, "SET timezone = 'UTC'")
    found = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'a'::regclass"
    assert "2026-01-01 00:00:00+00" in fetch_value(connection, found)


def test_all_of_it_belongs_to_the_role_that_a_login_takes(admin, connection) -> None:
    """Such a role is set for a login: ``ALTER ROLE deployer SET role = 'owner'``."""
    schema = fetch_value(connection, "SELECT current_schema()")
    execute(
        admin,
        f"""
        CREATE ROLE together_owner; GRANT together_owner TO "{connection.info.user}";
        GRANT ALL ON SCHEMA {schema} TO together_owner
    """,
    )
    try:
        execute(connection, "SET ROLE together_owner")
        assert together(connection, named("CREATE TABLE a ();", "CREATE TABLE b ();"))
        owners = "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = current_schema()"
        assert {*fetch(connection, owners)} == {
            (name, "together_owner") for name in ("berceau_migration", "a", "b")
        }
        assert fetch_value(connection, "SELECT current_user") == "together_owner"
    finally:
        execute(connection, "RESET ROLE")
        execute(admin, "DROP OWNED BY together_owner CASCADE; DROP ROLE together_owner")


def test_statements_wait_a_little_for_a_lock(running, connection) -> None:
    execute(connection, "SET lock_timeout = '50ms'")  # as a URL may; the default is seconds
    schema = fetch_value(connection, "SELECT current_schema()")
    with scratch(running.owner_url) as other:
        execute(other, "CREATE TABLE kept (a integer PRIMARY KEY)")
        elsewhere = fetch_value(other, "SELECT current_schema()")
        refers = f"CREATE TABLE a (b integer REFERENCES {elsewhere}.kept);"
        with connect(running.owner_url) as holder:
            execute(holder, f"LOCK TABLE {elsewhere}.kept")
            assert together(connection, named(refers)) is None
        assert together(connection, named(refers))
        execute(connection, f"DROP TABLE {schema}.a")


def together(connection, migrations: Sequence[Migration]) -> tuple[str, ...] | None:
    """Run the migrations as the maker of a new schema does."""
    ledger.ensure(connection)
    book = Ledger(connection)
    with deploy_lock(connection, book.schema):
        return attempt(connection, lambda: run_together(book, migrations))


def raised(work: Callable[[], object], connection) -> None:
    """Do the work in a transaction, and let through what it raises."""
    with transaction(connection):
        work()


def timeless(line: Revision) -> Revision:
    return replace(line, applied_at=None, started_at=None)


def tables(connection) -> list[str]:
    found = """
        SELECT relname FROM pg_class
        WHERE relkind IN ('r', 'v') AND relnamespace = current_schema()::regnamespace ORDER BY 1
    """
    return [name for (name,) in fetch(connection, found)]
