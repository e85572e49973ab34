"""Create: a new tenant, with a schema of its own that has all tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import MigrationError, TenantError
from berceau.migration.history import compare
from berceau.migration.migration import Migration
from berceau.migration.phases import phases
from berceau.postgres.citus.nodes import has_citus, require_servers
from berceau.postgres.citus.schemas import distribute
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import execute
from berceau.postgres.core.session import notice_loss
from berceau.postgres.inspect.roles import grant_usage
from berceau.postgres.inspect.schemas import (
    create_schema,
    require_schema,
    schema_exists,
    use_schema,
)
from berceau.postgres.runner import ledger, processes
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Target, Tenant, tenant_schema
from berceau.workflows.deploy.deploy import apply, sound
from berceau.workflows.deploy.phased import first_barred
from berceau.workflows.shared.databases import Databases, resolve_databases
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.commands import completing
from berceau.workflows.tenants.extensions import require_shared

_WAYS = {
    "dropping": "Finish its removal first: `invoke tenant.drop {}`.",
    "missing": "Restore its schema from a backup, or remove it first: `invoke tenant.drop {}`.",
}
"""What is to be done first where there is one in such a state."""


def create(settings: Settings, name: str, report: Report = silent) -> Tenant:
    """Make the tenant ``name``, with the tables of all migrations that running releases can use.

    One whose creation was interrupted is finished. Raises ``TenantError`` for one that is there,
    and ``MigrationError`` where the shared tables lack more than a contract, which waits for old
    processes. That one gets what was written before the first migration that is pending there,
    which may need just that.
    """
    found = histories.read(settings)
    databases = resolve_databases(settings)
    shared = databases.migration_url.schema
    schema = tenant_schema(name, shared)
    with connect(databases.migration_url, autocommit=True) as connection:
        require_schema(connection, shared)
        notice_loss(connection)
        require_servers(connection)
        shared_phases = phases(compare(found.shared, ledger.read(connection)))
        early = next(iter(shared_phases.ready), None)
        if early is not None and registry.find(connection, name) is None:
            raise _early(early, "Nothing was made. Run")
        # As in a deploy: what was written after it waits, too.
        first = next(iter((*shared_phases.ready, *shared_phases.waiting)), None)
        registry.ensure(connection, databases.runtime_url.user)
        require_shared(connection, found, found.tenant)
        with deploy_lock(connection, schema, report=report):
            with _one_wait(connection):
                tenant = _claim(connection, Tenant(name, schema, "creating"))
                _make_schema(connection, databases, tenant)
                use_schema(connection, tenant.schema, shared)
                with completing(Target("tenant", tenant.schema, name=name)):
                    version = _apply(connection, found.tenant, first, report)
            if early is not None:
                raise _early(early, f"The tenant {tenant} has all that was written before. Run")
            return registry.finish(connection, tenant, version)


def _early(waiting: Migration, cure: str) -> MigrationError:
    return MigrationError(
        f"The shared tables aren't up to date: {waiting.name} is pending.",
        cure=f"{cure} `invoke migrate.deploy`, and the command again.",
    )


@contextmanager
def _one_wait(connection: Connection) -> Iterator[None]:
    """Let what the body writes reach the disk with what is written next.

    Nothing uses a tenant before its last step; after a crash, another run does what is missing.
    Servers of Citus wait each time: one commits what another one, which decides, may forget.
    """
    if has_citus(connection):
        yield
        return
    execute(connection, "SET synchronous_commit = off")
    yield
    execute(connection, "SET synchronous_commit = on")


def _claim(connection: Connection, tenant: Tenant) -> Tenant:
    """Write the new ``tenant`` into the registry, or find the one whose creation is to go on."""
    found = registry.find(connection, tenant.name)
    if found is not None:
        if found.state != "creating":
            raise TenantError(
                f"There is a tenant {tenant} already: {found.deed}.",
                cure=_WAYS.get(found.state, "Choose another name.").format(tenant),
            )
        return found
    if schema_exists(connection, tenant.schema):
        raise TenantError(
            f"There is a schema {tenant.schema} already, and it isn't that of a tenant.",
            cure="Choose another name, or rename the schema: ALTER SCHEMA ... RENAME TO ...",
        )
    return registry.add(connection, tenant) or registry.get(connection, tenant.name)


def _make_schema(connection: Connection, databases: Databases, tenant: Tenant) -> None:
    if not schema_exists(connection, tenant.schema):
        create_schema(connection, tenant.schema)
    grant_usage(connection, tenant.schema, databases.runtime_url.user)
    if has_citus(connection):
        distribute(connection, tenant.schema)


def _apply(
    connection: Connection,
    migrations: Sequence[Migration],
    waiting: Migration | None,
    report: Report,
) -> str | None:
    """Apply what no running process is too old for, and return the name of the newest.

    That is without what was written after the one that is ``waiting``, if one is.
    """
    found = sound(connection, migrations, report).until(waiting.name if waiting else None)
    pending = found.pending
    barred = first_barred(migrations, pending, processes.running(connection))
    chosen = pending[: pending.index(barred.contract)] if barred else pending
    applied = apply(connection, found, chosen, report, at_once=True)
    return next(reversed([*(each.name for each in found.applied), *applied]), None)
