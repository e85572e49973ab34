"""An UPDATE in batches lets others write, and finds what they wrote meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from berceau.errors import StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.runner import ledger
from berceau.postgres.runner.lock_retry import RetryPolicy
from berceau.postgres.runner.row_ranges import KeyRanges
from tests.postgres.runner.batches import COLUMNS, DOUBLED, FILL, NAME, doubled


@contextmanager
def beside(running, sql: str) -> Iterator[Connection]:
    """Let another session run ``sql`` in a transaction that lasts as long as the body, at most."""
    with connect(running.owner_url) as other:
        execute(other, sql)
        yield other


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_row_that_is_locked_holds_up_no_other_writer_for_long(running, connection, apply) -> None:
    """A batch that waits for a row lets go of the others, and tries again."""
    schema = fetch(connection, "SELECT current_schema()")[0][0]
    execute(connection, f"CREATE TABLE t (id int PRIMARY KEY, {COLUMNS})")
    execute(connection, "INSERT INTO t SELECT n, n FROM generate_series(1, 100) n")
    heard: list[str] = []
    policy = RetryPolicy(first_pause=0.1, tries=20)
    with beside(running, f"UPDATE {schema}.t SET old = old WHERE id = 42") as other:

        def report(line: str) -> None:
            heard.append(line)
            if "lock timeout" in line and "retrying in" in line:
                other.rollback()

        apply(connection, Migration(NAME, FILL.format(0, "t")), report=report, patience=policy)
        assert other.info.transaction_status == TRANSACTION_STATUS_IDLE, heard
    assert doubled(connection) == DOUBLED


@pytest.mark.slow
@pytest.mark.usefixtures("numbered", "small")
def test_a_lock_that_nobody_gives_back_stops_it_with_what_is_done(
    running, connection, apply
) -> None:
    schema = fetch(connection, "SELECT current_schema()")[0][0]
    migration = Migration(NAME, FILL.format(0, "t"))
    policy = RetryPolicy(lock_seconds=0.1, tries=2, first_pause=0.01)
    with (
        beside(running, f"SELECT FROM {schema}.t WHERE id = 42 FOR UPDATE"),
        pytest.raises(StatementError, match=r"lock timeout.*rows with id above \d\d and up to 4"),
    ):
        apply(connection, migration, patience=policy)
    (line,) = ledger.read(connection)
    assert line.batches.rows in range(35, 42)
    heard: list[str] = []
    apply(connection, migration, report=heard.append)
    assert doubled(connection) == DOUBLED


@pytest.mark.usefixtures("numbered", "small")
def test_rows_that_come_meanwhile_without_a_value_get_one(connection, apply, monkeypatch) -> None:
    """Their keys may be behind what is done: another turn, or the statement itself, finds them."""
    before = KeyRanges.end
    ends = 0

    def end(self, connection, after, size) -> tuple[str, ...] | None:
        nonlocal ends
        ends += 1
        if ends == 10:
            execute(connection, "INSERT INTO t SELECT -n, n FROM generate_series(1, 30) n")
        return before(self, connection, after, size)

    monkeypatch.setattr(KeyRanges, "end", end)
    apply(connection, Migration(NAME, FILL.format(20, "t")))
    assert doubled(connection) == [(130, 1, 1)]
