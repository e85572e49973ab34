"""Which lock a statement of a file takes, and that it is the one the planner tells, too."""

import pytest
from hypothesis import given, settings

from berceau.errors import MigrationError
from berceau.migration.migration import Migration
from berceau.migration.splitter import split
from berceau.migration.statement_locks import lock_of, steps
from berceau.migration.statement_words import words
from berceau.schema.planning import steps_between
from berceau.schema.sql import to_statements
from berceau.schema.statement import Hazard, Lock
from tests.conftest import examples
from tests.schema.test_diff_properties import schemas


def lock(sql: str) -> tuple[Lock, str]:
    (statement,) = split(sql)
    return lock_of(words(statement))


@pytest.mark.parametrize(
    ("sql", "expected", "table"),
    [
        ("ALTER TABLE post ADD COLUMN note text", Lock.ACCESS_EXCLUSIVE, "post"),
        ('ALTER TABLE ONLY "Post" DROP COLUMN x', Lock.ACCESS_EXCLUSIVE, "Post"),
        ("ALTER TABLE a.post VALIDATE CONSTRAINT c", Lock.SHARE_UPDATE_EXCLUSIVE, "post"),
        (
            "ALTER TABLE post ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (id)",
            Lock.SHARE_ROW_EXCLUSIVE,
            "post",
        ),
        ("ALTER TABLE post DISABLE TRIGGER t", Lock.SHARE_ROW_EXCLUSIVE, "post"),
        ("CREATE INDEX i ON post (a)", Lock.SHARE, "post"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON post (a)", Lock.SHARE_UPDATE_EXCLUSIVE, "post"),
        ("DROP INDEX CONCURRENTLY i", Lock.SHARE_UPDATE_EXCLUSIVE, ""),
        ("DROP INDEX i", Lock.ACCESS_EXCLUSIVE, ""),
        ("DROP TABLE IF EXISTS post", Lock.ACCESS_EXCLUSIVE, "post"),
        ("TRUNCATE post", Lock.ACCESS_EXCLUSIVE, "post"),
        ("UPDATE post SET a = 1", Lock.ROW_EXCLUSIVE, "post"),
        ("CREATE TABLE b (a int REFERENCES post)", Lock.SHARE_ROW_EXCLUSIVE, "post"),
        ("SELECT setval('a', max(id)) FROM post", Lock.ACCESS_SHARE, "post"),
        ("COMMENT ON TABLE post IS 'update post'", Lock.NONE, ""),
        ("CREATE TYPE t AS ENUM ('alter table post')", Lock.NONE, ""),
    ],
)
def test_a_statement_takes_its_strongest_lock(sql, expected, table) -> None:
    assert lock(sql) == (expected, table)


def test_a_new_table_is_locked_for_nobody_and_hazards_stand_above() -> None:
    sql = (
        "-- Migration 20260101000000_a\n\nCREATE TABLE tag (id int);\n"
        "CREATE INDEX t ON tag (id);\n\n-- loses data\nALTER TABLE post DROP COLUMN a;\n"
    )
    create, index, drop = steps(Migration("20260101000000_a", sql))
    assert (create.lock, index.lock, index.table) == (Lock.NONE, Lock.NONE, "")
    assert (drop.lock, drop.table, drop.line) == (Lock.ACCESS_EXCLUSIVE, "post", 7)
    assert drop.hazards == (Hazard.DATA_LOSS,)


@settings(max_examples=examples(60))
@given(schemas(), schemas())
def test_the_planner_tells_the_same_locks(before, after) -> None:
    there = {table.name for table in before.tables}
    try:
        planned = to_statements(steps_between(before, after))
    except MigrationError:
        return
    for statement in planned:
        found, table = lock(str(statement))
        if statement.lock is not Lock.NONE:
            assert found == statement.lock, (str(statement), found, statement.lock)
        elif table in there:
            assert found is Lock.NONE, (str(statement), found)
