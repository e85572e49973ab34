import threading

import pytest

from berceau.errors import MigrationError, MigrationFileError, StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.own_tables import LEDGER
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.deploy_lock import POLL_SECONDS, deploy_lock

NAME = "20260101000000_first"


def tables(connection) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND "
            "relnamespace = current_schema()::regnamespace"
        )
        return {row[0] for row in cursor.fetchall()} - {LEDGER}


def test_a_script_and_its_line_in_the_ledger_come_together(connection, apply) -> None:
    migration = Migration(NAME, "CREATE TABLE a (); CREATE TABLE b ();")
    apply(connection, migration)
    (applied,) = ledger.read(connection)
    assert (applied.name, applied.checksum) == (migration.name, migration.checksum)
    assert applied.applied_at.tzinfo is not None
    assert tables(connection) == {"a", "b"}


def test_a_failing_statement_is_shown_with_its_line_and_leaves_nothing(connection, apply) -> None:
    migration = Migration(NAME, "CREATE TABLE a ();\n\nSELECT nothing\nFROM nowhere;")
    with pytest.raises(StatementError, match='"nowhere" does not exist') as caught:
        apply(connection, migration)
    assert caught.value.where.line == 4
    assert tables(connection) == set()
    (line,) = ledger.read(connection)
    assert line.left_nothing


def test_the_connection_goes_on_after_a_failure(connection, apply) -> None:
    with pytest.raises(StatementError):
        apply(connection, Migration(NAME, "SELECT 1/0"))
    apply(connection, Migration(NAME, "CREATE TABLE a ()"))
    assert tables(connection) == {"a"}


def test_a_percent_sign_is_only_a_percent_sign(connection) -> None:
    runner.replay(connection, [Migration(NAME, "SELECT '100%', '%s %(name)s'")])


def test_without_a_ledger_nothing_is_applied(connection) -> None:
    assert ledger.read(connection) == ()


def test_only_the_owner_writes_in_the_ledger(running) -> None:
    with connect(running.owner_url, autocommit=True) as owner:
        ledger.ensure(owner)
    with connect(running.runtime_url) as runtime, runtime.cursor() as cursor:
        assert ledger.read(runtime) == ()
        with pytest.raises(Exception, match="permission denied"):
            cursor.execute(f"DELETE FROM {LEDGER}")
        runtime.rollback()


def test_one_deploy_at_a_time(running) -> None:
    with connect(running.owner_url) as first, connect(running.owner_url) as second:
        with deploy_lock(first, "public"):
            with (
                pytest.raises(MigrationError, match=r"Another deploy .* berceau_owner"),
                deploy_lock(second, "public", patience=0),
            ):
                pytest.fail("got a lock that is held")
            with deploy_lock(second, "another schema"):
                pass
        with deploy_lock(second, "public"):
            pass


def test_a_deploy_waits_for_its_turn_and_says_for_whom(running) -> None:
    entered, heard = threading.Event(), []

    def deploy() -> None:
        with (
            connect(running.owner_url) as connection,
            deploy_lock(connection, "public", report=heard.append),
        ):
            entered.set()

    with connect(running.owner_url) as first:
        with deploy_lock(first, "public"):
            waiting = threading.Thread(target=deploy)
            waiting.start()
            assert not entered.wait(3 * POLL_SECONDS)
        waiting.join()
    assert entered.is_set()
    assert len(heard) == 1
    assert "berceau_owner" in heard[0]


SLIPS = {
    "at runtime": ("CREATE TABLE a ();\n\nSELECT 1/0;\n", "division by zero", 3),
    "at its end": (
        "CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a INITIALLY DEFERRED);\n"
        "INSERT INTO a VALUES (1, 2);\n",
        "violates foreign key constraint",
        2,
    ),
    "a commit": ("CREATE TABLE a ();\nCOMMIT;\n", "COMMIT without a BEGIN", 2),
    "a rollback": ("CREATE TABLE a ();\n\nrollback;\n", "ROLLBACK can't be", 3),
    "the ledger": ("DROP TABLE berceau_migration;\n", "berceau_migration", 1),
}


@pytest.mark.parametrize(("sql", "says", "line"), SLIPS.values(), ids=SLIPS)
def test_whatever_a_script_does_nothing_of_a_failed_one_is_kept(
    connection, apply, sql, says, line
) -> None:
    with pytest.raises(MigrationError, match=says) as caught:
        apply(connection, Migration(NAME, sql))
    assert caught.value.where.line == line
    assert tables(connection) == set()
    assert all(line.left_nothing for line in ledger.read(connection))


def test_a_quote_that_never_ends_is_shown_with_file_and_line(connection) -> None:
    with pytest.raises(MigrationFileError) as caught:
        runner.replay(connection, [Migration(NAME, "SELECT 1;\nSELECT 'a\n")])
    assert str(caught.value.where) == f"migrations/{NAME}/migration.sql:2"


def test_a_script_without_statements_is_applied(connection, apply) -> None:
    apply(connection, Migration(NAME, "-- nothing to do\n"))
    assert len(ledger.read(connection)) == 1


def test_rows_may_be_copied_in(connection, apply) -> None:
    sql = "CREATE TABLE a (b text, c int);\nCOPY a FROM STDIN;\nx\t1\n%s\t2\n\\.\n"
    apply(connection, Migration(NAME, sql))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM a ORDER BY c")
        assert cursor.fetchall() == [("x", 1), ("%s", 2)]


STRAYING = {
    "a path": "SELECT set_config('search_path', '{other}', false);\nINSERT INTO kept VALUES (1);",
    "rows": "INSERT INTO {other}.kept VALUES (1);",
    "a table": "CREATE TABLE {other}.strayed ();",
    "a column": "ALTER TABLE {other}.kept ADD b int;",
    "an index": "CREATE INDEX ON {other}.kept (a);",
    "a drop": "DROP TABLE {other}.kept;",
    "an index beside": "CREATE INDEX CONCURRENTLY i ON {other}.kept (a);",
    "a block": "DO $$ BEGIN DELETE FROM {other}.kept; END $$;",
}


@pytest.mark.parametrize("sql", STRAYING.values(), ids=STRAYING)
@pytest.mark.parametrize("deed", ["apply", "replay"])
def test_a_script_never_leaves_its_schema(running, connection, apply, sql, deed) -> None:
    with scratch(running.owner_url) as elsewhere, elsewhere.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)")
        cursor.execute("SELECT current_schema()")
        migration = Migration(NAME, sql.format(other=cursor.fetchone()[0]))
        with pytest.raises(StatementError, match=r"search_path|which is outside of its schema"):
            apply(connection, migration) if deed == "apply" else runner.replay(
                connection, [migration]
            )
        cursor.execute("TABLE kept")
        assert cursor.fetchall() == [(7,)]
        assert tables(elsewhere) == {"kept"}


def test_a_script_does_not_name_its_schema(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE a (b int); SELECT current_schema()")
        schema = cursor.fetchone()[0]
    for name in (schema, f'"{schema}"'):
        migration = Migration(NAME, f"SELECT 1;\nINSERT INTO {name}.a VALUES (1);")
        with pytest.raises(StatementError, match=f"it names the schema {schema}") as caught:
            runner.replay(connection, [migration])
        assert caught.value.where.line == 2


def test_a_script_may_use_other_schemas_and_temporary_tables(running, connection) -> None:
    with scratch(running.owner_url) as elsewhere, elsewhere.cursor() as cursor:
        cursor.execute("CREATE TABLE other (a int PRIMARY KEY); SELECT current_schema()")
        other = cursor.fetchone()[0]
        sql = (
            f"CREATE TABLE a (b int REFERENCES {other}.other);\n"
            f"INSERT INTO a SELECT * FROM {other}.other;\n"
            "CREATE TEMPORARY TABLE t (a int);\nINSERT INTO t VALUES (1);\nDROP TABLE t;\n"
        )
        runner.replay(connection, [Migration(NAME, sql), Migration(NAME, "DROP TABLE a;")])
