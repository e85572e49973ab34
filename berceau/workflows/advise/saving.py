"""The statistics of the configured database, as a file to commit."""

from dataclasses import replace
from pathlib import Path

from berceau.planner.privacy import Privacy
from berceau.planner.statistics_file import to_text
from berceau.postgres.core.connection import connect
from berceau.postgres.statistics.reading import Read, read
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.workflows.shared import files
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants.histories import require_tenants

FOLDER = "statistics"


def take(settings: Settings, *, values: bool, tenant: str | None = None) -> Read:
    """Return what the planner of the configured database knows; ``values`` of rows only if asked.

    The owner's role reads it, who sees the statistics of all tables. Where the project has tenants,
    the tables of one are among them: of the ``tenant`` of that name, or of the largest. Raises
    ``StatisticsError``, ``TenantError`` and ``DatabaseError``.
    """
    url = resolve_databases(settings).given_migration_url
    privacy = Privacy(settings.private_columns, settings.public_columns) if values else None
    if tenant is not None:
        require_tenants(settings)
    with connect(url, autocommit=True) as connection:
        if settings.tenants is None:
            return read(connection, url.schema, privacy)
        chosen = registry.get(connection, tenant) if tenant else registry.largest(connection)
        schema = chosen.schema if chosen else None
        found = read(connection, url.schema, privacy, schema)
        note = (
            "There is no tenant yet, so only shared tables are in it."
            if chosen is None
            else f"The tables of tenants are those of {chosen}. --tenant NAME takes another's."
        )
        return replace(found, notes=(note, *found.notes))


def file_of(settings: Settings, given: str | None) -> Path:
    """Return the file that is meant: ``given``, or the one that is called like the database."""
    if given:
        return settings.root / given
    name = resolve_databases(settings).given_migration_url.database
    return settings.root / FOLDER / f"{name}.json"


def save(found: Read, file: Path) -> bool:
    """Write what was ``found`` to ``file``; return whether that changed anything."""
    return files.write(file, to_text(found.statistics))
