"""The comment ``-- Batches`` and the UPDATE below it, taken apart."""

from pathlib import Path

import pytest

from berceau.errors import MigrationFileError
from berceau.migration.batches import BatchedUpdate, Options
from berceau.migration.transaction_groups import Mode, cut

FILE = Path("migration.sql")


def only(sql: str) -> BatchedUpdate:
    (group,) = cut(f"-- Batches\n{sql}", FILE)
    assert (group.mode, group.batched is not None) == (Mode.BATCHES, True)
    return group.batched


UPDATES = {
    "UPDATE post SET a = 1 WHERE a IS NULL": (
        ("post", "post", "UPDATE post SET a = 1", "", "a IS NULL"),
        {"a"},
    ),
    "update only post as p set A = 1, \"B c\" = 'where', (d, e) = (SELECT x FROM z WHERE x = 1)"
    " FROM t WHERE t.id = p.id": (
        (
            "ONLY post",
            "p",
            "update only post as p set A = 1, \"B c\" = 'where', (d, e) = (SELECT x FROM z WHERE x"
            " = 1) FROM t",
            "t",
            "t.id = p.id",
        ),
        {"a", "B c", "d", "e"},
    ),
    'UPDATE "s"."Set" * "from" SET a = b IS DISTINCT FROM c, d = (e) WHERE (a) -- last\n': (
        (
            '"s"."Set"',
            '"from"',
            'UPDATE "s"."Set" * "from" SET a = b IS DISTINCT FROM c, d = (e)',
            "",
            "(a)",
        ),
        {"a", "d"},
    ),
    "UPDATE post -- its rows\n SET a = f(b, c)[1], g[2] = 3 WHERE true": (
        ("post", "post", "UPDATE post -- its rows\n SET a = f(b, c)[1], g[2] = 3", "", "true"),
        {"a", "g"},
    ),
}


@pytest.mark.parametrize(("sql", "parts", "columns"), [(k, *v) for k, v in UPDATES.items()])
def test_an_update_is_taken_apart(sql, parts, columns) -> None:
    found = only(sql)
    assert (found.target, found.name, found.head, found.others, found.condition) == parts
    assert found.columns == columns


def test_a_range_is_added_to_the_condition_as_a_whole() -> None:
    assert only("UPDATE t SET a = 1 WHERE a = 2 OR b").within("t.id > 7") == (
        "WITH berceau_batch AS (UPDATE t SET a = 1\nWHERE (a = 2 OR b\n) AND t.id > 7 "
        "RETURNING (a = 2 OR b\n) AS again) "
        "SELECT count(*), count(*) FILTER (WHERE again) FROM berceau_batch"
    )


def test_what_is_left_is_counted_with_the_tables_that_it_reads() -> None:
    found = only("UPDATE ONLY t SET a = u.b FROM u JOIN v USING (c) WHERE t.c = u.c")
    assert found.left(7) == (
        "SELECT count(*) FROM (SELECT 1 FROM ONLY t AS t, u JOIN v USING (c)\n"
        "WHERE t.c = u.c\nLIMIT 7) AS berceau_left"
    )


OPTIONS = {
    "-- Batches": Options(),
    "--batches:": Options(),
    "-- Batches: above 5 rows": Options(above=5),
    "-- Batches:  Above 1 row ,target 250 ms, pause 0.25,lag 60 s": Options(1, 0.25, 0.25, 60),
}


@pytest.mark.parametrize(("comment", "options"), OPTIONS.items())
def test_the_comment_has_options(comment, options) -> None:
    above = f"-- breaks the running release\n{comment}\r\n-- why\n\n"
    sql = f"CREATE TABLE a ();\n{above}UPDATE t SET a = 1 WHERE a > 1;"
    first, second = cut(sql, FILE)
    assert (first.mode, second.mode) == (Mode.TRANSACTION, Mode.BATCHES)
    assert second.batched.options == options
    assert second.first == 2


WRONG = {
    "SELECT 1;\n-- Batches\nSELECT 2": (3, "is no UPDATE of one table"),
    "-- Batches\nUPDATE t SET a = 1": (2, "is no UPDATE of one table that has a WHERE"),
    "-- Batches\nWITH x AS (SELECT 1) UPDATE t SET a = 1 WHERE a > 1": (2, "is no UPDATE"),
    "-- Batches\nDELETE FROM t WHERE a > 1": (2, "is no UPDATE"),
    "-- Batches\nUPDATE t SET a = 1 WHERE a > 1 RETURNING a": (2, "has RETURNING"),
    "-- Batches\nUPDATE t SET a = 1 WHERE CURRENT OF c": (2, "names a cursor"),
    "-- Batches\nUPDATE ONLY (t) SET a = 1 WHERE a > 1": (2, "is no UPDATE of one table"),
    "-- Batches: faster\nUPDATE t SET a = 1 WHERE a > 1": (1, "can't be told 'faster'"),
    "-- Batches: pause 1, pause 2\nUPDATE t SET a = 1 WHERE a > 1": (1, "can't be told 'pause 2'"),
    "-- Batches: target 0 ms\nUPDATE t SET a = 1 WHERE a > 1": (1, "can't take 0 ms"),
    "-- Batches\n-- Batches\nUPDATE t SET a = 1 WHERE a > 1": (2, "is there twice"),
    "SELECT 1;\n\n-- Batches\n": (3, "No statement follows"),
    "UPDATE t\n-- Batches\nSET a = 1 WHERE a > 1": (2, "is inside of a statement"),
    "BEGIN;\n-- Batches\nUPDATE t SET a = 1 WHERE a > 1;\nCOMMIT": (3, "between BEGIN and COMMIT"),
}


@pytest.mark.parametrize(("sql", "line", "message"), [(k, *v) for k, v in WRONG.items()])
def test_what_cannot_run_in_batches_is_refused_with_its_line(sql, line, message) -> None:
    with pytest.raises(MigrationFileError, match=message) as caught:
        cut(sql, FILE)
    assert caught.value.where.line == line
    assert caught.value.cure


def test_a_marker_in_data_or_in_a_text_is_none() -> None:
    sql = "COPY t FROM STDIN;\n-- Batches\n\\.\nSELECT '\n-- Batches\n';"
    (group,) = cut(sql, FILE)
    assert group.mode is Mode.TRANSACTION
