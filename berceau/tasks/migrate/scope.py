"""Which of the two histories a command works on, where a project has tenants."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from berceau.errors import MigrationError
from berceau.settings import Settings
from berceau.tasks.project import say
from berceau.tenancy import SCOPES

if TYPE_CHECKING:
    from berceau.tenancy import Scope

HELP = {"scope": "shared or tenant: the tables of which history, where there are tenants"}


def known_scope(settings: Settings, text: str | None) -> "Scope | None":
    """Return the scope that ``text`` names, if any; raises ``MigrationError``."""
    if text is not None and settings.tenants is None:
        raise MigrationError("The project has no tenants.", cure="Leave --scope out.")
    for scope in SCOPES:
        if text == scope:
            return scope
    if text is None:
        return None
    raise MigrationError(f"There is no scope {text}.", cure="Write --scope shared or tenant.")


@contextmanager
def one_history(
    settings: Settings,
    text: str | None,
    *,
    rewrites: bool = False,
    tenant: str | None = None,
    first: str | None = None,
) -> Iterator[Settings]:
    """Yield ``settings`` for what ``text`` names: the shared tables, or the largest tenant's.

    What was done with that tenant, or with the one called ``first``, is done with all others
    afterwards. Where ``tenant`` names one, it is about that one alone. What ``rewrites`` a history
    needs the same one in all of them. Raises ``MigrationError`` where there are tenants, and no
    choice; and ``TenantError``.
    """
    scope = known_scope(settings, text)
    if tenant is not None:
        with _one_tenant(settings, scope, tenant) as one:
            yield one
        return
    if first is not None:
        scope = _of_one(scope, first)
    elif settings.tenants is None:
        yield settings
        return
    if scope is None:
        raise MigrationError(
            "The project has tenants, and two histories.",
            cure="Add --scope shared or --scope tenant.",
        )
    from berceau.workflows.tenants import targets
    from berceau.workflows.tenants.deploying import deploy_all
    from berceau.workflows.tenants.groups import require_alike

    if rewrites and scope == "tenant":
        require_alike(settings)
    with targets.of(settings, scope, first) as one:
        yield one
    if scope == "tenant":
        deploy_all(settings, say)


@contextmanager
def _one_tenant(settings: Settings, scope: "Scope | None", name: str) -> Iterator[Settings]:
    from berceau.workflows.shared.databases import resolve_databases
    from berceau.workflows.tenants import targets, versions

    _of_one(scope, name)
    with targets.of_tenant(settings, targets.find(settings, name)) as one:
        yield one
        versions.record(resolve_databases(one).migration_url, name, say)


def _of_one(scope: "Scope | None", name: str) -> "Scope":
    """Return the scope of the tenant called ``name``; ``MigrationError`` for another ``scope``."""
    if scope == "shared":
        raise MigrationError(
            f"The tenant {name} has no shared tables of its own.",
            cure="Leave --scope or --tenant out.",
        )
    return "tenant"
