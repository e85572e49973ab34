from typing import Any

import pytest

from berceau.migration.splitter import split
from berceau.postgres.runner.concurrent_ddl import (
    IndexBuilt,
    IndexGone,
    Repeatable,
    Trace,
    effect_of,
)


def parse(text) -> Any:
    (statement,) = split(text)
    return effect_of(statement)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", IndexBuilt("i", "t")),
        (
            'CREATE UNIQUE INDEX /* now */ CONCURRENTLY IF NOT EXISTS "My i" ON ONLY s."T" (a)',
            IndexBuilt('"My i"', 's."T"'),
        ),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.i", IndexGone("s.i")),
        ("VACUUM t", Repeatable()),
        ("REINDEX TABLE CONCURRENTLY t", Repeatable()),
        ("CALL p()", None),
        ("DO $$ BEGIN COMMIT; END $$", None),
    ],
)  # fmt: skip
def test_what_a_statement_leaves_is_known_from_its_words(text, expected) -> None:
    assert parse(text) == expected


def test_an_index_is_looked_up_as_the_server_reads_its_name(connection) -> None:
    effect = parse('CREATE INDEX CONCURRENTLY Mixed ON "T" (a)')
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE "T" (a int); CREATE TABLE other (mixed int)')
        assert effect.look(connection) is Trace.NOTHING
        cursor.execute("CREATE INDEX Mixed ON other (mixed)")
        assert effect.look(connection) is Trace.NOTHING, "of another table"
        cursor.execute('DROP INDEX mixed; CREATE INDEX Mixed ON "T" (a)')
        assert effect.look(connection) is Trace.DONE


def test_an_invalid_index_is_cleared_away(connection) -> None:
    effect = parse('CREATE UNIQUE INDEX CONCURRENTLY "I x" ON t (a)')
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
        with pytest.raises(Exception, match="could not create unique index"):
            cursor.execute('CREATE UNIQUE INDEX CONCURRENTLY "I x" ON t (a)')
    assert effect.look(connection) is Trace.BROKEN
    effect.clear(connection)
    assert effect.look(connection) is Trace.NOTHING


def test_a_dropped_index_is_gone(connection) -> None:
    effect = parse("DROP INDEX CONCURRENTLY i")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a int); CREATE INDEX i ON t (a)")
        assert effect.look(connection) is Trace.NOTHING
        cursor.execute("DROP INDEX i")
    assert effect.look(connection) is Trace.DONE
