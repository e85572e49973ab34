"""The migration that gives the database procrastinate's tables, or changes them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from berceau.jobs import schema
from berceau.migration.header import Header, checksum
from berceau.migration.migration import Migration, new_name
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory

_VERSION = re.compile(r"^-- Procrastinate: (\d+\.\d+\.\d+)$", re.MULTILINE)


def write_jobs(settings: Settings) -> str | None:
    """Write what the installed procrastinate needs beyond the project's migrations.

    Returns the name of the migration, ``None`` where nothing is missing. Raises
    ``MigrationError`` where the migrations can't be read.
    """
    migrations = migration_directory.read(settings.migrations)
    found = _migration(migrations)
    if found is None:
        return None
    migration_directory.save(settings.migrations, found)
    return found.name


def _migration(migrations: Sequence[Migration]) -> Migration | None:
    known = [each for migration in migrations for each in _VERSION.findall(migration.sql)]
    up = schema.upgrade_sql(known[-1]) if known else schema.create_sql()
    if not up:
        return None
    up = f"-- Procrastinate: {schema.version()}\n\n{up}"
    last = migration_directory.last_name(migrations)
    name = new_name("upgrade_jobs" if known else "add_jobs", datetime.now(UTC), last)
    header = Header(last, generated=checksum(up), unmanaged=schema.tables_and_enums())
    down = (
        f"-- {name} can't be undone automatically: procrastinate doesn't say how.\n"
        if known
        else f"-- Undoes {name}\n\n{schema.drop_sql()}"
    )
    return Migration(name, header.to_sql(name) + up, down)
