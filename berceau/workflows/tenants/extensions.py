"""Extensions: a database has each of them once, so no tenant has one of its own."""

from collections.abc import Sequence

from berceau.errors import Location, MigrationError, TenantError
from berceau.migration.migration import UP, Migration
from berceau.postgres.core.connection import Connection
from berceau.postgres.inspect.extensions import created, extensions_in, schema_of_extension
from berceau.postgres.tenants import registry
from berceau.tenancy import Tenant
from berceau.workflows.tenants.histories import Histories


def require_shared(
    connection: Connection, found: Histories, migrations: Sequence[Migration]
) -> None:
    """Raise ``MigrationError`` where ``migrations`` would make an extension in a tenant's schema.

    They are those of tenants that are to be applied. One that is there, or that the shared tables
    get before, is left as it is by ``IF NOT EXISTS``. The connection is one to the shared schema.
    """
    for migration in migrations:
        before = [each for each in found.shared if each.name < migration.name]
        for name, line in created([migration]):
            schema = schema_of_extension(connection, name)
            if schema is None:
                if name not in dict(created(before)):
                    raise _refused(migration, name, line)
            elif registry.has_schema(connection, schema):
                raise MigrationError(
                    f"The extension {name} is in {schema}, the schema of a tenant: others don't "
                    "find it.",
                    where=Location(file=migration.file(UP), line=line),
                    cure=_move(name),
                )


def require_none(connection: Connection, tenant: Tenant) -> None:
    """Raise ``TenantError`` where an extension would go with the schema of ``tenant``."""
    names = extensions_in(connection, tenant.schema)
    if names:
        raise TenantError(
            f"The schema of the tenant {tenant} holds the extension {names[0]}, and what others "
            "made by it would go, too.",
            cure=f"Nothing was dropped. {_move(names[0])}",
        )


def _refused(migration: Migration, name: str, line: int) -> MigrationError:
    return MigrationError(
        f"{migration.name} makes the extension {name} in the schema of the first tenant: others "
        "wouldn't find it.",
        where=Location(file=migration.file(UP), line=line),
        cure="Nothing was applied. Make it by a migration of the shared tables that is older: "
        "`invoke migrate --create-only --scope shared`.",
    )


def _move(name: str) -> str:
    return (
        f"A superuser moves it to the shared schema: ALTER EXTENSION {name} SET SCHEMA ... Without "
        f"one, run DROP EXTENSION {name} CASCADE, and make again what that takes. Then make the "
        "extension by a migration of the shared tables."
    )
