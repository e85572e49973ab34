"""What stands aside for a new type comes back as it was, or is named before anything is dropped."""

import re

import pytest

from berceau.errors import BerceauError
from tests.conftest import cases

TASK = """
class State(enum.Enum):
    OPEN = "open"; DONE = "done"{more}
class Task(db.Entity):
    n = Optional(int)
    m = Optional(LongStr, nullable=True)
    s = Optional(str, 9)
    state = Required(State)
"""
BEFORE = TASK.format(more='; OLD = "old"')
RETYPED = BEFORE.replace("n = Optional(int)", "n = Optional(int, size=64)")
REBUILT = TASK.format(more="")

VIEW = "CREATE VIEW v AS SELECT id, n, state FROM task;"
MATERIALIZED = "CREATE MATERIALIZED VIEW v AS SELECT id, n, s, state FROM task;"
FUNCTION = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
"""
HANGING = {
    "rule": f"{VIEW} CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;"
    "COMMENT ON RULE r ON v IS 'x'",
    "default": f"{VIEW} ALTER VIEW v ALTER COLUMN state SET DEFAULT 'open'",
    "trigger": f"{VIEW} {FUNCTION} CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW "
    "EXECUTE FUNCTION f(); COMMENT ON TRIGGER t ON v IS 'x'",
    "comments": f"{VIEW} COMMENT ON VIEW v IS 'it''s'; COMMENT ON COLUMN v.n IS 'n'",
    "options": "CREATE VIEW v WITH (security_barrier, security_invoker) AS "
    "SELECT id, n, state FROM task WHERE id > 0 WITH CASCADED CHECK OPTION",
    "rights": f"{VIEW} GRANT SELECT, UPDATE ON v TO PUBLIC; GRANT INSERT (n) ON v TO PUBLIC",
    "less rights of the owner": f"{VIEW} REVOKE DELETE ON v FROM CURRENT_USER",
    "names of its own": 'CREATE VIEW v (a, "B c", "d""e") AS SELECT id, n, state FROM task',
    "views upon views": f"{VIEW} CREATE VIEW a AS SELECT v.n FROM v JOIN task USING (id);"
    "CREATE VIEW z AS SELECT n FROM a UNION SELECT n FROM v; CREATE RULE r AS ON INSERT TO v "
    "DO INSTEAD SELECT * FROM z; CREATE VIEW b AS SELECT count(*) FROM z",
    "materialized": f"{MATERIALIZED} CREATE UNIQUE INDEX i ON v (id);"
    "CREATE INDEX j ON v ((s || 'x'));"
    "COMMENT ON INDEX i IS 'x'; ALTER INDEX j ALTER COLUMN 1 SET STATISTICS 7;"
    "ALTER TABLE v CLUSTER ON i; COMMENT ON MATERIALIZED VIEW v IS 'x'",
    "materialized, with settings": "CREATE MATERIALIZED VIEW v WITH (fillfactor = 70, "
    "toast.autovacuum_enabled = false) AS SELECT id, n, s, state FROM task WITH NO DATA;"
    "ALTER MATERIALIZED VIEW v ALTER COLUMN n SET STATISTICS 9;"
    "ALTER MATERIALIZED VIEW v ALTER COLUMN n SET (n_distinct = 5);"
    "ALTER MATERIALIZED VIEW v ALTER COLUMN s SET STORAGE EXTERNAL;"
    "ALTER TABLE v REPLICA IDENTITY FULL;"
    "CREATE STATISTICS k ON id, n FROM v; COMMENT ON STATISTICS k IS 'x'",
    "materialized upon a view": f"{VIEW} CREATE MATERIALIZED VIEW w AS SELECT n, state FROM v;"
    "CREATE VIEW x AS SELECT n FROM w",
    "a rule of a table": "CREATE RULE r AS ON UPDATE TO task DO ALSO DELETE FROM task WHERE n = 9;"
    "ALTER TABLE task DISABLE RULE r; COMMENT ON RULE r ON task IS 'x'",
    "a rule of a table that uses a view": f"{VIEW} CREATE TABLE t (a int);"
    "CREATE RULE r AS ON INSERT TO t DO ALSO SELECT n FROM v; ALTER TABLE t ENABLE ALWAYS RULE r",
    "checks and indexes on labels": "ALTER TABLE task ADD CONSTRAINT c CHECK (state <> 'done') "
    "NOT VALID; COMMENT ON CONSTRAINT c ON task IS 'x'; CREATE UNIQUE INDEX i ON task (n) "
    "WHERE state = 'open';"
    "COMMENT ON INDEX i IS 'x'; CREATE INDEX j ON task ((CASE state WHEN 'open' THEN 1 END));"
    "ALTER INDEX j ALTER COLUMN 1 SET STATISTICS 7;"
    "ALTER TABLE task ADD CONSTRAINT e EXCLUDE (n WITH =) WHERE (state = 'done');"
    "COMMENT ON CONSTRAINT e ON task IS 'x'",
}
OBSTACLES = {
    "a function of its rows": (
        f"{VIEW} CREATE FUNCTION f(v) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function f(v) uses view v",
    ),
    "a function with a body that is parsed": (
        f"{VIEW} CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT n FROM v; END",
        "function f() uses view v",
    ),
    "a column of its rows": (f"{VIEW} CREATE TABLE t (a v)", "column a of table t uses view v"),
    "a policy": (
        f"{VIEW} CREATE TABLE t (a int); CREATE POLICY p ON t USING (a IN (SELECT n FROM v))",
        "policy p on table t uses view v",
    ),
}


@pytest.mark.parametrize("after", [RETYPED, REBUILT], ids=["retyped", "rebuilt"])
@cases("sql", HANGING, quick=2)
def test_all_comes_back_as_it_was(migrate, query, dumped, sql, after) -> None:
    migrate(BEFORE)
    query(f"INSERT INTO task (n, s, state) VALUES (1, 'a', 'open'); {sql}")
    before = dumped()
    migrate(after)
    intended = re.compile(r" n (integer|bigint)|'old'|'done'")
    assert [line for line in before if not intended.search(line)] == [
        line for line in dumped() if not intended.search(line)
    ]


@cases("sql, named", OBSTACLES, quick=3)
def test_what_cannot_come_back_is_named(migrate, query, dumped, sql, named) -> None:
    migrate(BEFORE)
    query(sql)
    before = dumped()
    with pytest.raises(BerceauError) as refused:
        migrate(RETYPED)
    assert named in str(refused.value)
    assert "in a migration" in str(refused.value)
    assert dumped() == before


def test_a_view_that_does_not_fit_the_new_type_is_named(migrate, query) -> None:
    migrate(BEFORE)
    query("CREATE VIEW v AS SELECT m AS y FROM task WHERE m = 'a'")
    with pytest.raises(BerceauError, match=r"can't be made again: .*integer = text"):
        migrate(BEFORE.replace("LongStr, nullable=True", "int"))
    assert query("SELECT y FROM v") == []
