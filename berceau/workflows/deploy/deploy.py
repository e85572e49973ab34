"""Deploy: apply the reviewed migrations that the database lacks."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import HistoryError
from berceau.migration.history import Direction, History, Revision, compare
from berceau.migration.migration import Migration
from berceau.postgres.core.connection import Connection, connect, connected
from berceau.postgres.core.session import notice_loss
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import require_schema
from berceau.postgres.runner import ledger, runner
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent


@contextmanager
def deploying(migration_url: Url, report: Report = silent) -> Iterator[Connection]:
    """Yield an autocommit connection that alone may migrate the schema of ``migration_url``."""
    with connect(migration_url, autocommit=True) as connection:
        require_schema(connection, migration_url.schema)
        notice_loss(connection)
        with deploy_lock(connection, migration_url.schema, report=report):
            yield connection


def history(url: Url, migrations: Sequence[Migration]) -> History:
    """Hold ``migrations`` against the ledger of the schema of ``url``; the runtime role may ask.

    Raises ``ConnectionFailedError``, also where the connection breaks meanwhile.
    """
    with connected(url) as connection:
        return compare(migrations, ledger.read(connection))


def deploy(
    migration_url: Url, migrations: Sequence[Migration], report: Report = silent
) -> tuple[str, ...]:
    """Apply what is pending, one deploy at a time, and return the names of what was applied.

    What failed or was interrupted is resumed. Raises ``HistoryError`` where files and ledger
    contradict each other, ``StatementError`` where a migration fails: the ones before it stay
    applied, and the ledger has how far it came itself.
    """
    with deploying(migration_url, report) as connection:
        return apply_pending(connection, migrations, report)


def settled(
    connection: Connection, migrations: Sequence[Migration], report: Report = silent
) -> History:
    """Return the history, once the ledger has a squash in the place of what that replaces.

    What was begun and left nothing is forgotten where its file is gone. Where anything is
    contradictory, the ledger stays as it is.
    """
    found = compare(migrations, ledger.read(connection))
    if found.contradictions or not (found.replacing or found.void):
        return found
    ledger.ensure(connection)
    for line in found.void:
        ledger.Ledger(connection).forget(line.name)
    for migration in found.replacing:
        ledger.record(connection, migration)
        report(f"recorded {migration.name}: what it replaces was applied")
    return compare(migrations, ledger.read(connection))


def apply_pending(
    connection: Connection, migrations: Sequence[Migration], report: Report
) -> tuple[str, ...]:
    """Apply what is pending on a connection that holds the deploy lock."""
    found = settled(connection, migrations, report)
    found.require_sound()
    begun = {each.name: each for each in found.unfinished}
    refuse_half_undone(begun.values())
    if found.pending:
        ledger.ensure(connection)
    for migration in found.pending:
        report(_announced(migration, begun.get(migration.name)))
        runner.apply(connection, migration, report)
    return tuple(migration.name for migration in found.pending)


def refuse_half_undone(unfinished: Iterable[Revision]) -> None:
    """Raise ``HistoryError`` for a migration that was undone in part."""
    for each in unfinished:
        if each.direction is Direction.DOWN:
            raise HistoryError(
                f"{each.name} is undone in part: {each}",
                cure="Run `invoke migrate.down` to continue, or settle it: `invoke migrate.resolve "
                f"{each.name} --applied` or `--rolled-back`.",
            )


def _announced(migration: Migration, before: Revision | None) -> str:
    if before is None or before.position == 0:
        note = ", which has no statement" if migration.is_empty else ""
        return f"applying {migration.name}{note}"
    return f"resuming {migration.name} after statement {before.position} of {before.total}"
