"""The tenants that a running application serves: each is looked up once in a few seconds."""

from collections.abc import Collection
from threading import Lock
from time import monotonic

from berceau.errors import (
    ConnectionFailedError,
    TenantError,
    TenantUnavailableError,
    TenantUnknownError,
)
from berceau.migration.migration import Migration
from berceau.orm.tenants import act_for
from berceau.postgres.core.url import Url
from berceau.postgres.pooling.pool import ConnectionPool
from berceau.postgres.tenants import registry
from berceau.schema.model import Schema
from berceau.settings import Settings
from berceau.tenancy import FRESH_SECONDS, State, Tenant, tenant_schema
from berceau.workflows.serve.fitness import Unfit
from berceau.workflows.serve.tenant_fitness import TenantFitness
from berceau.workflows.tenants import histories

VARIABLE = "BERCEAU_TENANT"
"""Whose work a command does: `BERCEAU_TENANT=acme pshell development.ini`."""

FRESH = FRESH_SECONDS

MOST = 10_000
"""How many tenants are remembered; the others are looked up for each request."""

_WAIT = (
    "Wait for the end of the command that does so, or run it again if it was stopped: "
    "`invoke tenant.list` shows the state of each tenant."
)
_RESTORE = "Restore its schema from a backup, or end it by `invoke tenant.drop {}`."
DEEDS: dict[State, str] = {
    "creating": "being created",
    "dropping": "being dropped",
    "missing": "without its schema",
}


class TenantUnfitError(TenantUnavailableError):
    """A tenant can't be served now; ``unfit`` says why."""

    def __init__(self, tenant: Tenant, unfit: Unfit) -> None:
        super().__init__(f"The tenant {tenant} can't be served: {unfit.reason}.", cure=unfit.cure)
        self.tenant, self.unfit = tenant, unfit


class Directory:
    """The tenants in the registry of ``pool``'s database, whose shared schema is ``shared``.

    Those that requests came for lately are looked up together: however many there are, the
    database is asked for them once in ``FRESH`` seconds.
    """

    def __init__(self, pool: ConnectionPool, shared: str, fitness: TenantFitness) -> None:
        self.shared = shared
        self._pool = pool
        self._fitness = fitness
        self._turn = Lock()
        self._looked = -FRESH
        self._seen: dict[str, Tenant] = {}
        self._used: set[str] = set()

    def find(self, name: str) -> Tenant:
        """Return the tenant called ``name``, which can be served.

        Raises ``TenantUnknownError``; ``TenantUnfitError`` for one that isn't ready, or doesn't fit
        this release; and ``ConnectionFailedError`` or ``PoolTimeoutError``.
        """
        if monotonic() - self._looked >= FRESH:
            self._renew()
        tenant = self._seen.get(name)
        if tenant is None:
            return self.look(name)
        self._used.add(name)
        return tenant

    def look(self, name: str) -> Tenant:
        """Do as ``find``, and ask the database."""
        self._seen.pop(name, None)
        tenant = self._ask(name)
        unfit = _unready(tenant) or self._fitness.look(tenant)
        if unfit is not None:
            raise TenantUnfitError(tenant, unfit)
        if len(self._seen) < MOST:
            self._seen[name] = tenant
            self._used.add(name)
        return tenant

    def _renew(self) -> None:
        """Look again at those that were used since the last time, and forget the others.

        All threads wait for the first one, so that nobody is served for longer than that.
        """
        with self._turn:
            if monotonic() - self._looked < FRESH:
                return
            used, self._used, self._seen = self._used, set(), {}
            try:
                if used:
                    self._seen = self._fit_among(used)
            finally:
                self._looked = monotonic()

    def _fit_among(self, names: Collection[str]) -> dict[str, Tenant]:
        with self._pool.reading(self.shared) as connection:
            found = registry.find_all(connection, names)
        verdicts: dict[str | None, Unfit | None] = {}
        fit = {}
        for tenant in found:
            if _unready(tenant) is not None:
                continue
            if tenant.version not in verdicts:
                verdicts[tenant.version] = self._fitness.look(tenant)
            if verdicts[tenant.version] is None:
                fit[tenant.name] = tenant
        return fit

    def look_at_all(self) -> Unfit | None:
        """Return why none of the tenants that are ready can be served, or ``None``.

        One of each version is looked at. Raises ``ConnectionFailedError``.
        """
        with self._pool.reading(self.shared) as connection:
            found = [self._fitness.look(each) for each in registry.one_of_each_version(connection)]
        return None if None in found or not found else found[0]

    def _ask(self, name: str) -> Tenant:
        try:
            tenant_schema(name)
        except TenantError as error:
            raise TenantUnknownError(f"There is no tenant {name!r}.", cure=error.cure) from None
        try:
            return self._read(name)
        except ConnectionFailedError:
            # The server may be back already: the pool checks its other connections now.
            return self._read(name)

    def _read(self, name: str) -> Tenant:
        with self._pool.reading(self.shared) as connection:
            return registry.get(connection, name)


def directory(
    settings: Settings, url: Url, pool: ConnectionPool, declared: Schema
) -> Directory | None:
    """Return the tenants of the database of ``url``, where the project has some.

    In production, the migrations are those that are there now, as the code is.
    """
    if settings.tenants is None:
        return None
    if settings.development:
        fitness = TenantFitness(url, declared, lambda: tenant_migrations(settings))
    else:
        migrations = tenant_migrations(settings)
        fitness = TenantFitness(url, declared, lambda: migrations)
    return Directory(pool, url.schema, fitness)


def tenant_migrations(settings: Settings) -> tuple[Migration, ...]:
    """Return the migrations of each tenant; none where the project has no tenants."""
    return () if settings.tenants is None else histories.read(settings).tenant


def act_for_chosen(settings: Settings, tenants: Directory) -> None:
    """Let this thread, that of a command, act for the tenant that the environment names.

    Raises ``TenantError``. The threads of a server begin without a tenant.
    """
    chosen = settings.sources.find(VARIABLE, "")
    if chosen is not None:
        act_for(tenants.find(chosen.value))


def _unready(tenant: Tenant) -> Unfit | None:
    """Return why ``tenant`` can't be served in its state, or ``None``."""
    if tenant.state == "ready":
        return None
    deed = DEEDS[tenant.state]
    return Unfit(
        f"it is {deed}",
        f"the tenant {tenant} isn't served while it is {deed}",
        f"The tenant {tenant} isn't ready",
        f"It is {deed}.",
        _RESTORE.format(tenant) if tenant.state == "missing" else _WAIT,
    )
