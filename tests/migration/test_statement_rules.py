"""Rules for SQL by hand: each finds what it is about, however it is written, and nothing else."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from berceau.migration.lint import findings
from berceau.migration.migration import Migration
from berceau.migration.statement_lint import remarks
from berceau.migration.statement_rules import DYNAMIC_SQL, LONG_UNDER_LOCK, RULES

NAME = "20260101000000_by_hand"
FOUND = {
    "CLUSTER": "cluster",
    "CLUSTER (VERBOSE) post USING post_pkey": "cluster",
    "CLUSTER VERBOSE post": "cluster",
    "VACUUM FULL": "vacuum-full",
    "VACUUM FULL VERBOSE post": "vacuum-full",
    "VACUUM (ANALYZE, FULL) post": "vacuum-full",
    "ALTER TABLE post SET UNLOGGED": "set-storage-of-table",
    "ALTER TABLE IF EXISTS ONLY post ADD a int, SET LOGGED": "set-storage-of-table",
    'ALTER TABLE public."post" SET TABLESPACE fast': "set-storage-of-table",
    "ALTER TABLE post SET ACCESS METHOD other": "set-storage-of-table",
    "ALTER INDEX i SET TABLESPACE fast": "set-tablespace",
    "REFRESH MATERIALIZED VIEW totals": "refresh-without-concurrently",
    "LOCK post": "lock-table",
    "LOCK TABLE ONLY post IN SHARE MODE NOWAIT": "lock-table",
    "ALTER TABLE log ATTACH PARTITION log_2026 FOR VALUES FROM (1) TO (2)": (
        "attach-partition-without-check"
    ),
    "CREATE TABLE copy AS SELECT * FROM post": "create-table-as",
    "CREATE UNLOGGED TABLE IF NOT EXISTS copy (a, b) AS TABLE post": "create-table-as",
    "CREATE TABLE copy AS WITH a AS (SELECT 1) SELECT * FROM post": "create-table-as",
    "CREATE TABLE copy WITH (fillfactor = 70) AS (SELECT * FROM post)": "create-table-as",
    "SELECT id, title INTO copy FROM post": "create-table-as",
    "INSERT INTO copy SELECT * FROM post": "insert-whole-table",
    "INSERT INTO copy (a, b) SELECT a, b FROM public.post ORDER BY a": "insert-whole-table",
    "INSERT INTO copy OVERRIDING SYSTEM VALUE TABLE post": "insert-whole-table",
    "WITH a AS (SELECT 1 WHERE true) INSERT INTO copy SELECT * FROM post": "insert-whole-table",
    "ALTER TABLE post ADD COLUMN n bigserial": "add-serial",
    "ALTER TABLE post ADD IF NOT EXISTS n serial4 UNIQUE": "add-serial",
    "ALTER TABLE post ALTER COLUMN total SET EXPRESSION AS (a + 2)": "set-expression",
    "ALTER TABLE post ADD CONSTRAINT k PRIMARY KEY USING INDEX i": (
        "primary-key-of-nullable-columns"
    ),
    "ALTER TABLE post ADD FOREIGN KEY (author) REFERENCES person": "foreign-key-without-index",
    "ALTER TABLE post ADD author int REFERENCES person": "foreign-key-without-index",
    "UPDATE post SET title = ''": "update-without-where",
    "UPDATE ONLY post AS p SET title = (SELECT a FROM b WHERE c)": "update-without-where",
    "WITH a AS (SELECT 1 FROM b WHERE c) UPDATE post SET title = ''": "update-without-where",
    "WITH a AS (UPDATE post SET n = 1 RETURNING id) SELECT 1 FROM a WHERE id = 1": (
        "update-without-where"
    ),
    "DELETE FROM post": "delete-without-where",
    "DELETE FROM post USING reply": "delete-without-where",
    "MERGE INTO post USING old ON post.id = old.id WHEN MATCHED THEN DELETE": "merge-deletes",
    "TRUNCATE post": "truncate",
    "TRUNCATE TABLE post, reply CASCADE": "truncate",
    "SELECT 1 FROM post WHERE id NOT IN (SELECT post FROM reply)": "not-in-subquery",
    "ALTER TABLE post DISABLE TRIGGER ALL": "disable-trigger",
    "SET session_replication_role = replica": "session-replication-role",
    "SET LOCAL session_replication_role TO 'replica'": "session-replication-role",
    "SELECT pg_catalog.set_config('session_replication_role', 'replica', true)": (
        "session-replication-role"
    ),
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON post (a)": "concurrently-if-not-exists",
    "ALTER TABLE post ADD COLUMN meta json": "prefer-jsonb",
    "ALTER TABLE post ALTER meta SET DATA TYPE json": "prefer-jsonb",
    "CREATE TABLE other (id int PRIMARY KEY, meta json NOT NULL)": "prefer-jsonb",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$SELECT 1$$": (
        "security-definer-without-search-path"
    ),
    "ALTER FUNCTION f() SECURITY DEFINER": "security-definer-without-search-path",
    "GRANT SELECT ON post TO reader, PUBLIC": "grant-to-public",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC": "grant-to-public",
    "REVOKE UPDATE ON post FROM app": "revoke",
    "REVOKE ALL PRIVILEGES ON TABLE s.post FROM reader, app CASCADE": "revoke",
    "REVOKE EXECUTE ON FUNCTION f(int) FROM app": "revoke",
    "ALTER TABLE post ENABLE ROW LEVEL SECURITY": "row-level-security",
    "ALTER TABLE post NO FORCE ROW LEVEL SECURITY": "row-level-security",
    "CREATE OR REPLACE RULE r AS ON INSERT TO post DO INSTEAD NOTHING": "rewrite-rule",
    "DROP OWNED BY somebody": "drop-owned",
    "SELECT create_reference_table('post')": "move-table-with-citus",
    "SELECT f(x) FROM (SELECT undistribute_table('post')) AS x": "move-table-with-citus",
    "DO $$ BEGIN EXECUTE 'DROP TABLE post'; END $$": "dynamic-sql",
    "ALTER TABLE post ADD n int; UPDATE post SET n = 1 WHERE n IS NULL": "long-under-lock",
    "TRUNCATE old; CREATE INDEX i ON post (a)": "truncate long-under-lock",
    "ALTER TABLE post ADD n int; ALTER TABLE reply VALIDATE CONSTRAINT c": "long-under-lock",
}
NOT_FOUND = (
    "VACUUM ANALYZE post",
    'ALTER TABLE post RENAME a TO "set unlogged"',
    "COMMENT ON TABLE post IS 'x; UPDATE post SET a = 1'",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "REFRESH MATERIALIZED VIEW totals WITH NO DATA",
    "LOCK TABLE post IN ROW EXCLUSIVE MODE",
    "BEGIN; ALTER TABLE q ADD CHECK (n = 1) NOT VALID; COMMIT; "
    "ALTER TABLE q VALIDATE CONSTRAINT q_n_check; "
    "ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1)",
    "CREATE TABLE q (n int); ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1)",
    "CREATE TABLE copy AS SELECT * FROM post WITH NO DATA",
    "CREATE TEMP TABLE copy AS SELECT * FROM post",
    "CREATE TABLE copy (LIKE post INCLUDING ALL)",
    "CREATE TABLE other (at timestamp DEFAULT now(), n int CHECK (n IN (1, 2)))",
    "INSERT INTO post VALUES (1)",
    "INSERT INTO post SELECT n FROM generate_series(1, 5) AS n",
    "INSERT INTO post SELECT * FROM old WHERE id < 1000",
    "CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO b SELECT id FROM a",
    "CREATE TABLE other (id serial PRIMARY KEY)",
    'ALTER TABLE post ADD "serial" int',
    "ALTER TABLE post ALTER id SET NOT NULL; ALTER TABLE post ADD PRIMARY KEY USING INDEX i",
    "CREATE INDEX ON post (author, id); ALTER TABLE post ADD FOREIGN KEY (author) REFERENCES a",
    "ALTER TABLE post ADD UNIQUE (author); ALTER TABLE post ADD FOREIGN KEY (author) REFERENCES a",
    "UPDATE post SET title = '' WHERE title IS NULL",
    "WITH a AS (SELECT 1) UPDATE post SET title = '' FROM a WHERE true",
    "INSERT INTO post VALUES (1) ON CONFLICT (id) DO UPDATE SET title = ''",
    "SELECT 1 FROM post FOR UPDATE",
    "DELETE FROM post WHERE id = 1",
    'DELETE FROM "where" WHERE id = 1',
    "CREATE TABLE other (id int); UPDATE other SET id = 1",
    "CREATE TRIGGER t AFTER UPDATE OR DELETE ON post EXECUTE FUNCTION f()",
    "SELECT 1 FROM post WHERE id NOT IN (1, 2)",
    "ALTER TABLE post ENABLE TRIGGER USER",
    "CREATE INDEX CONCURRENTLY i ON post (a)",
    "ALTER TABLE post ADD COLUMN meta jsonb",
    "CREATE TABLE other (id int DEFAULT (json ('1') ->> 0)::int)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER "
    "SET search_path = blog, pg_temp AS 'SELECT 1'",
    "GRANT SELECT ON post TO reader",
    "GRANT SELECT ON public.post TO reader",
    "DO $$ BEGIN PERFORM 1; END $$",
    "BEGIN; ALTER TABLE post ADD n int; COMMIT; BEGIN; UPDATE post SET n = 1 WHERE true; COMMIT",
    "ALTER TABLE post VALIDATE CONSTRAINT c; UPDATE post SET n = 1 WHERE n IS NULL",
    "ALTER TABLE post ADD n int;\n-- Batches\nUPDATE post SET n = 1 WHERE n IS NULL",
    "CREATE TABLE other (n int); ALTER TABLE other ADD m int; CREATE INDEX i ON post (a)",
    "ALTER TABLE post ADD n int; CREATE TABLE other (n int); CREATE INDEX i ON other (n)",
)


def rules(sql: str) -> list[str]:
    """Return the names of the rules that find something in ``sql``."""
    return [each.rule for each in remarks(Migration(NAME, sql))]


@pytest.mark.parametrize(("sql", "expected"), FOUND.items())
def test_what_a_rule_is_about_is_found(sql, expected) -> None:
    assert rules(sql) == expected.split()


@pytest.mark.parametrize("sql", NOT_FOUND)
def test_what_harms_no_table_in_use_is_not_found(sql) -> None:
    assert rules(sql) == []


def test_each_rule_has_an_example() -> None:
    named = {rule for rules in FOUND.values() for rule in rules.split()}
    assert named == {each.name for each in (*RULES, LONG_UNDER_LOCK, DYNAMIC_SQL)}


def test_the_decision_lists_each_rule() -> None:
    page = Path(__file__).parents[2] / "docs/decisions/squawk.md"
    _, _, ours = page.read_text().partition("**Our own rules.**")
    listed = re.findall(r"^\| `([a-z-]+)` \|", ours, re.MULTILINE)
    assert listed == list(
        dict.fromkeys(each.name for each in (*RULES, LONG_UNDER_LOCK, DYNAMIC_SQL))
    )


BETWEEN = st.sampled_from(["\n", " \t", " /* a ( ' ; */ ", " -- UPDATE post; (\n"])


@given(st.sampled_from(sorted(FOUND)), st.data())
def test_it_is_found_however_it_is_written(sql, data) -> None:
    inside = re.compile(r"'[^']*'|\$\$.*?\$\$|[A-Za-z_]+|\s+|.", re.DOTALL)
    written = ""
    for token in inside.findall(sql):
        if token.isspace():
            written += data.draw(BETWEEN)
        elif token.isidentifier():
            written += data.draw(st.sampled_from([token.upper(), token.lower(), token]))
        else:
            written += token
    assert rules(written) == FOUND[sql].split()


def test_earlier_migrations_count() -> None:
    earlier = Migration("20250101000000_a", "CREATE INDEX ON post (author);")
    sql = "ALTER TABLE post ADD FOREIGN KEY (author) REFERENCES person;"
    assert list(remarks(Migration(NAME, sql), [earlier])) == []


@pytest.mark.parametrize(
    "comment",
    ["-- berceau-ignore truncate", "-- why\n-- berceau-ignore cluster, truncate", "-- loses data"],
)
def test_a_comment_says_that_it_is_meant(comment) -> None:
    migration = Migration(NAME, f"{comment}\nTRUNCATE post;\n")
    assert list(findings(migration, remarks(migration))) == []


def test_a_finding_has_its_line_and_says_how_to_go_on() -> None:
    migration = Migration(NAME, "SELECT 1;\n-- why\nUPDATE post\nSET n = 1;\n")
    (found,) = findings(migration, remarks(migration))
    assert (found.code, found.line) == ("M011", 3)
    assert found.message.endswith("(update-without-where)")
    assert "in batches" in found.cure
    assert "`-- berceau-ignore update-without-where` above this line" in found.cure
