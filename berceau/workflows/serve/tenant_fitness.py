"""Whether a release and the tables of a tenant fit each other."""

from collections.abc import Callable

from berceau.migration.migration import Migration
from berceau.migration.phases import is_contract, knows
from berceau.postgres.core.connection import connected
from berceau.postgres.core.url import Url
from berceau.postgres.inspect.glance import glance
from berceau.schema.model import Schema
from berceau.schema.release import fits
from berceau.tenancy import Tenant
from berceau.workflows.serve.fitness import Unfit, lacking, overtaken


class TenantFitness:
    """Looks at the tenants of the database of ``url``, by what the registry has of each.

    Its entities are ``declared``, as far as each tenant has their tables. ``migrations`` returns
    those of tenants that the release has.
    """

    def __init__(
        self, url: Url, declared: Schema, migrations: Callable[[], tuple[Migration, ...]]
    ) -> None:
        self._url = url
        self._declared = declared
        self._migrations = migrations
        self._seen: dict[str, Unfit | None] = {}

    def look(self, tenant: Tenant) -> Unfit | None:
        """Return why ``tenant`` can't be served by this release, or ``None``.

        Tenants of one version have the same tables. So the catalog is read once for a version that
        this release doesn't know. Raises ``ConnectionFailedError``.
        """
        version, migrations = tenant.version, self._migrations()
        pending = (each for each in migrations if not knows(version, each))
        needed = [each.name for each in pending if not is_contract(each)]
        if needed:
            return lacking(needed)
        if version is None or any(_stands_for(each, version) for each in migrations):
            return None
        if version not in self._seen:
            self._compare(version, tenant)
        return self._seen.get(version)

    def _compare(self, version: str, tenant: Tenant) -> None:
        with connected(self._url.of_tenant(tenant.schema)) as connection:
            there = glance(connection)
        if there is None:  # somebody holds a lock: the next request looks again
            return
        misfits = fits(self._declared, there)
        self._seen[version] = overtaken(misfits, (version,)) if misfits else None


def _stands_for(migration: Migration, version: str) -> bool:
    return version == migration.name or version in migration.header.replaces
