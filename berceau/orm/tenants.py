"""Whose work is done: a unit of work is one tenant's, that of its context unless it names one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol, TypeAlias

from berceau.errors import TenantError, TenantMissingError, TenantUnknownError
from berceau.orm.unit import current_unit
from berceau.tenancy import SHARED, Shared, Tenant

Choice: TypeAlias = Tenant | Shared
Path: TypeAlias = tuple[str, ...]
"""The schemas that a transaction finds tables in: the tenant's before that of shared tables."""

_context: ContextVar[Choice | None] = ContextVar("tenant", default=None)


class Tenants(Protocol):
    """The tenants of a database; ``shared`` is the schema of what they have in common."""

    shared: str

    def find(self, name: str) -> Tenant:
        """Return the tenant called ``name``. Raises ``TenantError``."""


# Filled by the module of the global database, which can't be imported here.
_lookup: dict[Literal["known"], Callable[[], Tenants | None]] = {"known": lambda: None}


def current_tenant() -> Choice | None:
    """Return whose work this thread does now: that of its unit, or else of its context."""
    unit = current_unit()
    return _context.get() if unit is None else unit.tenant


@contextmanager
def acting_for(tenant: Choice | None) -> Iterator[None]:
    """Let the units of work of the body be those of ``tenant``, unless they name another."""
    token = _context.set(tenant)
    try:
        yield
    finally:
        _context.reset(token)


def act_for(tenant: Choice | None) -> None:
    """Let this thread act for ``tenant`` until the ``acting_for`` around it ends."""
    _context.set(tenant)


def same(one: Choice | None, other: Choice | None) -> bool:
    """Return whether both are the same tenant, whenever they were looked up."""
    if isinstance(one, Tenant) and isinstance(other, Tenant):
        return one.schema == other.schema
    return one is other


def look_up_in(known: Callable[[], Tenants | None]) -> None:
    """Let ``resolve`` look names up in what ``known`` returns then."""
    _lookup["known"] = known


def resolve(tenant: Choice | str) -> Choice:
    """Return the tenant that is meant, which a name is looked up for. Raises ``TenantError``."""
    if not isinstance(tenant, str):
        return tenant
    tenants = _lookup["known"]()
    if tenants is None:
        raise no_tenants(tenant)
    return tenants.find(tenant)


def find_again(identity: str) -> Tenant:
    """Return the tenant of an ``identity``, or of a name. Raises ``TenantError``."""
    name, _, since = identity.partition(".")
    found = resolve(name)
    if not isinstance(found, Tenant) or since not in {"", found.since}:
        raise TenantUnknownError(
            f"The tenant {name} was dropped, and another one has its name.",
            cure="Nothing of the first is done for the second: drop this work, too.",
        )
    return found


def path_of(tenant: Choice | None, tenants: Tenants | None) -> Path | None:
    """Return where a transaction of ``tenant`` finds its tables; ``None`` means as always.

    Raises ``TenantMissingError`` where there is none but has to be one, and ``TenantError`` where
    the project has none.
    """
    if tenants is None:
        if isinstance(tenant, Tenant):
            raise no_tenants(tenant.name)
        return None
    if tenant is SHARED:
        return (tenants.shared,)
    if isinstance(tenant, Tenant):
        return (tenant.schema, tenants.shared)
    raise TenantMissingError(
        "The database was asked without a tenant, and its tables are those of tenants.",
        cure="Name the tenant: unit_of_work(tenant=...), run_unit(..., tenant=...) or "
        "tenant_context(...). In requests, config.set_tenant_factory() tells it. For shared "
        "tables only, it is SHARED.",
    )


def no_tenants(name: str) -> TenantError:
    """Return the error of a project without tenants that was given the one called ``name``."""
    return TenantError(
        f"A unit of work was given the tenant {name}, and this project has no tenants.",
        cure="Set berceau.tenants = schema in the ini file, or leave the tenant out.",
    )


def mixed(first: Choice | None, second: Choice | None) -> TenantError:
    """Return the error of work of one tenant inside of that of another one."""
    return TenantError(
        f"A session of {describe(first)} was used for {describe(second)}.",
        cure="End its unit of work before you begin that of another tenant.",
    )


def describe(tenant: Choice | None) -> str:
    """Return who ``tenant`` is, in words."""
    if tenant is None:
        return "no tenant"
    return "the shared tables" if tenant is SHARED else f"the tenant {tenant}"
