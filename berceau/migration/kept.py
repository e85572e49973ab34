"""What migrations keep for running releases: the fold of their headers."""

from collections.abc import Iterable

from berceau.migration.migration import Migration
from berceau.schema.kept import Kept


def kept_by(migrations: Iterable[Migration]) -> dict[Kept, str]:
    """Return what is kept after ``migrations``, each with the name of the one that kept it."""
    found: dict[Kept, str] = {}
    for migration in migrations:
        for each in migration.header.ends:
            found.pop(each, None)
        for each in migration.header.keeps:
            found.setdefault(each, migration.name)
    return found
