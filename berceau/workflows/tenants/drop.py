"""Drop: a tenant, with all of its rows."""

import time

from berceau.errors import TenantError
from berceau.postgres.citus.nodes import require_servers
from berceau.postgres.clone.comparing import dependents
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.session import notice_loss
from berceau.postgres.inspect.schemas import (
    drop_schema,
    require_schema,
    schema_exists,
    use_schema,
)
from berceau.postgres.rows.rows import filled_tables
from berceau.postgres.runner import processes
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import FRESH_SECONDS, Tenant, tenant_schema
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants import stored
from berceau.workflows.tenants.extensions import require_none
from berceau.workflows.tenants.histories import require_tenants


def drop(
    settings: Settings,
    name: str,
    report: Report = silent,
    *,
    force: bool = False,
    with_files: bool = False,
) -> None:
    """Drop the tenant ``name`` and its schema; with rows in it, only by ``force``.

    Its files are removed, too, if it is to be dropped ``with_files``, also where only they are left
    of it. Otherwise it is told how many stay. What was interrupted goes on.
    Requests of the tenant are refused from its first step on. Raises ``TenantUnknownError`` or
    ``TenantError``; ``SettingsError`` or ``StorageError`` where files can't be reached.
    """
    require_tenants(settings)
    migration_url = resolve_databases(settings).migration_url
    with connect(migration_url, autocommit=True) as connection:
        require_schema(connection, migration_url.schema)
        notice_loss(connection)
        require_servers(connection)
        gone = Tenant(name, tenant_schema(name, migration_url.schema)) if with_files else None
        schema = (registry.find(connection, name) or gone or registry.get(connection, name)).schema
        with deploy_lock(connection, schema, report=report):
            if gone and registry.find(connection, name) is None and stored.keys(settings, gone):
                stored.remove(settings, gone, report)
                return
            tenant = registry.get(connection, name)
            if with_files:
                stored.keys(settings, tenant)  # before anything is dropped: they can be reached
            if schema_exists(connection, schema):
                require_schema(connection, schema)
                require_none(connection, tenant)
                if not force:
                    _require_expendable(connection, tenant)
                use_schema(connection, migration_url.schema)
                registry.set_state(connection, tenant, "dropping")
                if processes.running(connection):
                    report(f"waiting {FRESH_SECONDS:.0f} s until all processes have noticed")
                    time.sleep(FRESH_SECONDS)
                drop_schema(connection, schema)
            settle = stored.remove if with_files else stored.tell
            settle(settings, tenant, report)
            registry.remove(connection, name)


def _require_expendable(connection: Connection, tenant: Tenant) -> None:
    use_schema(connection, tenant.schema)
    filled = filled_tables(connection)
    if filled:
        raise TenantError(
            f"The tenant {tenant} holds rows in {counted(len(filled), 'table')}: "
            f"{', '.join(filled[:5])}{', ...' if len(filled) > 5 else ''}.",
            cure="Nothing was dropped. Add --force to drop the tenant with them.",
        )
    others = dependents(connection, tenant.schema)
    if others:
        raise TenantError(
            f"What other schemas hold needs the tables of the tenant {tenant}: {others[0]}.",
            cure="Nothing was dropped. Add --force to drop that, too.",
        )
