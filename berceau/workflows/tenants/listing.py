"""Listing: all tenants, and whether a release can serve them."""

from dataclasses import dataclass

from berceau.postgres.core.connection import connect
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Tenant
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories


@dataclass(frozen=True)
class Listing:
    """All ``tenants`` by name; the release needs the migration ``needed`` to serve one."""

    tenants: tuple[Tenant, ...]
    needed: str | None

    def is_behind(self, tenant: Tenant) -> bool:
        """Return whether ``tenant`` lacks a migration that the release needs."""
        return tenant.is_behind(self.needed)


def listing(settings: Settings) -> Listing:
    """Return all tenants of the project. Raises ``SettingsError`` where it has none."""
    found = histories.read(settings)
    with connect(resolve_databases(settings).migration_url) as connection:
        return Listing(registry.read(connection), found.needed)
