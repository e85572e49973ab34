"""What only a migration of one's own can make: it stays, and doesn't hinder other changes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from berceau.errors import BerceauError, DataLossError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.history.adopt import adopt
from berceau.workflows.history.squash import squash
from tests.conftest import cases

FOO = """
class Foo(db.Entity):
    val = Required(str, 50)
    num = Optional(int)
"""
MORE = f"{FOO}    extra = Optional(int, index=True)\n"
ROWS = "INSERT INTO foo (val, num) VALUES ('12', 5), ('13', -6)"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} END';"


@pytest.fixture
def by_hand(settings) -> Callable[..., None]:
    """Return a function that writes a migration of SQL behind those that there are."""

    def write(sql) -> None:
        last = datetime.strptime(
            migration_directory.read(settings.migrations)[-1].name[:14], "%Y%m%d%H%M%S"
        )
        folder = settings.migrations / f"{last + timedelta(seconds=1):%Y%m%d%H%M%S}_by_hand"
        folder.mkdir()
        (folder / "migration.sql").write_text(sql + ";\n")

    return write


ON_ROWS = {
    "a generated column": "ALTER TABLE foo ADD g text GENERATED ALWAYS AS (val || 'x') STORED",
    "an insert rule": "CREATE RULE r AS ON INSERT TO foo WHERE NEW.num = 999 DO INSTEAD NOTHING",
    "a rule for every insert": "CREATE RULE r AS ON INSERT TO foo DO INSTEAD NOTHING",
    "a trigger that raises": FUNCTION.format("RAISE ''never'';")
    + "CREATE TRIGGER t BEFORE INSERT ON foo FOR EACH ROW EXECUTE FUNCTION f()",
    "a deferred trigger that raises": FUNCTION.format("RAISE ''never'';")
    + "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON foo DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION f()",
    "forced row security": "ALTER TABLE foo ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
}
"""Each with rows that came before it, and that it would refuse or change."""


@pytest.mark.slow
@cases("sql", ON_ROWS, quick=3)
def test_it_doesnt_stand_in_the_way_of_the_proof_with_rows(migrate, query, by_hand, sql) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand(sql)
    assert migrate(MORE).written
    assert migrate(MORE).written is None
    query("ALTER TABLE foo NO FORCE ROW LEVEL SECURITY")
    assert query("SELECT count(*) FROM foo") == [(2,)]


ON_TABLES = {
    "storage parameters": "ALTER TABLE foo SET (fillfactor = 70)",
    "statistics": "CREATE STATISTICS s ON val, num FROM foo",
    "unlogged": "ALTER TABLE foo SET UNLOGGED",
    "replica identity": "ALTER TABLE foo REPLICA IDENTITY FULL",
    "settings of a column": "ALTER TABLE foo ALTER num SET STATISTICS 5, "
    "ALTER val SET STORAGE MAIN",
    "clustering": "ALTER TABLE foo CLUSTER ON foo_pkey",
    "comments": "COMMENT ON TABLE foo IS 'x'; COMMENT ON COLUMN foo.num IS 'y'",
    "a partition": "CREATE TABLE p (at date) PARTITION BY RANGE (at);"
    "CREATE TABLE p_1 PARTITION OF p DEFAULT",
    "a type of a table": "CREATE TYPE y AS (a int); CREATE TABLE o OF y",
    "a child": "CREATE TABLE c () INHERITS (foo)",
    "disabled triggers": FUNCTION.format("RETURN NEW;")
    + "CREATE TRIGGER t BEFORE INSERT ON foo FOR EACH ROW EXECUTE FUNCTION f();"
    "ALTER TABLE foo DISABLE TRIGGER t",
}


@cases("sql", ON_TABLES, quick=3)
def test_what_a_table_has_besides_stays(migrate, dumped, query, by_hand, sql) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand(sql)
    migrate(FOO)
    before = dumped()
    assert migrate(MORE).written
    added = [line for line in dumped() if "extra" not in line]
    assert [line for line in before if line] == [line for line in added if line]
    assert migrate(MORE).written is None


GENERATED = "ALTER TABLE foo ADD g integer GENERATED ALWAYS AS (num * 2) STORED;"
ON_GENERATED = {
    "nothing": "",
    "an index": "CREATE INDEX i ON foo (g)",
    "an index with another column": "CREATE INDEX i ON foo (g, val)",
    "a unique": "ALTER TABLE foo ADD UNIQUE (g, val)",
    "a foreign key": "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (10), (-12);"
    "ALTER TABLE foo ADD FOREIGN KEY (g) REFERENCES t",
}


@cases("sql", ON_GENERATED, quick=2)
def test_a_generated_column_stays_with_what_rests_on_it(
    migrate, dumped, query, by_hand, sql
) -> None:
    """Another column of its type is new, and isn't taken for it under another name."""
    migrate(FOO)
    query(ROWS)
    by_hand(f"{GENERATED} {sql}")
    migrate(FOO)
    before = [line for line in dumped() if line]
    assert migrate(MORE).written
    assert before == [line for line in dumped() if line and "extra" not in line]
    assert migrate(MORE).written is None


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("CREATE INDEX i ON foo (g, val)", "index i"),
        ("ALTER TABLE foo ADD CONSTRAINT u UNIQUE (g, val)", "constraint u"),
    ],
)
def test_what_rests_on_a_generated_column_isnt_dropped_with_another(
    migrate, by_hand, sql, what
) -> None:
    migrate(FOO)
    by_hand(f"{GENERATED} {sql}")
    with pytest.raises(BerceauError, match=f"The {what} of foo uses the column val, which goes"):
        migrate("class Foo(db.Entity):\n    num = Optional(int)\n", allow_data_loss=True)


def test_a_generated_column_keeps_its_enum_from_being_rebuilt(migrate, by_hand) -> None:
    enum = "class St(enum.StrEnum):\n    A = 'a'\n"
    foo = "class Foo(db.Entity):\n    st = Required(St)\n"
    migrate(f"{enum}    B = 'b'\n{foo}")
    by_hand("ALTER TABLE foo ADD g boolean GENERATED ALWAYS AS (st = 'a') STORED")
    said = "the enum st, which has to be rebuilt, is used by the generated column g of table foo"
    with pytest.raises(BerceauError, match=f"{said}: drop it, or change it"):
        migrate(enum + foo)


@pytest.mark.slow
def test_a_column_of_ones_own_can_be_told_to_stay(migrate, by_hand) -> None:
    migrate(FOO)
    by_hand("ALTER TABLE foo ADD mine date")
    with pytest.raises(DataLossError, match=r"(?s)column foo.mine .*\(a column as table.column\)"):
        migrate(MORE)
    assert migrate(MORE, unmanaged=("foo.mine",)).written


def test_a_publication_is_not_made_again_for_a_proof(migrate, query, by_hand, database) -> None:
    name = f"p_{database.migration_url.schema}"
    migrate(FOO)
    by_hand(f"CREATE PUBLICATION {name} FOR TABLE foo (id, val)")
    try:
        assert migrate(MORE).written
        with pytest.raises(BerceauError, match=f"publication of table foo in publication {name}"):
            migrate("class Foo(db.Entity):\n    num = Optional(int)\n", allow_data_loss=True)
        assert query(f"SELECT 1 FROM pg_publication WHERE pubname = '{name}'") == [(1,)]
    finally:
        query(f"DROP PUBLICATION IF EXISTS {name}")


UNFIT = {
    "a check": "ADD CONSTRAINT c CHECK (num > 0) NOT VALID",
    "a foreign key": "ADD CONSTRAINT c FOREIGN KEY (num) REFERENCES foo ON UPDATE CASCADE "
    "NOT VALID",
}


@pytest.mark.slow
@cases("sql", UNFIT, quick=2)
def test_rows_that_were_never_checked_are_proven_with(migrate, query, by_hand, sql) -> None:
    migrate(FOO)
    by_hand(f"ALTER TABLE foo {sql}")
    migrate(FOO)
    query(f"ALTER TABLE foo DROP CONSTRAINT c; {ROWS}; ALTER TABLE foo {sql}")
    assert migrate(MORE).written
    assert query("SELECT count(*) FROM foo") == [(2,)]


CHANGES_ROWS = {
    "a trigger before": FUNCTION.format("NEW.num := coalesce(NEW.num, 0) + 1; RETURN NEW;")
    + "CREATE TRIGGER t BEFORE UPDATE ON foo FOR EACH ROW EXECUTE FUNCTION f()",
    "a rule": "CREATE RULE r AS ON UPDATE TO foo WHERE OLD.num = 5 DO ALSO "
    "DELETE FROM foo WHERE num = -6",
}


@pytest.mark.slow
@cases("sql", CHANGES_ROWS, quick=2)
def test_a_trigger_may_change_rows(migrate, query, by_hand, sql) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand(sql)
    said = []
    slug = f"{FOO}    slug = Required(str, 60)\n"
    assert migrate(slug, backfills=["foo.slug=lower(val)"], report=said.append).written
    assert any("triggers and rules change rows, too: " in line for line in said)
    assert {slug for (slug,) in query("SELECT slug FROM foo")} <= {"12", "13"}


def test_a_trigger_that_refuses_the_backfill_is_quoted(migrate, query, by_hand) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand(
        FUNCTION.format("RAISE ''append only'';")
        + "CREATE TRIGGER t BEFORE UPDATE ON foo FOR EACH ROW EXECUTE FUNCTION f()"
    )
    with pytest.raises(BerceauError, match="append only"):
        migrate(f"{FOO}    slug = Required(str, 60)\n", backfills=["foo.slug=lower(val)"])


OTHERS = {
    "a table": "CREATE TABLE audit (at timestamptz, what text)",
    "a table with a key as Berceau names it": "CREATE TABLE audit (id int PRIMARY KEY)",
    "an enum": "CREATE TYPE kind AS ENUM ('a')",
    "a table with an enum": "CREATE TYPE kind AS ENUM ('a'); CREATE TABLE audit (k kind[])",
    "a table that refers to an entity's": "CREATE TABLE audit (foo int REFERENCES foo)",
    "a table that was renamed": "CREATE TABLE a (n int); ALTER TABLE a RENAME TO audit",
    "a table and a trigger": "CREATE TABLE audit (what text);"
    + FUNCTION.format("INSERT INTO audit VALUES (TG_OP); RETURN NEW;")
    + "CREATE TRIGGER t AFTER INSERT OR UPDATE ON foo FOR EACH ROW EXECUTE FUNCTION f()",
    "partitions": "CREATE TABLE audit (at date) PARTITION BY RANGE (at); CREATE TABLE audit_1 "
    "PARTITION OF audit DEFAULT; CREATE INDEX ON audit (at)",
}


@cases("sql", OTHERS, quick=4)
def test_what_no_entity_declared_stays(migrate, dumped, query, by_hand, sql) -> None:
    migrate(FOO)
    query(ROWS)
    by_hand(sql)
    assert migrate(FOO).written is None
    before = dumped()
    assert migrate(MORE).written
    assert {line for line in before if line} <= set(dumped())


def test_what_was_added_to_a_generated_migration_stays(migrate, settings, query) -> None:
    written = migrate(FOO, create_only=True).written
    file = settings.migrations / written / "migration.sql"
    file.write_text(file.read_text() + "\nCREATE TABLE audit (id int PRIMARY KEY, what text);\n")
    assert migrate(FOO).written is None
    assert query("SELECT what FROM audit") == []
    with pytest.raises(BerceauError, match=r"lose data: table foo \("):
        migrate("")


def test_what_an_entity_declared_goes_with_it(migrate, by_hand) -> None:
    migrate(FOO)
    by_hand("ALTER TABLE foo RENAME TO oof")
    oof = FOO.replace("Foo", "Oof")
    assert migrate(oof).written is None
    with pytest.raises(BerceauError, match=r"lose data: table oof .*\n.*unmanaged"):
        migrate("")


def test_what_is_told_to_stay_stays(migrate, query) -> None:
    before = f"""
{FOO}    old = Optional(int, index=True)
    bar = Optional("Bar")
class Bar(db.Entity):
    foos = Set(Foo)
class Log(db.Entity):
    pass
"""
    migrate(before)
    query(ROWS)
    patterns = ("foo.old", "foo.b*", "log", "b?r")
    assert migrate(FOO, unmanaged=patterns).written is None
    assert migrate(MORE, unmanaged=patterns).written
    assert query("SELECT old, bar FROM foo, log") == []
    with pytest.raises(BerceauError, match="table bar"):
        migrate(MORE, unmanaged=patterns[:-1])


def test_what_is_adopted_for_no_entity_stays(migrate, query, settings, database) -> None:
    migrate(FOO)
    query("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE audit (id int PRIMARY KEY, m mood)")
    adopt(database.migration_url, settings.migrations, "adopted", {"foo": "shop"}, everything=True)
    assert migrate(FOO).written is None
    assert migrate(MORE).written
    assert query("SELECT m FROM audit") == []


def test_an_entity_can_take_over_what_was_made_by_hand(migrate, by_hand, query) -> None:
    migrate(FOO)
    by_hand(
        "CREATE TABLE audit (id serial PRIMARY KEY, what text); INSERT INTO audit DEFAULT VALUES"
    )
    both = f"{FOO}class Log(db.Entity):\n    what = Optional(str)\n"
    assert migrate(both, renames=["audit=log"]).written
    assert query("SELECT id, what FROM log") == [(1, "")]


def test_a_squash_remembers_what_no_entity_declared(migrate, by_hand, settings, database) -> None:
    migrate(FOO)
    by_hand("CREATE TABLE audit (what text)")
    migrate(FOO)
    squash(database.migration_url, settings.migrations, "squashed")
    assert migrate(FOO).written is None
    assert migrate(MORE).written


def test_what_only_sql_can_make_is_squashed_as_it_is(
    migrate, by_hand, settings, database, dumped
) -> None:
    migrate(FOO)
    by_hand("ALTER TABLE foo SET (fillfactor = 70); CREATE TABLE audit (what text)")
    migrate(FOO)
    before = dumped()
    assert squash(database.migration_url, settings.migrations, "squashed").kept
    assert migrate(FOO).written is None
    assert dumped() == before


USERS = {
    "view v": "CREATE VIEW v AS SELECT num FROM foo",
    "rule r on table foo": "CREATE RULE r AS ON INSERT TO foo WHERE NEW.num = 9 DO INSTEAD NOTHING",
    "policy p on table foo": "CREATE POLICY p ON foo USING (num > 0)",
    "policy p on table o": "CREATE TABLE o (a int);"
    "CREATE POLICY p ON o USING (a IN (SELECT num FROM foo))",
    "trigger t on table foo": FUNCTION.format("RETURN NEW;")
    + "CREATE TRIGGER t BEFORE UPDATE OF num ON foo FOR EACH ROW EXECUTE FUNCTION f()",
    "trigger w on table foo": FUNCTION.format("RETURN NEW;")
    + "CREATE TRIGGER w BEFORE UPDATE ON foo FOR EACH ROW WHEN (NEW.num > 1) EXECUTE FUNCTION f()",
    "function a()": "CREATE FUNCTION a() RETURNS bigint LANGUAGE sql "
    "BEGIN ATOMIC SELECT num FROM foo; END",
    "function f(foo)": "CREATE FUNCTION f(foo) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "column a of table o": "CREATE TABLE o (a foo)",
    "column b of composite type o": "CREATE TYPE o AS (b foo[])",
    "statistics object s": "CREATE STATISTICS s ON num, val FROM foo",
    "table c": "CREATE TABLE c () INHERITS (foo)",
    "the foreign key k of table o": "CREATE TABLE o (n int CONSTRAINT k REFERENCES foo)",
}
# Of a part of the table, or of something that uses it as a whole, another column knows nothing.
WITHOUT_COLUMN = {"function f(foo)", "column a of table o", "column b of composite type o"}
WITHOUT_COLUMN |= {"table c", "the foreign key k of table o"}
PARTS = {name for name in USERS if name.endswith("on table foo")} | {"statistics object s"}
BEARS_TYPES = {"view v", "rule r on table foo", "statistics object s", *WITHOUT_COLUMN}
BEARS_TYPES -= {"column a of table o", "column b of composite type o"}


@cases("name, sql", {name: (name, sql) for name, sql in USERS.items()}, quick=2)
def test_what_uses_something_that_goes_is_named_and_stays(
    migrate, dumped, by_hand, name, sql
) -> None:
    bar = "class Bar(db.Entity):\n    pass\n"
    migrate(FOO + bar)
    by_hand(sql)
    migrate(FOO + bar)
    before = dumped()
    changes = {
        FOO.replace("num = Optional(int)", "") + bar: name not in WITHOUT_COLUMN,
        FOO.replace("num = Optional(int)", "num = Optional(int, size=64)"): name not in BEARS_TYPES,
        bar: name not in PARTS,
    }
    for entities, refused in changes.items():
        if refused:
            with pytest.raises(BerceauError) as error:
                migrate(entities, allow_data_loss=True)
            assert f"is used by {name}: drop it, or " in str(error.value)
            assert dumped() == before


def test_the_name_of_an_exclusion_that_goes_is_free_for_a_new_table(migrate, by_hand) -> None:
    migrate(FOO)
    by_hand("ALTER TABLE foo ADD CONSTRAINT thing EXCLUDE (val WITH =)")
    thing = "class Thing(db.Entity):\n    day = Required(date)\n    at = Optional(datetime)\n"
    assert migrate(FOO).written is None
    assert migrate(thing, allow_data_loss=True).written
    assert migrate(thing).written is None
