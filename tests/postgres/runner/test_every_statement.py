"""Faults at literally every statement that the runner sends, those to the ledger included."""

from typing import Any, Never

import psycopg2
import pytest
from psycopg2 import extensions

from berceau.errors import BerceauError
from berceau.migration.history import Direction, groups_of
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.core.url import Url
from berceau.postgres.embedded.postmaster import wait_until
from berceau.postgres.inspect import catalog
from berceau.postgres.inspect.scratch import scratch
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.lock_retry import RetryPolicy
from berceau.postgres.runner.row_ranges import KeyRanges
from berceau.schema.model import Schema

pytestmark = pytest.mark.slow

NAME = "20260101000000_mixed"
UP = """
CREATE TYPE mood AS ENUM ('good');
CREATE TABLE t (a int, m mood);
INSERT INTO t VALUES (1, 'good');
ALTER TYPE mood ADD VALUE 'bad';
INSERT INTO t VALUES (2, 'bad');
SET statement_timeout = '1min';
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);
BEGIN ISOLATION LEVEL REPEATABLE READ;
COPY t FROM stdin;
3\tgood
\\.
UPDATE t SET m = 'bad' WHERE a = 1;
COMMIT;
CREATE INDEX CONCURRENTLY t_m ON t (m);
DROP INDEX CONCURRENTLY t_m;
INSERT INTO t VALUES (4);
"""
DATA = """
def migrate(connection):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE t SET a = a + 10")
        cursor.execute("INSERT INTO t VALUES (100)")
"""
DOWN = """
DELETE FROM t WHERE a = 100;
DROP INDEX CONCURRENTLY t_a;
BEGIN;
UPDATE t SET a = a - 10;
COMMIT;
CREATE INDEX CONCURRENTLY back ON t (a);
DROP TABLE t;
DROP TYPE mood;
"""
SCRIPT = Migration(NAME, UP, DOWN, DATA)
FILL = Migration(
    NAME,
    """
    SELECT 1;
    -- Batches: above 0 rows, pause 0
    UPDATE t SET hits = hits + 1, new = id WHERE {};
    ALTER TABLE t ALTER new SET NOT NULL;
    """,
)
FILLED = [(9, 1, 1, 45)]
PATIENCE = RetryPolicy(tries=1)


class Fault(BaseException):
    """The process is gone: nothing of it runs any more."""


class Cursor(extensions.cursor):
    """Counts what is sent; breaks after the one that is meant."""

    def execute(self, query, values=None) -> None:
        self.connection.strike(lambda: super(Cursor, self).execute(query, values))

    def copy_expert(self, *arguments, **options) -> None:
        self.connection.strike(lambda: super(Cursor, self).copy_expert(*arguments, **options))


class Fragile(extensions.connection):
    """A connection that is cut off, or whose process is gone, after so many statements."""

    left = None
    sent = 0

    def strike(self, send) -> None:
        if self.left is not None and self.sent > self.left:
            raise Fault
        send()
        self.sent += 1
        if self.left is not None and self.sent > self.left:
            self.break_down()


class Terminated(Fragile):
    """The server's process ends; the runner is left to say so."""

    def break_down(self) -> None:
        self.left = None
        with self.witness.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (self.info.backend_pid,))


class Killed(Fragile):
    """The runner's process ends: the server only sees that its connection is closed."""

    def break_down(self) -> Never:
        extensions.connection.close(self)
        raise Fault


State = tuple[Schema, list[tuple[Any, ...]]]
"""The shape of a schema and its rows."""


def state(connection) -> State:
    """Return what the schema holds: its shape and its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('t')")
        rows = []
        if cursor.fetchall()[0][0] is not None:
            cursor.execute("SELECT a, m::text FROM t ORDER BY 1")
            rows = cursor.fetchall()
    schema = catalog.read(connection)
    return schema, rows


def states(url, direction) -> dict[int, State]:
    """Return what the schema holds after each of the statements, where none is interrupted."""
    groups = groups_of(SCRIPT, direction)
    found = {}
    with scratch(url) as connection:
        if direction is Direction.DOWN:
            runner.replay(connection, [SCRIPT])
        found[0] = state(connection)
        for group in groups:
            text = "".join(
                f"{statement.text};\n" + (f"{statement.data}\\.\n" if statement.data else "")
                for statement in group.statements
            )
            is_python = group is groups[-1] and direction is Direction.UP
            step = Migration(NAME, "", data=DATA) if is_python else Migration(NAME, text)
            runner.replay(connection, [step])
            found[group.last] = state(connection)
    return found


@pytest.fixture
def url(running) -> Url:
    return running.owner_url


def deploy(connection, schema, direction, script=SCRIPT) -> None:
    run = runner.apply if direction is Direction.UP else runner.undo
    with deploy_lock(connection, schema):
        run(connection, script, patience=PATIENCE)


def interrupt(url, schema, kind, direction, number, script=SCRIPT) -> bool:
    """Run the migration until statement ``number``; return whether that was one."""
    with connect(url, autocommit=True) as witness:
        dsn = url.dsn(schema)
        connection = psycopg2.connect(connection_factory=kind, **dsn)
        connection.autocommit = True
        connection.cursor_factory = Cursor
        connection.witness = witness
        pid = connection.info.backend_pid
        connection.left = number
        try:
            deploy(connection, schema, direction, script)
        except (BerceauError, psycopg2.Error, Fault):
            pass
        else:
            return False
        finally:
            connection.close()

        def gone() -> bool:
            with witness.cursor() as cursor:
                cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,))
                return cursor.rowcount == 0

        assert wait_until(gone, 20)
        return True


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("kind", [Terminated, Killed])
def test_the_ledger_knows_what_is_done_and_one_command_goes_on(url, kind, direction) -> None:
    expected = states(url, direction)
    last = max(expected)
    reached = set()
    for number in range(1000):
        with scratch(url) as look:
            schema = _schema(look)
            ledger.ensure(look)
            if direction is Direction.DOWN:
                deploy(look, schema, Direction.UP)
            if not interrupt(url, schema, kind, direction, number):
                break
            line = ledger.Ledger(look).find(NAME)
            position = _position(line, direction, last)
            reached.add(position)
            after = next((key for key in expected if key > position), position)
            possible = [expected[position]]
            if line is not None and line.begun:
                possible.append(expected[after])
            assert _valid(state(look)) in [_valid(each) for each in possible], (number, str(line))
            if position < last:
                deploy(look, schema, direction)
            assert state(look) == expected[last], number
            line = ledger.Ledger(look).find(NAME)
            assert (line is not None and line.is_whole) is (direction is Direction.UP)
    assert reached == expected.keys()
    assert number > 3 * len(expected)


@pytest.mark.parametrize(("kind", "where"), [(Terminated, "new IS NULL"), (Killed, "id > 0")])
def test_an_update_in_batches_goes_on_where_the_ledger_says(url, kind, where, monkeypatch) -> None:
    """Also where the condition holds for rows that were updated: the key tells what is done."""
    monkeypatch.setattr(KeyRanges, "first", 5)
    monkeypatch.setattr(KeyRanges, "largest", 5)
    script = Migration(NAME, FILL.sql.format(where))
    for number in range(1000):
        with scratch(url) as look:
            ledger.ensure(look)
            execute(look, "CREATE TABLE t (id int PRIMARY KEY, hits int DEFAULT 0, new int)")
            execute(look, "INSERT INTO t (id) SELECT generate_series(1, 9)")
            if not interrupt(url, _schema(look), kind, Direction.UP, number, script):
                break
            line = ledger.Ledger(look).find(NAME)
            batches = line.batches if line else None
            done = batches.changed if batches else 9 if line and line.position > 1 else 0
            hits = fetch(look, "SELECT count(new), sum(hits) FROM t")
            assert hits == [(done, done)], (number, str(line))
            if not (line and line.is_whole):
                deploy(look, _schema(look), Direction.UP, script)
            assert fetch(look, "SELECT count(*), min(hits), max(hits), sum(new) FROM t") == FILLED
    assert number > 20


def _position(line, direction, last) -> int:
    if line is None:
        return 0 if direction is Direction.UP else last
    if line.is_whole:
        return last if direction is Direction.UP else 0
    assert line.direction is direction
    return line.position


def _schema(connection) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchall()[0][0]


def _valid(found) -> tuple[Any, ...]:
    """Leave out indexes that an interruption left INVALID: they are known, and built again."""
    schema, rows = found
    tables = [
        (table.name, table.columns, [index for index in table.indexes if index.valid])
        for table in schema.tables
    ]
    return schema.enums, tables, rows
