"""Create: a new tenant, with a schema of its own that has all tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from berceau.errors import MigrationError, TenantError
from berceau.migration.history import History, compare
from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract, phases
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
    using,
)
from berceau.postgres.runner import ledger, processes
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.runner.together import attempt, fit_together, run_together
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Target, Tenant, tenant_schema
from berceau.workflows.deploy.deploy import announced, apply, sound
from berceau.workflows.deploy.migration_directory import last_name
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


def create(
    settings: Settings, name: str, report: Report = silent, *, refuse_files: bool = False
) -> Tenant:
    """Make the tenant ``name``, with the tables of all migrations that running releases can use.

    One whose creation was interrupted is finished. Raises ``TenantError`` for one that is there,
    and ``MigrationError`` where the shared tables lack more than a contract, which waits for old
    processes. That one gets what was written before the first migration that is pending there,
    which may need just that. If it is to ``refuse_files``, ``TenantError`` is raised for those of
    one that had the name.
    """
    found = histories.read(settings)
    databases = resolve_databases(settings)
    shared = databases.migration_url.schema
    schema = tenant_schema(name, shared)
    with connect(databases.migration_url, autocommit=True) as connection:
        require_schema(connection, shared)
        notice_loss(connection)
        spread = has_citus(connection)
        if spread:
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
            claimed = Tenant(name, schema, "creating")
            if refuse_files and registry.find(connection, name) is None:
                # Only here: it imports Pony, and what prepares tests makes tenants without that.
                from berceau.workflows.tenants import stored

                stored.refuse(settings, claimed, report)
            making = _Making(connection, databases, claimed, found.tenant, first, report)
            made = making.at_once() if early is None and not spread else None
            if made is not None:
                return made
            with nullcontext() if spread else _one_wait(connection):
                tenant = _claim(connection, claimed)
                with completing(Target("tenant", schema, name=name)):
                    version = making.in_steps(spread=spread)
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
    Servers of Citus have to wait each time: one commits what another one, which decides, may
    forget.
    """
    execute(connection, "SET synchronous_commit = off")
    yield
    execute(connection, "SET synchronous_commit = on")


def _claim(connection: Connection, tenant: Tenant) -> Tenant:
    """Write the new ``tenant`` into the registry, or find the one whose creation is to go on."""
    made = registry.add(connection, tenant, new=True)
    if made is not None:
        return made
    found = registry.find(connection, tenant.name)
    if found is None:
        raise TenantError(
            f"There is a schema {tenant.schema} already, and it isn't that of a tenant.",
            cure="Choose another name, or rename the schema: ALTER SCHEMA ... RENAME TO ...",
        )
    if found.state != "creating":
        raise _taken(found)
    return found


def _taken(found: Tenant) -> TenantError:
    return TenantError(
        f"There is a tenant {found} already: {found.deed}.",
        cure=_WAYS.get(found.state, "Choose another name.").format(found),
    )


@dataclass(frozen=True)
class _Making:
    """The ``migrations`` on their way into the schema of a new ``tenant``.

    What was written after the migration ``first``, which is pending in the shared schema, waits.
    """

    connection: Connection
    databases: Databases
    tenant: Tenant
    migrations: Sequence[Migration]
    first: Migration | None
    report: Report

    def at_once(self) -> Tenant | None:
        """Make all of it in one transaction, and return it; ``None`` where that doesn't work.

        Nothing was made then, and what is in the way isn't known: it may be there already.
        """
        found = compare(self.migrations, ())
        found.require_sound()
        chosen = self._chosen(found)

        def work() -> Tenant:
            create_schema(self.connection, self.tenant.schema)
            book = ledger.Ledger(self._use(), new=self.tenant.schema)
            book.make()
            run_together(book, chosen)
            ready = replace(self.tenant, state="ready", version=last_name(chosen))
            added = registry.add(self.connection, ready)
            if added is None:
                raise _taken(self.tenant)
            return added

        made = attempt(self.connection, work) if fit_together(chosen) else None
        for each in chosen if made else ():
            self.report(announced(each))
        return made

    def in_steps(self, *, spread: bool) -> str | None:
        """Do what is left to do of a claimed one, and return the name of its newest migration.

        What was done stays where a later step fails.
        """
        if not schema_exists(self.connection, self.tenant.schema):
            create_schema(self.connection, self.tenant.schema)
        connection = self._use()
        if spread:
            distribute(connection, self.tenant.schema)
        found = sound(connection, self.migrations, self.report)
        applied = apply(connection, found, self._chosen(found), self.report, at_once=not spread)
        return next(reversed([*(each.name for each in found.applied), *applied]), None)

    def _use(self) -> Connection:
        """Let the application use the schema, and the connection work in it."""
        use = using(self.tenant.schema, self.databases.migration_url.schema)
        grant_usage(self.connection, self.tenant.schema, self.databases.runtime_url.user, use)
        return self.connection

    def _chosen(self, found: History) -> tuple[Migration, ...]:
        """Return what of the ``found`` is pending, and no running process is too old for."""
        pending = found.until(self.first.name if self.first else None).pending
        if not any(map(is_contract, pending)):
            return pending
        barred = first_barred(self.migrations, pending, processes.running(self.connection))
        return pending[: pending.index(barred.contract)] if barred else pending
