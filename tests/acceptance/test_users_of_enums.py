"""What SQL by hand does with an enum is named where a change can't be made because of it."""

from collections.abc import Callable

import pytest

from berceau.errors import MigrationError
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from berceau.workflows.write.migrate import Outcome
from tests.conftest import cases

FOO = """
class State(enum.StrEnum):
    OPEN = 'open'
    DONE = 'done'
class Foo(db.Entity):
    num = Optional(int)
    phase = Required(State)
"""
MORE = FOO.replace("    DONE", "    HELD = 'held'\n    DONE")
LESS = FOO.replace("    DONE = 'done'\n", "")
TEXT = FOO.replace("Required(State)", "Required(str)")
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
READ = "CREATE FUNCTION f({}) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text'"

OF_THE_COLUMN = {
    "a policy": ("CREATE POLICY p ON foo USING (phase = 'open')", "policy p on table foo"),
    "a trigger's condition": (
        f"{FUNCTION} CREATE TRIGGER t BEFORE UPDATE ON foo FOR EACH ROW"
        " WHEN (new.phase = 'done') EXECUTE FUNCTION f()",
        "trigger t on table foo",
    ),
    "a trigger's column": (
        f"{FUNCTION} CREATE TRIGGER t BEFORE UPDATE OF phase ON foo EXECUTE FUNCTION f()",
        "trigger t on table foo",
    ),
    "a body that is parsed": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql"
        " BEGIN ATOMIC SELECT num FROM foo WHERE phase = 'open'; END",
        "function f()",
    ),
    "a computed column": (
        "ALTER TABLE foo ADD g boolean GENERATED ALWAYS AS (phase = 'open') STORED",
        "the generated column g of table foo",
    ),
}
OF_THE_TYPE = {
    "a function": (READ.format("s state"), "function f(state)"),
    "a function of arrays": (READ.format("s state[]"), "function f(state[])"),
    "a result": (
        "CREATE FUNCTION f() RETURNS state LANGUAGE sql AS 'SELECT NULL::state'",
        "function f()",
    ),
    "a domain": ("CREATE DOMAIN d AS state", "type d"),
    "a check of a domain": (
        "CREATE DOMAIN d AS text CHECK (value::state <> 'done')",
        "constraint d_check",
    ),
    "a composite type": ("CREATE TYPE c AS (s state)", "column s of composite type c"),
    "a range": ("CREATE TYPE r AS RANGE (subtype = state)", "type r"),
    "a cast": (
        "CREATE CAST (state AS text) WITH INOUT AS ASSIGNMENT",
        "cast from state to text",
    ),
    "a view": ("CREATE VIEW v AS SELECT 'open'::state AS s", "view v"),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW v AS SELECT 'open'::state AS s",
        "materialized view v",
    ),
    "a rule": (
        "CREATE RULE r AS ON DELETE TO foo WHERE 'open'::state = 'done'::state DO INSTEAD NOTHING",
        "rule r on table foo",
    ),
    "a default": (
        "CREATE TABLE t (name text DEFAULT 'open'::state::text)",
        "default value for column name of table t",
    ),
    "a check": (
        "ALTER TABLE foo ADD CONSTRAINT c CHECK (num <> 1 OR 'open'::state <> 'done'::state)",
        "constraint c on table foo",
    ),
    "an index": ("CREATE INDEX i ON foo (num) WHERE 'open'::state <> 'done'::state", "index i"),
}
ASIDE = {
    "a view": "CREATE VIEW v AS SELECT phase FROM foo WHERE phase <> 'open'",
    "a view of a view": "CREATE VIEW v AS SELECT * FROM foo;"
    "CREATE VIEW w AS SELECT phase FROM v WHERE phase = 'open'",
    "a trigger of a view": f"CREATE VIEW v AS SELECT phase FROM foo; {FUNCTION} CREATE TRIGGER t"
    " INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()",
    "a default of a view": "CREATE VIEW v AS SELECT phase FROM foo;"
    "ALTER VIEW v ALTER phase SET DEFAULT 'open'",
    "a rule": "CREATE RULE r AS ON DELETE TO foo WHERE old.phase = 'open' DO INSTEAD NOTHING",
    "a check and an index": "ALTER TABLE foo ADD CONSTRAINT c CHECK (phase <> 'open' OR num > 0);"
    "CREATE INDEX i ON foo (num) WHERE phase = 'open'",
    "a table": "CREATE TABLE t (s state DEFAULT 'open', a state[])",
}
NAMING = {
    "a check": (
        "ALTER TABLE foo ADD CONSTRAINT c CHECK (phase <> 'done' OR num > 0)",
        "constraint c on table foo names",
    ),
    "an exclusion": (
        "ALTER TABLE foo ADD CONSTRAINT e EXCLUDE (num WITH =) WHERE (phase IN ('done', 'open'))",
        "index e names",
    ),
    "a partial index": ("CREATE INDEX i ON foo (num) WHERE phase = 'done'", "index i names"),
    "an index": ("CREATE INDEX i ON foo ((phase = ANY ('{open,done}')))", "index i names"),
    "views": (
        "CREATE VIEW v AS SELECT * FROM foo; CREATE VIEW w AS SELECT id FROM v WHERE phase > 'done'"
        "; CREATE MATERIALIZED VIEW m AS SELECT phase > 'done' FROM foo",
        "materialized view m, view w name",
    ),
    "a default of a view": (
        "CREATE VIEW v AS SELECT * FROM foo; ALTER VIEW v ALTER phase SET DEFAULT 'done'",
        "default value for column phase of view v names",
    ),
    "a rule": (
        "CREATE RULE r AS ON DELETE TO foo WHERE old.phase = 'done' DO INSTEAD NOTHING",
        "rule r on table foo names",
    ),
    "a default": ("CREATE TABLE t (s state DEFAULT 'done')", "the default of t.s names"),
}


@pytest.fixture
def begin(migrate: Callable[[str], Outcome], settings: Settings) -> Callable[..., None]:
    """Return a function that migrates to the entities, and then by SQL."""

    def begin(sql: str, entities: str = FOO) -> None:
        migrate(entities)
        folder = settings.migrations / "29990101000000_by_hand"
        folder.mkdir()
        (folder / "migration.sql").write_text(f"{sql};\n")
        migrate(entities)

    return begin


@cases("sql, named", OF_THE_COLUMN | OF_THE_TYPE, quick=3)
def test_an_enum_gets_labels_in_place_and_names_what_keeps_it_from_more(
    begin, migrate, settings, query, sql, named
) -> None:
    begin(sql)
    query("INSERT INTO foo (phase) VALUES ('open')")
    rebuilt = f"the enum state, which has to be rebuilt, is used by {named}: drop it"
    with pytest.raises(MigrationError) as refused:
        migrate(LESS, allow_data_loss=True)
    assert rebuilt in refused.value.message
    if (sql, named) in OF_THE_TYPE.values():
        with pytest.raises(MigrationError) as refused:
            migrate(TEXT, allow_data_loss=True)
        said = f"the enum state, which is dropped, is used by {named}: drop it"
        assert said in refused.value.message
    assert migrate(MORE).written
    assert query("SELECT enum_range(NULL::state)::text") == [("{open,held,done}",)]
    newest = migration_directory.read(settings.migrations)[-1]
    assert "ALTER TYPE state ADD VALUE 'held' AFTER 'open'" in newest.sql
    assert f"can't be undone automatically: {rebuilt}" in newest.down


@cases("sql", ASIDE, quick=2)
def test_what_stands_aside_keeps_no_enum_from_being_rebuilt(
    begin, migrate, query, dumped, settings, database, sql
) -> None:
    begin(sql)
    query("INSERT INTO foo (phase) VALUES ('open')")
    before = dumped()
    for entities in (MORE, LESS):
        migrate(entities, allow_data_loss=True, unmanaged=("t",))
    migrations = migration_directory.read(settings.migrations)
    down(database.migration_url, migrations, migrations[-3].name, allow_data_loss=True)
    assert dumped() == before


@cases("sql, named", NAMING, quick=2)
def test_what_names_a_label_that_goes_is_named(begin, migrate, query, sql, named) -> None:
    begin(sql)
    query("INSERT INTO foo (phase) VALUES ('done')")
    with pytest.raises(MigrationError) as refused:
        migrate(LESS, allow_data_loss=True, labels=["state.done=open"])
    assert f"the enum state loses 'done', which {named}" in refused.value.message
    assert ": change " in refused.value.message


def test_what_goes_with_its_table_may_name_a_label(begin, migrate) -> None:
    both = f"{FOO}class Bar(db.Entity):\n    phase = Required(State)\n"
    begin("ALTER TABLE bar ADD CONSTRAINT c CHECK (phase <> 'done')", both)
    assert migrate(LESS, allow_data_loss=True).written
