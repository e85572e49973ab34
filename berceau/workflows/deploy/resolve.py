"""Resolve: record what became of a migration that failed, where only a person can know."""

from collections.abc import Sequence

from berceau.errors import HistoryError
from berceau.migration.history import Direction, Revision, groups_of
from berceau.migration.migration import Migration, count
from berceau.postgres.core.url import Url
from berceau.postgres.runner.ledger import Ledger
from berceau.postgres.runner.progress import Report, silent
from berceau.workflows.deploy.deploy import deploying


def mark_applied(
    migration_url: Url, migrations: Sequence[Migration], name: str, report: Report = silent
) -> None:
    """Record that all of the migration ``name``, as it is on disk, is in the database.

    One that was applied, and edited since, is recorded again. Raises ``HistoryError``.
    """
    with deploying(migration_url, report) as connection:
        ledger = Ledger(connection)
        on_disk = next((each for each in migrations if each.name == name), None)
        line = ledger.find(name)
        if on_disk is None or line is None or line.checksum == on_disk.checksum:
            line = _unfinished(ledger, name)
        migration = on_disk or line.to_migration()
        ledger.ensure()
        ledger.record(migration)


def mark_rolled_back(migration_url: Url, name: str, report: Report = silent) -> None:
    """Record that nothing of the migration ``name`` is in the database, so that it is pending."""
    with deploying(migration_url, report) as connection:
        ledger = Ledger(connection)
        _unfinished(ledger, name)
        ledger.ensure()
        ledger.forget(name)


def mark_done(
    migration_url: Url,
    migrations: Sequence[Migration],
    name: str,
    done: int,
    report: Report = silent,
) -> None:
    """Record that the first ``done`` statements of the migration ``name`` took effect, no more.

    What batches of the next one did is forgotten: it begins with the first row.
    """
    with deploying(migration_url, report) as connection:
        ledger = Ledger(connection)
        line = _unfinished(ledger, name)
        migration = next((each for each in migrations if each.name == name), line.to_migration())
        if line.direction is Direction.DOWN:
            migration = line.to_migration()
        total = count(groups_of(migration, line.direction))
        if not 0 <= done < total:
            raise HistoryError(
                f"{name} has {total} statements: {done} can't be done of an unfinished one.",
                cure=f"Give a number from 0 to {total - 1}, or --applied.",
            )
        ledger.ensure()
        ledger.start(migration, line.direction, done)
        ledger.advance(name, done)  # no batches of the next one either


def _unfinished(ledger: Ledger, name: str) -> Revision:
    line = ledger.find(name)
    if line is None:
        raise HistoryError(
            f"The database has no failed migration {name}.",
            cure="`invoke migrate.status` shows them.",
        )
    if line.is_whole:
        raise HistoryError(
            f"{name} is applied; there is nothing to resolve.",
            cure="`invoke migrate.down` undoes it.",
        )
    return line
