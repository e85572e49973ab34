"""Deploy: apply the reviewed migrations that the database lacks."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import HistoryError
from berceau.migration.history import Direction, History, Revision, compare
from berceau.migration.migration import Migration
from berceau.postgres.citus.nodes import has_citus, require_servers
from berceau.postgres.core.connection import Connection, connect, connected
from berceau.postgres.core.session import notice_loss
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.schemas import require_schema
from berceau.postgres.runner import ledger
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent


@contextmanager
def deploying(migration_url: Url, report: Report = silent) -> Iterator[Connection]:
    """Yield an autocommit connection that alone may migrate the schema of ``migration_url``."""
    with connect(migration_url, autocommit=True) as connection:
        notice_loss(connection)
        require_schema(connection, migration_url.schema)
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
    """Apply all that is pending, one deploy at a time, and return the names of what was applied.

    No other release may run on the database: beside one, deploy ``phased``. What failed or was
    interrupted is resumed. Raises ``HistoryError`` where files and ledger contradict each other,
    ``StatementError`` where a migration fails: the ones before it stay applied, and the ledger has
    how far it came itself.
    """
    with deploying(migration_url, report) as connection:
        return apply_pending(connection, migrations, report)


def settled(
    connection: Connection,
    migrations: Sequence[Migration],
    report: Report = silent,
    found: History | None = None,
) -> History:
    """Return the history, once the ledger has a squash in the place of what that replaces.

    What was begun and left nothing is forgotten where its file is gone. Where anything is
    contradictory, the ledger stays as it is. It isn't read where the history is ``found`` already.
    """
    found = found or compare(migrations, ledger.read(connection))
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
    """Apply all that is pending on a connection that holds the deploy lock."""
    found = sound(connection, migrations, report)
    return apply(connection, found, found.pending, report)


def sound(
    connection: Connection,
    migrations: Sequence[Migration],
    report: Report,
    found: History | None = None,
) -> History:
    """Return the ``settled`` history; raises ``HistoryError`` where nothing may be applied."""
    found = settled(connection, migrations, report, found)
    found.require_sound()
    refuse_half_undone(found.unfinished)
    return found


def apply(
    connection: Connection,
    found: History,
    chosen: Sequence[Migration],
    report: Report,
    *,
    at_once: bool = False,
) -> tuple[str, ...]:
    """Apply the ``chosen`` migrations, which are the first of the pending ones that were found.

    The ledger hasn't changed since: the connection alone may migrate.
    Tables that aren't where the others have them by now come there first: a database may have got
    Citus since. In a new schema of one without Citus, statements may be run ``at_once``, and
    migrations together.
    """
    spread = has_citus(connection)
    if spread:
        from berceau.workflows.deploy.places import place  # only with Citus

        place(connection, report)
        if chosen:
            require_servers(connection)
    if not chosen:
        return ()
    # A deploy with nothing pending starts without these.
    from berceau.postgres.runner import runner, together

    begun = {each.name: each for each in found.unfinished}
    at_once = at_once and not spread
    joins = at_once and not begun
    book = ledger.Ledger(connection)
    book.ensure()
    for part in together.parts(chosen) if joins else [(each,) for each in chosen]:
        done = joins and together.apply_together(connection, part)
        for migration in part:
            line = begun.get(migration.name)
            report(announced(migration, line))
            if not done:
                runner.go_on(book, line, migration, report, at_once=at_once)
    return tuple(migration.name for migration in chosen)


def refuse_half_undone(unfinished: Iterable[Revision]) -> None:
    """Raise ``HistoryError`` for a migration that was undone in part."""
    for each in unfinished:
        if each.direction is Direction.DOWN:
            raise HistoryError(
                f"{each.name} is undone in part: {each}",
                cure="Run `invoke migrate.down` to continue, or settle it: `invoke migrate.resolve "
                f"{each.name} --applied` or `--rolled-back`.",
            )


def announced(migration: Migration, before: Revision | None = None) -> str:
    """Return what is told as ``migration`` is applied, of which ``before`` is in the ledger."""
    if before is None or (before.position == 0 and not before.batches):
        note = ", which has no statement" if migration.is_empty else ""
        return f"applying {migration.name}{note}"
    return f"resuming {migration.name} {before.place}"
