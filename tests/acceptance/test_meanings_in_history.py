"""What migrations record of names: it outlives a squash, a baseline and a rebase."""

import shutil
from dataclasses import replace

import pytest

from berceau.errors import RenameError
from berceau.postgres.core.connection import connect
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.resolve import mark_applied
from berceau.workflows.history.baseline import baseline
from berceau.workflows.history.rebase import rebase
from berceau.workflows.history.squash import squash
from berceau.workflows.write.migrate import Options
from berceau.workflows.write.migrate import migrate as run_migrate
from tests.acceptance.entities import BOTH, PERSON, entities, linked


@pytest.mark.slow
def test_a_squash_keeps_what_names_stand_for(migrate, settings, database) -> None:
    migrate(linked("bars/foos"))
    migrate(linked(*BOTH))
    squashed = squash(database.migration_url, settings.migrations, "all").migration
    assert squashed.sql.count("-- Means: link") == 2
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))


@pytest.mark.slow
def test_a_baseline_records_what_names_stand_for(
    migrate, settings, database, declare, cache
) -> None:
    migrate(linked(*BOTH))
    for migration in migration_directory.read(settings.migrations):
        shutil.rmtree(settings.migrations / migration.name)
    with connect(database.migration_url) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM berceau_migration")
    declared = declare(linked(*BOTH))
    baseline(database.migration_url, declared, {}, settings.migrations, "there", cache)
    assert migrate(linked(*BOTH)).written is None
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))


def test_what_two_branches_record_is_all_known(migrate, settings, database) -> None:
    one = migrate(entities(**PERSON, A_Person="")).written
    migrate(entities(**PERSON, A_Person="", B_Person=""), name="ours", create_only=True)
    ours = migration_directory.read(settings.migrations)[-1]
    shutil.rmtree(settings.migrations / ours.name)
    migrate(entities(**PERSON, A_Person="", C_Person=""), name="theirs", create_only=True)
    migration_directory.save(settings.migrations, replace(ours, name="20990101000000_ours"))
    assert ours.header.parent == one
    rebase(database.migration_url, settings.migrations)
    assert migrate(entities(**PERSON, A_Person="", B_Person="", C_Person="")).written is None


def test_migrations_that_record_nothing_are_taken_as_the_entities_say(
    migrate, settings, database, declare, finding
) -> None:
    migration = (
        migration_directory.read(settings.migrations)[0] if migrate(linked(*BOTH)).written else None
    )
    bare = "\n".join(line for line in migration.sql.splitlines() if "Means" not in line) + "\n"
    (settings.migrations / migration.name / "migration.sql").write_text(bare)
    mark_applied(
        database.migration_url, migration_directory.read(settings.migrations), migration.name
    )
    assert not finding(linked(*BOTH))
    said = []
    written = run_migrate(settings, declare(linked(*BOTH)), Options(), said.append)
    assert written.written is not None
    assert written.statements == ()
    assert "no migration records which relations bar_foo, bar_foo_2 hold" in "\n".join(said)
    with pytest.raises(RenameError, match="have another meaning now"):
        migrate(linked(*reversed(BOTH)))
