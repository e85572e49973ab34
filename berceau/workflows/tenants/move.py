"""Move: a tenant's tables from one server of Citus to another."""

from berceau.errors import TenantError
from berceau.postgres.citus import schemas
from berceau.postgres.citus.nodes import has_citus, require_servers
from berceau.postgres.core.connection import connect
from berceau.postgres.core.session import notice_loss
from berceau.postgres.runner.deploy_lock import deploy_lock
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants.histories import require_tenants


def move(settings: Settings, name: str, server: str, report: Report = silent) -> bool:
    """Bring the tables of the tenant ``name`` to ``server``, which is ``host:port``.

    Returns whether they weren't there yet. Requests go on meanwhile: at the end, writes wait for
    moments. No migration runs in that time. Raises ``TenantUnknownError`` or ``TenantError``.
    """
    require_tenants(settings)
    migration_url = resolve_databases(settings).migration_url
    with connect(migration_url, autocommit=True) as connection:
        notice_loss(connection)
        tenant = registry.get(connection, name)
        if not has_citus(connection):
            raise TenantError(
                f"The database {migration_url.database} has no other server for a tenant.",
                cure="A tenant can move where Citus spreads the database over several servers: "
                "see the guide on Citus.",
            )
        require_servers(connection)
        known = schemas.servers(connection)
        if server not in known:
            raise TenantError(
                f"Citus has no server {server} that takes tables.",
                cure=f"Choose one of {', '.join(known)}; `SELECT citus_add_node(...)` adds one.",
            )
        with deploy_lock(connection, tenant.schema, report=report):
            if schemas.server_of(connection, tenant.schema) == server:
                return False
            report(f"moving {tenant} to {server}")
            # One that is older than Citus gets a server by this, maybe that one.
            schemas.distribute(connection, tenant.schema)
            if schemas.server_of(connection, tenant.schema) != server:
                schemas.move(connection, tenant.schema, server)
            return True
