"""Expressions and types by hand, where a column gets another type or an enum is rebuilt."""

from collections.abc import Callable

import pytest

from berceau.errors import MigrationError
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.down import down
from tests.conftest import cases

FOO = """
class State(enum.StrEnum):
    OPEN = 'open'
    DONE = 'done'
class Foo(db.Entity):
    name = Required(str, 50)
    num = Optional(int)
    state = Required(State)
"""
LONGER, TEXT = FOO.replace("50", "80"), FOO.replace(", 50", "")
EXPRESSIONS = {
    "an index": "CREATE UNIQUE INDEX i ON foo (lower(name), num DESC)",
    "an index with operators": "CREATE INDEX i ON foo (name, lower(name) text_pattern_ops)",
    "a condition": "CREATE INDEX i ON foo (num) WHERE name <> ''",
    "a check": "ALTER TABLE foo ADD CONSTRAINT c CHECK (name <> '' AND length(name) < num + 99)",
    "a check that rows break": "ALTER TABLE foo ADD CONSTRAINT c CHECK (name ~ '^b') NOT VALID",
    "an exclusion": "ALTER TABLE foo ADD CONSTRAINT e EXCLUDE (lower(name) WITH =)",
}


@pytest.fixture
def by_hand(settings) -> Callable[[str], None]:
    """Return a function that writes a migration of SQL after all others."""

    def write(sql: str) -> None:
        folder = settings.migrations / "29990101000000_by_hand"
        folder.mkdir()
        (folder / "migration.sql").write_text(sql + ";\n")

    return write


@cases("sql", EXPRESSIONS, quick=2)
def test_an_expression_goes_on_over_a_text_without_a_limit(
    migrate, query, finding, by_hand, dumped, settings, database, sql
) -> None:
    migrate(FOO)
    query("INSERT INTO foo (name, num, state) VALUES ('a', 1, 'open')")
    by_hand(sql)
    for entities in (LONGER, TEXT):
        migrate(FOO)
        before = dumped()
        assert migrate(entities).written
        assert finding(entities) == ""
        assert migrate(entities).written is None
        migrations = migration_directory.read(settings.migrations)
        down(database.migration_url, migrations, migrations[-2].name, allow_data_loss=True)
        assert dumped() == before
        (settings.migrations / migrations[-1].name / "migration.sql").unlink()
        (settings.migrations / migrations[-1].name / "down.sql").unlink()
        (settings.migrations / migrations[-1].name).rmdir()


@pytest.mark.parametrize("after", [LONGER, TEXT])
def test_a_computed_column_is_named_whatever_the_new_type(migrate, by_hand, after) -> None:
    migrate(FOO)
    by_hand("ALTER TABLE foo ADD low text GENERATED ALWAYS AS (lower(name)) STORED")
    with pytest.raises(MigrationError, match="The column low of foo uses the column name, which"):
        migrate(after)


def test_long_values_are_kept_as_before(migrate, by_hand, dumped, settings, database) -> None:
    migrate(FOO)
    by_hand(
        "ALTER TABLE foo ALTER name SET STORAGE EXTERNAL, ALTER name SET COMPRESSION pglz,"
        " ALTER name SET STATISTICS 9"
    )
    migrate(FOO)
    before = dumped()
    for entities in (LONGER, TEXT):
        migrate(entities)
        assert [line for line in before if " SET " in line] == [
            line for line in dumped() if " SET " in line
        ]
    without = FOO.replace("    name = Required(str, 50)\n", "")
    migrate(without, allow_data_loss=True)
    migrations = migration_directory.read(settings.migrations)
    down(database.migration_url, migrations, migrations[1].name, allow_data_loss=True)
    assert [line for line in before if "STORAGE" in line or "COMPRESSION" in line] == [
        line for line in dumped() if "STORAGE" in line or "COMPRESSION" in line
    ]


ADORNMENTS = {
    "a comment": "COMMENT ON TYPE state IS 'it''s 100%'",
    "fewer rights": "REVOKE ALL ON TYPE state FROM PUBLIC",
    "more rights": "GRANT ALL ON TYPE state TO pg_monitor WITH GRANT OPTION",
}


@cases("sql", ADORNMENTS, quick=1)
def test_an_enum_keeps_its_comment_and_rights(
    migrate, by_hand, dumped, settings, database, sql
) -> None:
    """Where a label goes, and where one that was new goes again."""
    migrate(FOO)
    by_hand(sql)
    migrate(FOO)

    def said() -> list[str]:
        return [line for line in dumped() if "ON TYPE" in line]

    before = said()
    assert before
    migrate(FOO.replace("    DONE = 'done'\n", "    DONE = 'done'\n    LATE = 'late'\n"))
    migrate(
        FOO.replace("    DONE = 'done'\n", ""), allow_data_loss=True, labels=["state.done=open"]
    )
    assert said() == before
    migrations = migration_directory.read(settings.migrations)
    down(database.migration_url, migrations, migrations[-3].name, allow_data_loss=True)
    assert said() == before


@pytest.mark.parametrize("sql", ["SELECT", *ADORNMENTS.values()])
def test_an_enum_gets_no_right_that_new_types_have(
    migrate, by_hand, query, dumped, settings, database, sql
) -> None:
    migrate(FOO)
    by_hand(sql)
    migrate(FOO)
    query(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {database.migration_url.schema}"
        " GRANT USAGE ON TYPES TO pg_read_all_stats WITH GRANT OPTION"
    )

    def said() -> list[str]:
        return [line for line in dumped() if " ON TYPE " in line]

    before = said()
    migrate(
        FOO.replace("    DONE = 'done'\n", ""), allow_data_loss=True, labels=["state.done=open"]
    )
    assert said() == before
    migrations = migration_directory.read(settings.migrations)
    down(database.migration_url, migrations, migrations[-2].name, allow_data_loss=True)
    assert said() == before
