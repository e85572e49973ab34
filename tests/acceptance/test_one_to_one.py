"""One-to-one relations: their unique constraints are deferred, also where they weren't before."""

from pathlib import Path

import pytest
from psycopg2 import errors

from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy
from berceau.workflows.deploy.down import down

DEFERRED = " DEFERRABLE INITIALLY DEFERRED"
MARRIED = """
class Man(db.Entity):
    wife = Optional("Woman", column="wife")

class Woman(db.Entity):
    husband = Optional(Man)
"""
ROWS = "INSERT INTO woman (id) VALUES (1), (2); INSERT INTO man (id, wife) VALUES (1, 1), (2, 2)"
SWAP = "UPDATE man SET wife = 3 - wife WHERE id = 1; UPDATE man SET wife = 3 - wife WHERE id = 2"


@pytest.fixture
def existing(settings, database, migrate, query) -> None:
    """A project with rows, from a time when all unique constraints were immediate."""
    migrate(MARRIED, create_only=True)
    file = newest(settings)
    text = file.read_text()
    assert text.count(DEFERRED) == 1
    file.write_text(text.replace(DEFERRED, ""))
    deploy(database.migration_url, migration_directory.read(settings.migrations))
    query(ROWS)


def written_by_hand(settings, sql) -> None:
    folder = settings.migrations / "29990101000000_by_hand"
    folder.mkdir()
    (folder / "migration.sql").write_text(f"{sql};\n")


def newest(settings) -> Path:
    name = migration_directory.read(settings.migrations)[-1].name
    return settings.migrations / name / "migration.sql"


def test_rows_exchange_their_values_and_none_has_anothers(migrate, query) -> None:
    migrate(MARRIED)
    query(ROWS)
    query(SWAP)
    assert query("SELECT id, wife FROM man ORDER BY id") == [(1, 2), (2, 1)]
    with pytest.raises(errors.UniqueViolation):
        query("UPDATE man SET wife = 1")


def test_an_existing_project_gets_there_and_back(
    existing,  # noqa: ARG001 (it writes the first migration)
    settings,
    database,
    migrate,
    query,
) -> None:
    with pytest.raises(errors.UniqueViolation):
        query(SWAP)
    assert migrate(MARRIED).written
    _, *statements = newest(settings).read_text().rstrip("\n").split("\n\n")
    assert statements == [
        "-- fails where existing rows don't fit\n"
        "CREATE UNIQUE INDEX CONCURRENTLY man_wife_new_key ON man (wife);",
        "ALTER TABLE man DROP CONSTRAINT man_wife_key, ADD CONSTRAINT man_wife_key UNIQUE "
        "USING INDEX man_wife_new_key DEFERRABLE INITIALLY DEFERRED;",
    ]
    query(SWAP)
    with pytest.raises(errors.UniqueViolation):
        query("UPDATE man SET wife = 1")
    assert migrate(MARRIED).written is None
    assert query("SELECT id, wife FROM man ORDER BY id") == [(1, 2), (2, 1)]
    down(database.migration_url, migration_directory.read(settings.migrations))
    with pytest.raises(errors.UniqueViolation):
        query(SWAP)


def test_a_constraint_that_a_foreign_key_points_at_stays_immediate(
    existing,  # noqa: ARG001 (it writes the first migration)
    settings,
    migrate,
    query,
) -> None:
    """PostgreSQL refuses a foreign key on a deferrable one."""
    written_by_hand(settings, "CREATE TABLE visit (husband integer REFERENCES man (wife))")
    assert migrate(MARRIED).written is None
    with pytest.raises(errors.UniqueViolation):
        query(SWAP)
