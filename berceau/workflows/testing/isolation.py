"""Isolation: a private copy of the migrated schema for one test process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import DatabaseError, HistoryError
from berceau.migration.phases import is_contract
from berceau.postgres.core.connection import Connection, connect
from berceau.settings import Settings
from berceau.workflows.deploy import migration_directory
from berceau.workflows.deploy.deploy import deploy, history
from berceau.workflows.shared.databases import Databases, resolve_databases
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.deploying import deploy_all
from berceau.workflows.testing import tenants
from berceau.workflows.testing.copies import PREFIX as PREFIX
from berceau.workflows.testing.copies import Isolation as Isolation
from berceau.workflows.testing.copies import Prepared, look
from berceau.workflows.testing.copies import Private as Private
from berceau.workflows.testing.slots import schema_slot
from berceau.workflows.testing.template import database_slot, prepare_databases


def prepare(
    settings: Settings, isolation: Isolation = Isolation.AUTO, allowed: Sequence[str] = ()
) -> str:
    """Get the source of all copies ready, once for a run; return what its workers need to know.

    The embedded server is started and migrated. The text is for `private_schema`, in this process
    or in another. Raises ``HistoryError`` where a configured database lacks migrations,
    ``CloneError`` for what can't be copied, or what may lead from a schema to its source unless
    a pattern of ``allowed`` fits, ``PermissionMissingError`` where the owner doesn't own the
    schema, or may not create databases for tests that are to have their own.
    """
    source = resolve_databases(settings)
    _require_migrated(source, settings)
    with connect(source.migration_url, autocommit=True) as connection:
        return _prepare(connection, source, settings, isolation, allowed).to_text()


def _prepare(
    connection: Connection,
    source: Databases,
    settings: Settings,
    isolation: Isolation,
    allowed: Sequence[str],
) -> Prepared:
    if isolation is not Isolation.SCHEMA:
        try:
            return prepare_databases(connection, source, settings, isolation)
        except DatabaseError:
            if isolation is Isolation.DATABASE:
                raise
    return look(
        connection,
        source.migration_url,
        settings.cache,
        Isolation.SCHEMA,
        around=tuple(tenants.texts(settings)),
        allowed=allowed,
    )


@contextmanager
def private_schema(
    settings: Settings,
    prepared: str | None = None,
    isolation: Isolation = Isolation.AUTO,
    allowed: Sequence[str] = (),
) -> Iterator[Private]:
    """Give this process a copy of the project's migrated schema, without rows, while the body runs.

    ``prepared`` is what `prepare` returned in the controlling process, which was told
    ``isolation`` and ``allowed``; without it that is done here. The copy is the one of the first
    free slot: it is used again as long as the source stays as it was, and made again otherwise. A
    slot is held by a lock that dies with this process: any number of runs share a server, and a
    killed one leaves nothing that the next one trips over. Raises what `prepare` does.
    """
    found = Prepared.from_text(prepared or prepare(settings, isolation, allowed))
    source = resolve_databases(settings)
    with (
        schema_slot(source, found, settings)
        if found.isolation is Isolation.SCHEMA
        else database_slot(source, found, settings)
    ) as private:
        yield private


def _require_migrated(source: Databases, settings: Settings) -> None:
    if source.embedded and settings.tenants is not None:
        deploy_all(settings)
        return
    if settings.tenants is not None:
        migrations = histories.read(settings).shared
    else:
        migrations = migration_directory.read(settings.migrations)
    if source.embedded:
        deploy(source.migration_url, migrations)
        return
    pending = history(source.migration_url, migrations).pending
    if pending:
        raise HistoryError(
            f"The tests' schema is copied from {source.migration_url.schema}, which lacks "
            f"{', '.join(migration.name for migration in pending)}.",
            cure="Run `invoke migrate.deploy --contract` first."
            if any(map(is_contract, pending))
            else "Run `invoke migrate.deploy` first.",
        )
