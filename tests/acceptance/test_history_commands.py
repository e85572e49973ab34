"""Commands of history one after the other: each leaves what the next one can go on from."""

import pytest

from berceau.errors import HistoryError, StatementError
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import connect
from berceau.postgres.runner import ledger
from berceau.schema.model import EMPTY
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import ZERO, down
from berceau.workflows.deploy.reset import reset
from berceau.workflows.deploy.status import status
from berceau.workflows.history.adopt import adopt
from berceau.workflows.history.baseline import baseline
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from tests.conftest import cases

A, B, C = (f"2026010{n}000000_{name}" for n, name in enumerate("abc", 1))
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename <> 'berceau_process' ORDER BY 1
"""


class Line:
    """A project of migrations by hand, on the database of ``migration_url``."""

    def __init__(self, settings, migration_url) -> None:
        self.folder = settings.migrations
        self.migration_url = migration_url

    def write(self, name, sql, down="", parent=None) -> None:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        header = f"-- Parent: {parent}\n\n" if parent else ""
        (folder / "migration.sql").write_text(header + sql)
        (folder / "down.sql").write_text(down)

    def table(self, name, parent=None) -> None:
        self.write(name, f"CREATE TABLE {name[15:]} ();", f"DROP TABLE {name[15:]};", parent)

    def read(self) -> tuple[Migration, ...]:
        return migration_directory.read(self.folder)

    def deploy(self) -> tuple[str, ...]:
        return deploy(self.migration_url, self.read())

    def down(self, to=None) -> tuple[str, ...]:
        return down(self.migration_url, self.read(), to, allow_data_loss=True)

    def squash(self, slug="all") -> str:
        return squash(self.migration_url, self.folder, slug).migration.name

    def ledger(self) -> list[str]:
        with connect(self.migration_url) as connection:
            return [line.name for line in ledger.read(connection)]


@pytest.fixture
def line(settings, database) -> Line:
    return Line(settings, database.migration_url)


@pytest.fixture
def two(line) -> Line:
    line.table(A)
    line.table(B)
    line.deploy()
    return line


def test_down_undoes_a_squash_whole_and_a_deploy_applies_it_again(two, query) -> None:
    name = two.squash()
    assert two.ledger() == [name]
    assert two.down() == (name,)
    assert two.ledger() == []
    assert query(TABLES) == [("berceau_migration",)]
    assert two.deploy() == (name,)
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",)]


def test_another_migration_between_the_names_is_not_taken_for_the_newest(two, query) -> None:
    later = f"{B[:14]}_z"  # its name comes after that of b, and of the squash
    two.table(later, B)
    two.deploy()
    name = two.squash("y")
    assert two.ledger() == [name]
    assert two.down() == (name,)
    assert query(TABLES) == [("berceau_migration",)]


def test_a_squash_is_named_before_what_is_pending(two, query) -> None:
    later = f"{B[:14]}_c"
    two.table(later, B)
    name = two.squash("zz")
    assert [migration.name for migration in two.read()] == [name, later]
    assert two.deploy() == (later,)
    assert two.ledger() == [name, later]
    assert two.down() == (later,)
    assert two.down("zero") == (name,)
    assert query(TABLES) == [("berceau_migration",)]


def test_down_to_a_part_of_a_squash_is_refused(two) -> None:
    name = two.squash()
    two.table(C)
    two.deploy()
    with pytest.raises(HistoryError, match=f"{A} is part of {name}"):
        two.down(A)
    assert two.ledger() == [name, C]
    assert two.down(name) == (C,)


def test_elsewhere_down_undoes_the_squash_that_the_files_hold(two, query) -> None:
    query("CREATE TABLE elsewhere AS SELECT * FROM berceau_migration")
    name = two.squash()
    query("DELETE FROM berceau_migration; INSERT INTO berceau_migration SELECT * FROM elsewhere")
    query("DROP TABLE elsewhere")
    assert two.down() == (name,)
    assert query(TABLES) == [("berceau_migration",)]


def test_a_checkout_from_before_the_squash_is_told_so(two) -> None:
    old = two.read()
    name = two.squash()
    with pytest.raises(HistoryError, match=f"not in migrations/: {name}"):
        deploy(two.migration_url, old)
    assert two.ledger() == [name]


def test_what_an_older_version_left_beside_a_squash_is_not_seen_and_cleared_away(
    two, query
) -> None:
    query("CREATE TABLE kept AS SELECT * FROM berceau_migration")
    name = two.squash()
    query("INSERT INTO berceau_migration SELECT * FROM kept; DROP TABLE kept")
    assert two.ledger() == [name]
    assert two.down() == (name,)
    assert query("SELECT * FROM berceau_migration") == []


def test_a_squash_of_what_has_no_way_back_says_so(two, query) -> None:
    two.write(C, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';")
    two.deploy()
    two.squash()
    with pytest.raises(HistoryError, match=r"no down\.sql that undoes them: function f"):
        two.down()
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",)]


def test_a_squash_does_not_run_over_a_part_of_what_it_replaces(line) -> None:
    line.write(A, "BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nSELECT 1/0;")
    with pytest.raises(StatementError):
        line.deploy()
    (line.folder / A / "migration.sql").unlink()
    (line.folder / A / "down.sql").unlink()
    (line.folder / A).rmdir()
    line.write(C, f"-- Replaces: {A}, {B}\n\nCREATE TABLE a ();")
    with pytest.raises(HistoryError, match=f"replaces migrations of which .* lacks {A}, {B}"):
        line.deploy()
    assert line.ledger() == [A]


UNSEEN = {
    "a comment": "COMMENT ON TABLE a IS 'x'",
    "rights": "GRANT SELECT (x) ON a TO PUBLIC",
    "an identity": "CREATE TABLE t (a int, b int, c int, d int, e int, f int, g int, h int, "
    "id int GENERATED ALWAYS AS IDENTITY)",
    "several sequences of a column": "ALTER TABLE a ADD id int GENERATED BY DEFAULT AS IDENTITY;\n"
    "CREATE SEQUENCE s OWNED BY a.id",
    "what a block makes": "DO $$ BEGIN EXECUTE 'COMMENT ON COLUMN a.x IS ''y'''; END $$",
    "settings of a key": "ALTER TABLE a ADD PRIMARY KEY (x);\n"
    "ALTER INDEX a_pkey SET (fillfactor = 55)",
    "statistics": "CREATE STATISTICS s ON x, y FROM a",
    "a collation": 'CREATE COLLATION c FROM "C"',
    "an operator": "CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)",
    "an heir": "CREATE TABLE kid (z int) INHERITS (a)",
    "options of a toast table": "ALTER TABLE a ADD z text; "
    "ALTER TABLE a SET (toast.autovacuum_enabled = false)",
    "a text search configuration": "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)",
}


@cases("sql", UNSEEN, quick=2)
def test_a_squash_and_a_reset_know_what_is_no_part_of_a_table(line, cache, dumped, sql) -> None:
    line.write(A, "CREATE TABLE a (x int, y int);")
    line.write(B, f"{sql};")
    line.deploy()
    before = dumped()
    line.squash()
    (squashed,) = line.read()
    assert sql in squashed.sql
    reset(line.migration_url, line.read(), cache)
    assert dumped() == before


def test_a_reset_makes_a_publication_again(line, cache, query) -> None:
    name = f'"P {line.migration_url.schema}"'
    line.write(A, f"CREATE TABLE a (x int); CREATE PUBLICATION {name} FOR TABLE a;")
    line.deploy()
    try:
        reset(line.migration_url, line.read(), cache)
        query(f"ALTER PUBLICATION {name} DROP TABLE a")
    finally:
        query(f"DROP PUBLICATION IF EXISTS {name}")


def test_a_reset_drops_what_a_failed_migration_had_made(two, query, cache) -> None:
    two.write(C, "BEGIN;\nCREATE TABLE c ();\nCOMMIT;\nSELECT 1/0;")
    with pytest.raises(StatementError):
        two.deploy()
    two.table(C)
    assert reset(two.migration_url, two.read(), cache) == (A, B, C)
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",), ("c",)]


def test_a_reset_drops_nothing_where_the_files_contradict_themselves(two, query, cache) -> None:
    two.table(C, A)
    two.write(B, "CREATE TABLE b ();", parent=A)
    with pytest.raises(HistoryError, match="two branches"):
        reset(two.migration_url, two.read(), cache)
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",)]


def test_what_failed_at_once_and_was_taken_away_is_forgotten(two, cache) -> None:
    two.write(C, "SELECT 1/0;")
    with pytest.raises(StatementError):
        two.deploy()
    for file in (two.folder / C).iterdir():
        file.unlink()
    (two.folder / C).rmdir()
    two.squash()
    assert len(two.ledger()) == 1
    assert status(two.migration_url, EMPTY, two.read(), cache).history.unfinished == ()


def test_a_branch_from_within_a_squash_is_moved_behind_it(two, query) -> None:
    name = two.squash()
    two.table(C, A)
    with pytest.raises(HistoryError, match=f"names the parent {A}, which {name} replaced"):
        two.deploy()
    ((_, after),) = rebase(two.migration_url, two.folder, C).moves
    assert after.header.parent == name
    assert two.deploy() == (after.name,)
    assert query(TABLES) == [("a",), ("b",), ("berceau_migration",), ("c",)]


def test_drift_of_a_database_behind_a_squash_is_adopted(two, query) -> None:
    query("CREATE TABLE elsewhere AS SELECT * FROM berceau_migration")
    name = two.squash()
    query("DELETE FROM berceau_migration; INSERT INTO berceau_migration SELECT * FROM elsewhere")
    query("DROP TABLE elsewhere; ALTER TABLE a ADD x int")
    adopted = adopt(two.migration_url, two.folder, "hand", {}, everything=True)
    assert two.ledger() == [name, adopted.name]
    assert two.down() == (adopted.name,)
    assert two.down(ZERO) == (name,)


def test_what_only_sql_by_hand_makes_is_named_by_adopt_and_left_out(two, query) -> None:
    query("CREATE VIEW v AS SELECT 1 AS x; CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)")
    assert adopt(two.migration_url, two.folder, "none", {}) is None
    with pytest.raises(HistoryError, match="makes what differs: text search configuration c, view"):
        adopt(two.migration_url, two.folder, "none", {}, everything=True)
    query("CREATE TABLE t (x int)")
    said = []
    adopt(two.migration_url, two.folder, "t", {}, everything=True, report=said.append)
    assert said == [
        "left out, since only SQL by hand makes it: text search configuration c, view v"
    ]


def test_a_type_that_adopt_needs_is_recorded_by_a_baseline(two, query, cache) -> None:
    query("CREATE DOMAIN word AS text; CREATE TABLE t (x word)")
    with pytest.raises(StatementError, match='type "word" does not exist') as refused:
        adopt(two.migration_url, two.folder, "t", {}, everything=True)
    assert refused.value.cure.startswith("Nothing was written. Write a migration that makes it")
    two.write(C, "CREATE DOMAIN word AS text;", "DROP DOMAIN word;", parent=B)
    baseline(two.migration_url, EMPTY, {}, two.folder, C, cache)
    adopted = adopt(two.migration_url, two.folder, "t", {}, everything=True)
    assert "x word" in adopted.sql
    assert not status(two.migration_url, EMPTY, two.read(), cache).drift
