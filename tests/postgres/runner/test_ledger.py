"""The ledger, also one that the first version made, and what resuming rests on it."""

from typing import Any

import pytest

from berceau.errors import HistoryError, PermissionMissingError, StatementError
from berceau.migration.history import Direction, State
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import fetch
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.lock_retry import RetryPolicy

NAME = "20260101000000_first"
FIRST_VERSION = """
CREATE TABLE berceau_migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    script text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO berceau_migration VALUES ('20250101000000_old', 'abc', 'SELECT 1;');
"""
HALF = "CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b ();\n{}\n"


def run(connection, sql) -> list[tuple[Any, ...]] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_a_schema_that_is_missing_is_named(database) -> None:
    with (
        connect(database.migration_url.with_schema("nowhere")) as connection,
        pytest.raises(
            PermissionMissingError, match='can\'t use the schema "nowhere" in the database'
        ),
    ):
        ledger.read(connection)


def test_a_tenant_without_a_schema_has_no_ledger_of_others(database) -> None:
    with (
        connect(database.migration_url.of_tenant("tenant_nowhere")) as connection,
        pytest.raises(PermissionMissingError, match="tenant_nowhere"),
    ):
        ledger.read(connection)


def test_a_ledger_of_the_first_version_is_read_and_brought_up_to_date(connection, apply) -> None:
    run(connection, FIRST_VERSION)
    (before,) = ledger.read(connection)
    assert (before.name, before.state, before.sql) == (
        "20250101000000_old",
        "applied",
        "SELECT 1;",
    )
    apply(connection, Migration(NAME, "CREATE TABLE a ()"))
    old, new = ledger.read(connection)
    assert old == before
    assert (new.state, new.position, new.total) == (State.APPLIED, 1, 1)
    ledger.ensure(connection)
    assert ledger.read(connection) == (old, new)


def test_a_ledger_of_any_version_has_the_same_form_in_the_end(connection) -> None:
    form = """
        SELECT attname, atttypid::regtype::text, attnotnull, pg_get_expr(adbin, adrelid),
               (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname)
                FROM pg_constraint WHERE conrelid = attrelid)
        FROM pg_attribute LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
        WHERE attrelid = 'berceau_migration'::regclass AND attnum > 0 ORDER BY attnum
    """
    run(connection, FIRST_VERSION)
    ledger.ensure(connection)
    upgraded = run(connection, form)
    run(connection, "DROP TABLE berceau_migration")
    ledger.ensure(connection)
    assert run(connection, form) == upgraded


def test_a_ledger_that_others_may_write_is_protected_again(connection, running) -> None:
    ledger.ensure(connection)
    user = running.runtime_url.user
    run(connection, f'GRANT INSERT ON berceau_migration TO "{user}"')
    ledger.ensure(connection)
    may = "SELECT has_table_privilege(%s, 'berceau_migration', 'INSERT')"
    assert fetch(connection, may, (user,)) == [(False,)]


def test_a_ledger_without_batches_is_brought_up_to_date(connection, apply) -> None:
    apply(connection, Migration(NAME, "CREATE TABLE a ()"))
    run(connection, "ALTER TABLE berceau_migration DROP COLUMN batches")
    (before,) = ledger.read(connection)
    assert (before.state, before.batches) == (State.APPLIED, None)
    apply(connection, Migration("20260101000001_second", "CREATE TABLE b ()"))
    assert ledger.read(connection)[0] == before
    assert run(connection, "SELECT batches FROM berceau_migration") == [(None,), (None,)]


def test_batches_of_a_later_version_are_read(connection, apply) -> None:
    apply(connection, Migration(NAME, "CREATE TABLE a ()"))
    run(
        connection,
        """
        UPDATE berceau_migration SET state = 'failed', position = 0, batches =
        '{"number": 1, "checksum": "a", "key": ["id"], "after": ["7"], "rows": 7, "new": 1}'
        """,
    )
    (line,) = ledger.read(connection)
    assert (line.batches.after, line.batches.rows, line.left_nothing) == (("7",), 7, False)


def test_a_failure_is_remembered_with_its_place_and_resumed_behind_what_is_done(
    connection, apply
) -> None:
    with pytest.raises(StatementError) as caught:
        apply(connection, Migration(NAME, HALF.format("SELECT 1/0;")))
    assert "failed at statement 4 of 4: division by zero" in caught.value.message
    assert caught.value.where.line == 4
    assert "Statements 1 to 2 are done; of statements 3 to 4" in caught.value.cure
    (line,) = ledger.read(connection)
    assert str(line) == (f"failed {NAME} at statement 4 of 4, migration.sql:4: division by zero")
    assert (line.position, line.total, line.failed_at) == (2, 4, 4)
    apply(connection, Migration(NAME, HALF.format("CREATE TABLE c ();")))
    (line,) = ledger.read(connection)
    assert (line.state, line.position, line.error) == (State.APPLIED, 4, None)
    assert run(connection, "SELECT to_regclass('b'), to_regclass('c')") == [("b", "c")]


def test_what_is_done_may_not_be_changed_before_the_rest_is(connection, apply) -> None:
    with pytest.raises(StatementError):
        apply(connection, Migration(NAME, HALF.format("SELECT 1/0;")))
    corrected = Migration(NAME, HALF.format("SELECT 1;").replace("VACUUM a", "VACUUM FULL a"))
    with pytest.raises(HistoryError, match="statement that took effect was changed") as caught:
        apply(connection, corrected)
    assert caught.value.where.line == 2
    assert "VACUUM a" in caught.value.message
    apply(connection, Migration(NAME, "-- a note\n\n" + HALF.format("SELECT 1;")))


def test_only_a_person_can_tell_whether_an_interrupted_procedure_took_effect(
    connection, apply
) -> None:
    migration = Migration(NAME, "CREATE TABLE a ();\nCALL p();\nCREATE TABLE b ();")
    book = Ledger(connection)
    book.ensure()
    book.start(migration, Direction.UP, 1, begun=True)  # as a killed deploy leaves it
    with pytest.raises(HistoryError, match="whether that took effect") as caught:
        apply(connection, migration)
    assert "--done 2`, else `--done 1`" in caught.value.cure
    book.start(migration, Direction.UP, 2)
    apply(connection, migration)
    assert run(connection, "SELECT to_regclass('b')") == [("b",)]


def test_settings_neither_hide_the_ledger_nor_leak_into_the_next_script(connection, apply) -> None:
    path = run(connection, "SHOW search_path")
    with pytest.raises(StatementError):
        apply(connection, Migration(NAME, "SET timezone = 'Asia/Tokyo';VACUUM;SELECT 1/0"))
    checked = "SELECT 1 / (current_setting('timezone') = 'Asia/Tokyo')::int"
    apply(connection, Migration(NAME, f"SET timezone = 'Asia/Tokyo';VACUUM;{checked}"))
    apply(connection, Migration("20260101000001_b", "SET search_path = pg_catalog; VACUUM;"))
    assert run(connection, "SHOW search_path") == path
    assert run(connection, "SELECT current_user = session_user, current_setting('timezone')") == [
        (True, "UTC")
    ]
    assert [line.state for line in ledger.read(connection)] == ["applied", "applied"]


@pytest.mark.slow
def test_a_lock_that_is_held_is_waited_for_in_short_tries(running, connection, apply) -> None:
    run(connection, "CREATE TABLE t (a int)")
    schema = Ledger(connection).schema
    heard = []
    patience = RetryPolicy(lock_seconds=0.8, tries=2, first_pause=0.01)
    migration = Migration(NAME, "ALTER TABLE t ADD b int")
    with connect(running.owner_url, schema=schema) as other:
        run(other, "LOCK TABLE t")
        with pytest.raises(StatementError, match=r"lock timeout \(held by berceau_owner \(process"):
            apply(connection, migration, report=heard.append, patience=patience)
    assert any("waits for berceau_owner" in line for line in heard)
    assert sum("retrying" in line for line in heard) == 1
    apply(connection, migration, patience=patience)


def test_a_lost_deploy_lock_keeps_a_transaction_from_taking_effect(connection, apply) -> None:
    with pytest.raises(HistoryError, match="deploy lock was lost"):
        apply(connection, Migration(NAME, "CREATE TABLE a (); SELECT pg_advisory_unlock_all()"))
    assert run(connection, "SELECT to_regclass('a')") == [(None,)]


DATA = """
def migrate(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT a FROM t")
        cursor.executemany("INSERT INTO t VALUES (%s)", [(a * 2,) for (a,) in cursor.fetchall()])
    connection.commit()  # is the migration's to do
"""


def test_python_runs_behind_the_sql_in_a_transaction_of_its_own(connection, apply) -> None:
    sql = "CREATE TABLE t (a int); INSERT INTO t VALUES (21);"
    broken = Migration(NAME, sql, data=DATA + "    raise ValueError('no')\n")
    with pytest.raises(StatementError, match="statement 3 of 3: ValueError: no") as caught:
        apply(connection, broken)
    assert str(caught.value.where) == f"migrations/{NAME}/data.py:7"
    assert run(connection, "TABLE t") == [(21,)]
    migration = Migration(NAME, sql, data=DATA)
    assert migration.checksum not in (broken.checksum, Migration(NAME, sql).checksum)
    apply(connection, migration)
    assert run(connection, "TABLE t") == [(21,), (42,)]
    run(connection, "DROP TABLE t")
    runner.replay(connection, [migration])
    assert run(connection, "TABLE t") == [(21,), (42,)]


def test_python_that_ends_its_transaction_is_found_out(connection, apply) -> None:
    data = "def migrate(connection):\n    connection.cursor().execute('COMMIT')\n"
    with pytest.raises(StatementError, match="ended the transaction"):
        apply(connection, Migration(NAME, "SELECT 1;", data=data))


def test_undoing_takes_the_line_away(connection, apply) -> None:
    migration = Migration(NAME, "CREATE TABLE a ();", "VACUUM a;\nDROP TABLE a;\nSELECT 1/0;")
    apply(connection, migration)
    schema = Ledger(connection).schema
    with deploy_lock(connection, schema):
        with pytest.raises(StatementError, match="could not be undone: it failed at statement 3"):
            runner.undo(connection, migration)
        (line,) = ledger.read(connection)
        assert (line.direction, line.position, line.is_whole) == (Direction.DOWN, 1, False)
        runner.undo(connection, Migration(NAME, migration.sql, "VACUUM a;\nDROP TABLE a;"))
    assert ledger.read(connection) == ()
    assert run(connection, "SELECT to_regclass('a')") == [(None,)]


def test_concurrently_is_rehearsed_though_somebody_holds_a_snapshot(running, connection) -> None:
    with connect(running.owner_url) as other:
        run(other, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        sql = "CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY i ON t (a); VACUUM; SELECT 1"
        runner.replay(connection, [Migration(NAME, sql)])
    assert run(connection, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [
        (True,)
    ]
