"""What a page of the console is about where a project has tenants: one, or what is shared."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pyramid.request import Request

from berceau.tenancy import Scope, Target
from berceau.web.registry import RUNNING, settings_of
from berceau.workflows.build.declared import Declared, declared
from berceau.workflows.serve.start import Running
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import targets


@contextmanager
def target_of(request: Request, *, shared: bool = False) -> Iterator[Running]:
    """Yield the running application with the settings and databases that ``request`` is about.

    That is the tenant whose the request is, or the ``shared`` tables. Without tenants, it is all.
    """
    running: Running = request.registry[RUNNING]
    settings, tenant = running.settings, None if shared else request.tenant
    if not settings.tenants:
        yield running
    elif tenant is None:
        one = targets.shared(settings)
        yield replace(running, settings=one, databases=resolve_databases(one))
    elif settings.development:
        with targets.of_tenant(settings, tenant) as one:
            yield replace(running, settings=one, databases=resolve_databases(one))
    else:  # to try migrations out needs the owner's rights: not in production
        one = settings.targeting(Target("tenant", tenant.schema, name=tenant.name))
        yield replace(running, settings=one, databases=resolve_databases(one))


def declared_for(running: Running) -> Declared:
    """Return what components declare of what ``running`` is about. Raises ``BerceauError``."""
    found, target = declared(running.settings), running.settings.target
    return found.part(target.scope) if target is not None else found


def scope_of(request: Request) -> Scope | None:
    """Return which of the two histories a page is about; ``None`` where there is only one."""
    if not settings_of(request.registry.settings).tenants:
        return None
    return "shared" if request.tenant is None else "tenant"


def whose(request: Request) -> str:
    """Return a sentence on whose migrations a page is about, where there are two histories."""
    scope = scope_of(request)
    if scope is None:
        return ""
    if scope == "shared":
        return (
            "These migrations are those of the shared tables. Those of tenants are at a tenant's "
            "address."
        )
    return (
        f"These migrations are those of all tenants, and shown is how far {request.tenant} is. "
        "What you apply or undo here, you apply or undo in all of them."
    )
