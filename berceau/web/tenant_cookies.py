"""Cookies of tenants: at one host, a visitor has those of each tenant under a name of its own."""

from pyramid.request import Request


def identity_of(request: Request) -> str | None:
    """Return the identity of the tenant that ``request`` is for, if it is for one."""
    tenant = getattr(request, "tenant", None)
    return None if tenant is None else tenant.identity


def cookie_of(name: str, tenant: str | None) -> str:
    """Return what the cookie ``name`` is called at the ``tenant`` of an identity, or elsewhere."""
    return name if tenant is None else f"{name}_{tenant}"
