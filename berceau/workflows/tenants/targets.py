"""Targets: settings for what works on one of the two histories, as if there were no other."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from berceau.errors import TenantError
from berceau.postgres.core.connection import Connection, connect
from berceau.postgres.core.fetch import fetch_value
from berceau.postgres.inspect.schemas import comment_schema
from berceau.postgres.inspect.scratch import STAND_IN, scratch
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Scope, Target, Tenant
from berceau.workflows.deploy.replay import scratch_after
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.commands import completing


def shared(settings: Settings) -> Settings:
    """Return ``settings`` for the shared tables; where there are no tenants, the same."""
    return settings.targeting(Target("shared")) if settings.tenants else settings


def named(settings: Settings, name: str) -> Settings:
    """Return ``settings`` for the tenant called ``name``, for what tries no migration out.

    Raises as ``find``.
    """
    return settings.targeting(Target("tenant", find(settings, name).schema, name=name))


def find(settings: Settings, name: str) -> Tenant:
    """Return the tenant called ``name``.

    Raises ``TenantUnknownError``, and ``TenantError`` where its schema is missing.
    """
    histories.require_tenants(settings)
    with connect(resolve_databases(settings).migration_url) as connection:
        tenant = registry.get(connection, name)
    if tenant.state == "missing":
        raise TenantError(
            f"The tenant {tenant} has no tables: {tenant.deed}.",
            cure=f"Restore it from a backup, or end the tenant by `invoke tenant.drop {tenant}`.",
        )
    return tenant


@contextmanager
def of(settings: Settings, scope: Scope, name: str | None = None) -> Iterator[Settings]:
    """Yield ``settings`` for the shared tables, or for those of the largest tenant.

    Instead of the largest, it is the one called ``name``: raises as ``find``.
    """
    if scope == "shared":
        one = shared(settings)
        with completing(one.target):
            yield one
        return
    tenant = find(settings, name) if name else None
    with of_tenant(settings, tenant) as one, completing(one.target):
        yield one


@contextmanager
def of_tenant(settings: Settings, tenant: Tenant | None = None) -> Iterator[Settings]:
    """Yield ``settings`` for the tables of ``tenant``, by default those of the largest.

    Its rows tell the most of what a migration has to cope with. Where there is none, an empty
    schema is in its place. What tries migrations out meanwhile has the shared tables as their
    migrations build them, and never the real ones. Raises ``MigrationError`` where they can't be
    built.
    """
    found = histories.read(settings)
    url = resolve_databases(settings).migration_url
    tenant = tenant or _largest(settings)
    with ExitStack() as stack:
        connection = stack.enter_context(scratch_after(url, found.shared))
        stand_in = _schema(connection)
        comment_schema(connection, stand_in, STAND_IN)
        schema = tenant.schema if tenant else _schema(stack.enter_context(scratch(url)))
        name = tenant.name if tenant else None
        yield settings.targeting(Target("tenant", schema, stand_in, name))


def others(settings: Settings, one: Settings) -> tuple[Settings, ...]:
    """Return settings for each tenant that is ready, but not for that of ``one``; maybe none.

    Migrations are tried out where ``one`` tries them out: it has to last as long.
    """
    if one.target is None or one.target.scope == "shared":
        return ()
    with connect(resolve_databases(settings).migration_url) as connection:
        ready = [each for each in registry.read(connection) if each.state == "ready"]
    return tuple(
        one.targeting(replace(one.target, schema=each.schema, name=each.name))
        for each in ready
        if each.schema != one.target.schema
    )


def _largest(settings: Settings) -> Tenant | None:
    with connect(resolve_databases(settings).migration_url) as connection:
        return registry.largest(connection)


def _schema(connection: Connection) -> str:
    found: str = fetch_value(connection, "SELECT current_schema()")
    return found
