"""An UPDATE in batches does what the UPDATE alone does, whatever stops it on its way."""

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from berceau.errors import HistoryError, StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.fetch import execute, fetch
from berceau.postgres.runner import ledger, progress, runner
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.row_ranges import KeyRanges
from tests.conftest import examples
from tests.postgres.runner.batches import COLUMNS, DOUBLED, FILL, NAME, doubled, transactions

# The table, how it is named in the UPDATE, and the SQL that fills it.
TABLES = {
    "a number": ("t (id int PRIMARY KEY, {})", "t", "t (id, old) SELECT n, n FROM {}"),
    "two columns": (
        "t (a text, b date, {}, PRIMARY KEY (b, a))",
        "t",
        "t (a, b, old) SELECT n % 7, date '2020-01-01' + n / 7, n FROM {}",
    ),
    "a uuid": (
        "t (id uuid PRIMARY KEY, {})",
        "t",
        "t (id, old) SELECT md5(n::text)::uuid, n FROM {}",
    ),
    "texts with quotes": (
        "t (id text PRIMARY KEY, {})",
        "t",
        "t (id, old) SELECT repeat(chr(92) || chr(39), n % 9) || '%s' || n, n FROM {}",
    ),
    "times": (
        "t (at timestamptz PRIMARY KEY, {})",
        "t",
        "t (at, old) SELECT now() + n * interval '1 us', n FROM {}",
    ),
    "floats": (
        "t (id float8 PRIMARY KEY, {})",
        "t",
        "t (id, old) SELECT CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE 1 / n::float END,"
        " n FROM {}",
    ),
    "odd names": (
        '"Se%s lect" ("a""b" int PRIMARY KEY, {})',
        '"Se%s lect" AS "x y"',
        '"Se%s lect" ("a""b", old) SELECT n, n FROM {}',
    ),
    "a unique constraint": (
        "t (id int NOT NULL UNIQUE, {})",
        "t AS u",
        "t (id, old) SELECT n, n FROM {}",
    ),
    "no key": ("t (id int, {})", "t", "t (id, old) SELECT n, n FROM {}"),
    "no key, and an alias": ("t ({})", "t * u", "t (old) SELECT n FROM {}"),
    "partitions": (
        "t (id int PRIMARY KEY, {}) PARTITION BY HASH (id);"
        "CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "t",
        "t (id, old) SELECT n, n FROM {}",
    ),
}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.usefixtures("small")
def test_each_row_is_updated_once_in_ranges_of_any_key(connection, apply, key) -> None:
    definition, name, rows = TABLES[key]
    heard: list[str] = []
    count = 2000 if "no key" in key else 100
    execute(connection, f"CREATE TABLE {definition.format(COLUMNS)}")
    execute(connection, f"INSERT INTO {rows.format(f'generate_series(1, {count}) AS n')}")
    apply(connection, Migration(NAME, FILL.format(20, name)), report=heard.append)
    table = name.split(" AS ")[0].split(" *")[0]
    assert doubled(connection, table) == [(count, 1, 1)]
    ((batches,),) = fetch(connection, f"SELECT count(DISTINCT xmin::text) FROM {table}")
    assert batches >= 8
    assert heard == []
    (line,) = ledger.read(connection)
    assert (str(line), line.batches) == (f"applied {NAME}", None)


@pytest.mark.usefixtures("numbered", "small")
def test_a_small_table_is_updated_at_once(connection, apply) -> None:
    apply(connection, Migration(NAME, FILL.format(100, "t")))
    assert (doubled(connection), transactions(connection)) == (DOUBLED, 1)


@pytest.mark.usefixtures("numbered", "small")
def test_an_empty_table_and_one_that_is_done_need_nothing(connection, apply) -> None:
    execute(connection, "UPDATE t SET new = old * 2, hits = 1")
    apply(connection, Migration(NAME, FILL.format(20, "t")))
    assert doubled(connection) == DOUBLED
    execute(connection, "TRUNCATE t")
    apply(connection, Migration("20260101000001_b", FILL.format(0, "t")))


@pytest.mark.usefixtures("numbered", "small")
def test_a_where_that_stays_true_updates_each_row_once(connection, apply) -> None:
    sql = "-- Batches: above 0 rows, pause 0\nUPDATE t SET hits = hits + 1 WHERE old > 0;"
    apply(connection, Migration(NAME, sql))
    assert fetch(connection, "SELECT min(hits), max(hits) FROM t") == [(1, 1)]
    assert transactions(connection) > 10
    execute(connection, "ALTER TABLE t DROP CONSTRAINT t_pkey")
    heard: list[str] = []
    apply(connection, Migration("20260101000001_b", sql), report=heard.append)
    assert fetch(connection, "SELECT min(hits), max(hits) FROM t") == [(2, 2)]
    assert heard == [
        "20260101000001_b, statement 1 updates the rest at once: rows without a key can't be told "
        "from those that are done"
    ]


@pytest.mark.usefixtures("numbered", "small")
def test_other_tables_may_be_read(connection, apply) -> None:
    execute(connection, "CREATE TABLE o AS SELECT id, id * 2 AS twice FROM t WHERE id % 2 = 0")
    apply(
        connection,
        Migration(
            NAME,
            "-- Batches: above 0 rows, pause 0\n"
            "UPDATE t AS x -- a note\n SET new = o.twice, hits = x.hits + 1 -- another\n"
            "FROM o WHERE o.id = x.id AND x.new IS NULL OR false;",
        ),
    )
    assert fetch(connection, "SELECT count(*), max(hits) FROM t WHERE new = old * 2") == [(50, 1)]
    assert fetch(connection, "SELECT count(*) FROM t WHERE new IS NULL") == [(50,)]


AT_ONCE = {
    "it is no table": "ALTER TABLE t RENAME TO s; CREATE VIEW t AS SELECT * FROM s",
    "a rule rewrites the UPDATE of it": "CREATE TABLE l (a int);"
    "CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO l VALUES (1)",
    "other tables inherit from it": "CREATE TABLE c () INHERITS (t)",
    "it has partitions, and no key that stays as it is": "DROP TABLE t;"
    f"CREATE TABLE t (id int, {COLUMNS}) PARTITION BY LIST (id);"
    "CREATE TABLE t0 PARTITION OF t DEFAULT;"
    "INSERT INTO t SELECT n, n FROM generate_series(1, 100) n",
}


@pytest.mark.parametrize(("reason", "sql"), AT_ONCE.items(), ids=AT_ONCE)
@pytest.mark.usefixtures("numbered", "small")
def test_what_has_no_ranges_is_updated_at_once_and_said(connection, apply, reason, sql) -> None:
    execute(connection, sql)
    heard: list[str] = []
    migration = Migration(NAME, FILL.format(20, "t"))
    apply(connection, migration, report=heard.append)
    assert doubled(connection) == DOUBLED
    (said,) = heard
    assert said.startswith(f"{NAME}, statement 1 updates all of t at once (about ")
    assert said.endswith(f" rows), since {reason}")


def test_a_table_that_is_missing_is_named_as_for_any_statement(connection, apply) -> None:
    with pytest.raises(StatementError, match='relation "t" does not exist') as caught:
        apply(connection, Migration(NAME, FILL.format(0, "t")))
    assert caught.value.where.line == 2


@pytest.mark.usefixtures("numbered", "small")
def test_a_key_that_the_update_changes_makes_no_ranges(connection, apply) -> None:
    """Each row would come to a range that is still to be done."""
    sql = "UPDATE t SET (hits, id) = (SELECT hits + 1, id + 1000) WHERE id < 9999;"
    apply(connection, Migration(NAME, f"-- Batches: above 0 rows, pause 0\n{sql}"))
    assert fetch(connection, "SELECT min(hits), max(hits), min(id) FROM t") == [(1, 1, 1001)]


@pytest.mark.usefixtures("numbered", "small")
def test_triggers_see_each_row_once(connection, apply) -> None:
    execute(
        connection,
        """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.hits := NEW.hits + 10; RETURN NEW; END $$;
        CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
        """,
    )
    apply(connection, Migration(NAME, FILL.format(20, "t")))
    assert doubled(connection) == [(100, 11, 11)]


@pytest.mark.usefixtures("numbered", "small")
def test_rows_that_a_policy_hides_stay_as_they_are(connection, apply) -> None:
    execute(
        connection,
        "CREATE POLICY even ON t USING (id % 2 = 0); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE t FORCE ROW LEVEL SECURITY",
    )
    apply(connection, Migration(NAME, FILL.format(20, "t")))
    execute(connection, "ALTER TABLE t NO FORCE ROW LEVEL SECURITY")
    assert fetch(connection, "SELECT count(*), sum(id % 2) FROM t WHERE hits = 1") == [(50, 0)]
    assert fetch(connection, "SELECT count(*) FROM t WHERE new IS NULL") == [(50,)]


@pytest.mark.usefixtures("numbered", "small")
def test_a_long_one_says_how_far_it_came(connection, apply, monkeypatch) -> None:
    execute(connection, "ANALYZE t")
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0)
    monkeypatch.setattr(progress, "NEXT_SECONDS", 0)
    heard: list[str] = []
    apply(connection, Migration(NAME, FILL.format(20, "t")), report=heard.append)
    first, second, *_, last = heard
    assert first == f"{NAME}, statement 1: 7 of about 100 rows"
    assert re.fullmatch(rf"{NAME}, statement 1: 14 of about 100 rows, about \d s left", second)
    assert re.fullmatch(rf"{NAME}, statement 1: 100 rows were updated in \d s", last)


@pytest.mark.usefixtures("numbered", "small")
def test_a_row_that_fails_is_named_and_all_before_it_stay_done(connection, apply) -> None:
    execute(connection, "UPDATE t SET old = 0 WHERE id = 42")
    sql = FILL.replace("old * 2", "2 * old / (old / old)").format(20, "t")
    with pytest.raises(StatementError, match="division by zero") as caught:
        apply(connection, Migration(NAME, f"CREATE TABLE before ();\n{sql}"))
    assert "division by zero (rows with id above 41 and up to 42)" in caught.value.message
    assert "Statement 1 is done; of statement 2 (in batches) 41 of about " in caught.value.cure
    assert caught.value.where.line == 3
    (line,) = ledger.read(connection)
    assert (line.position, line.batches.after, line.batches.rows) == (1, ("41",), 41)
    assert "(done: 41 of about " in str(line)
    assert fetch(connection, "SELECT count(*), max(id) FROM t WHERE hits = 1") == [(41, 41)]
    corrected = sql.replace("(old / old)", "coalesce(old / nullif(old, 0), 1)")
    apply(connection, Migration(NAME, f"CREATE TABLE before ();\n{corrected}"))
    assert doubled(connection) == DOUBLED


@pytest.mark.usefixtures("numbered", "small")
def test_a_first_statement_of_which_batches_are_done_left_something(connection, apply) -> None:
    execute(connection, "UPDATE t SET old = 0 WHERE id = 42")
    sql = FILL.replace("old * 2", "2 * old / (old / old)").format(20, "t")
    with pytest.raises(StatementError) as caught:
        apply(connection, Migration(NAME, sql))
    assert "Nothing of it was kept" not in caught.value.cure
    (line,) = ledger.read(connection)
    assert not line.left_nothing


@pytest.mark.usefixtures("numbered", "small")
def test_rows_that_were_updated_are_not_updated_again_by_a_changed_statement(
    connection, apply
) -> None:
    sql = "-- Batches: above 0 rows, pause 0\nUPDATE t SET hits = hits + 1 WHERE id > 0"
    execute(connection, "ALTER TABLE t ADD CHECK (id <> 42 OR hits = 0)")
    with pytest.raises(StatementError):
        apply(connection, Migration(NAME, sql))
    with pytest.raises(HistoryError, match="still finds rows that were updated") as caught:
        apply(connection, Migration(NAME, sql + " AND id <> 42"))
    assert caught.value.where.line == 2
    assert f"`invoke migrate.resolve {NAME} --done 0`" in caught.value.cure
    execute(connection, "DELETE FROM t WHERE id = 42")
    apply(connection, Migration(NAME, sql))
    assert fetch(connection, "SELECT count(*), min(hits), max(hits) FROM t") == [(99, 1, 1)]


@pytest.mark.usefixtures("numbered")
def test_a_dry_run_updates_all_rows(connection) -> None:
    runner.replay(connection, [Migration(NAME, FILL.format(20, "t"))])
    assert doubled(connection) == DOUBLED


@pytest.mark.usefixtures("numbered", "small")
def test_undoing_runs_in_batches_too(connection, apply) -> None:
    up, down = "SELECT 1;", FILL.format(20, "t")
    apply(connection, Migration(NAME, up, down))
    with deploy_lock(connection, ledger.Ledger(connection).schema):
        runner.undo(connection, Migration(NAME, up, down))
    assert doubled(connection) == DOUBLED
    assert transactions(connection) > 10
    assert ledger.read(connection) == ()


KEYS = {
    "int": st.integers(-50, 50),
    "text": st.text("aB%'\\\\ é", max_size=3),
    "numeric": st.decimals(-9, 9, allow_nan=False, places=2),
}
CONDITIONS = ("new IS NULL", "new IS NULL AND old > 3", "old > 5 OR new IS NULL", "true")


@pytest.mark.slow
@hypothesis.settings(max_examples=examples(15), suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(data=st.data())
def test_any_update_does_what_it_does_at_once(connection, apply, data) -> None:
    types = data.draw(st.lists(st.sampled_from([*KEYS]), min_size=1, max_size=3))
    keys = data.draw(st.lists(st.tuples(*(KEYS[each] for each in types)), unique=True, max_size=40))
    olds = data.draw(st.lists(st.integers(0, 9), min_size=len(keys), max_size=len(keys)))
    condition = data.draw(st.sampled_from(CONDITIONS))
    names = [f"k{number}" for number in range(len(types))]
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(names, types, strict=True))
    key = f"PRIMARY KEY ({', '.join(data.draw(st.permutations(names)))})"
    execute(connection, f"DROP TABLE IF EXISTS t, u; CREATE TABLE t ({columns}, {COLUMNS}, {key})")
    insert = f"INSERT INTO t ({', '.join(names)}, old) VALUES (%s{', %s' * len(types)})"
    for values, old in zip(keys, olds, strict=True):
        execute(connection, insert, (*values, old))
    execute(connection, "CREATE TABLE u AS SELECT * FROM t")
    update = "UPDATE {} SET new = nullif(old, 4), hits = hits + 1 WHERE {};"
    execute(connection, update.format("u", condition))
    size = data.draw(st.integers(1, 12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyRanges, "first", size)
        patch.setattr(KeyRanges, "largest", size)
        sql = f"-- Batches: above 0 rows, pause 0\n{update.format('t', condition)}"
        ledger.ensure(connection)
        ledger.clear(connection)
        apply(connection, Migration(NAME, sql))
    assert fetch(connection, "TABLE t EXCEPT ALL TABLE u") == []
    assert fetch(connection, "SELECT count(*) FROM t") == [(len(keys),)]
