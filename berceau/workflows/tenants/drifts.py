"""Drifts: tenants whose tables differ from what their migrations build."""

from collections.abc import Iterator, Sequence

from berceau.diagnostic import Diagnostic
from berceau.migration.codes import Code
from berceau.postgres.core.connection import connect
from berceau.postgres.runner import ledger
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.tenancy import Tenant
from berceau.workflows.deploy.drift import drift
from berceau.workflows.deploy.replay import APPLIED, read, replay_cached
from berceau.workflows.shared.cache import SchemaCache
from berceau.workflows.shared.databases import resolve_databases

SAMPLED = 10
"""How many tenants stand for all of them."""


def drifts(settings: Settings, target: Settings, *, sample: bool) -> tuple[Diagnostic, ...]:
    """Return which tenants differ from what the migrations build that were applied to them.

    ``target`` is settings for one tenant, which is known to the caller and left out. A ``sample``
    is some of the others, spread over all names. Those with an unfinished migration are left out.
    """
    return tuple(_drifts(settings, target, sample=sample))


def _drifts(settings: Settings, target: Settings, *, sample: bool) -> Iterator[Diagnostic]:
    url = resolve_databases(target).migration_url
    cache = SchemaCache(target.cache)
    with connect(resolve_databases(settings).migration_url, autocommit=True) as connection:
        others = [each for each in registry.read(connection) if each.schema != url.schema]
    ready = [each for each in others if each.state == "ready"]
    for tenant in others:
        if tenant.state == "missing":
            yield Diagnostic(
                Code.DRIFT,
                f"The tenant {tenant} has no tables: {tenant.deed}.",
                f"Restore it from a backup, or end the tenant by `invoke tenant.drop {tenant}`.",
            )
    for tenant in _spread(ready) if sample else ready:
        with connect(url.with_schema(tenant.schema), autocommit=True) as connection:
            lines = ledger.read(connection)
            if not all(line.is_whole or line.left_nothing for line in lines):
                continue
            applied = ledger.read_migrations(connection)
            held = read(connection)
        found = drift(held, replay_cached(url, applied, cache, APPLIED))
        if found:
            yield Diagnostic(
                Code.DRIFT,
                f"The tenant {tenant} differs from what its migrations build.",
                "Run the SQL that restores it, in the schema of the tenant: it is "
                f"{tenant.schema}.",
                detail=str(found),
            )


def _spread(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """Return some of the ``tenants``, at equal distances."""
    step = max(1, -(-len(tenants) // SAMPLED))
    return tenants[::step]
