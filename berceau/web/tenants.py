"""Whose a request is: the application says so, and its unit of work finds that tenant's tables."""

from collections.abc import Callable
from typing import Any, TypeAlias

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from pyramid_retry import RetryableException

from berceau.errors import (
    ConnectionFailedError,
    PoolTimeoutError,
    SettingsError,
    TenantUnknownError,
)
from berceau.orm.tenants import Choice, act_for
from berceau.tenancy import SHARED, Tenant
from berceau.web.problems import Problem, answer
from berceau.web.registry import RUNNING, TENANT_FACTORY, settings_of
from berceau.web.sessions import claim, is_own
from berceau.web.tenant_choice import varying
from berceau.web.unavailable import STATIC, DatabaseUnfit, is_served_anyway
from berceau.workflows.serve.tenants import Directory, TenantUnfitError

Factory: TypeAlias = Callable[[Request], Choice | str | None]

CHOSEN = "berceau.tenant"
"""In a request's environ: the name of its tenant, or ``SHARED``. No visitor can set it."""


UNSERVED = "berceau.unserved_tenant"
"""In the environ of a request of the console: why the tenant of its address isn't served."""


class NoSuchTenant(HTTPNotFound):
    """Answers a request for a tenant that isn't there; ``error`` says which."""

    def __init__(self, error: TenantUnknownError) -> None:
        self.error = error
        super().__init__()


def includeme(config: Configurator) -> None:
    """Add ``config.set_tenant_factory()``, and let each request act for its tenant."""
    config.add_directive("set_tenant_factory", set_tenant_factory)
    config.add_request_method(tenant, reify=True)
    config.add_route_predicate("has_tenant", TenantPredicate)
    if config.registry[RUNNING].tenants is None:
        return
    config.add_tween(
        "berceau.web.tenants.tenant_tween_factory",
        under=[EXCVIEW, "berceau.web.unavailable.fitness_tween_factory"],
        over=[
            "berceau.web.rate_limits.rate_limit_tween_factory",
            "berceau.web.units.unit_of_work_tween_factory",
        ],
    )
    config.add_exception_view(unknown, context=NoSuchTenant)
    config.action("berceau.tenants", lambda: _require_factory(config), order=PHASE3_CONFIG + 1)


def tenant(_request: Request) -> Tenant | None:
    """Return that the request is nobody's, until its tenant is set."""
    return None


def has_tenant(request: Request) -> bool:
    """Return whether ``request`` can use tables of a tenant's own.

    Where the project has no tenants, each can: no table is a tenant's.
    """
    return request.tenant is not None or request.registry[RUNNING].tenants is None


class TenantPredicate:
    """``config.add_route(..., has_tenant=True)``: only requests that have a tenant meet the route.

    With ``False``, only those meet it that have none, such as those for shared pages.
    """

    def __init__(self, wanted: bool, config: Configurator) -> None:
        self._wanted = wanted
        self._tells_apart = not wanted or config.registry[RUNNING].tenants is not None

    def text(self) -> str:
        """Return the predicate as one reads it in ``proutes``."""
        return f"has_tenant = {self._wanted}"

    def phash(self) -> str:
        """Return what tells it from others; empty where all requests meet it."""
        return self.text() if self._tells_apart else ""

    def __call__(self, _info: Any, request: Request) -> bool:
        """Return whether ``request`` meets the route."""
        return has_tenant(request) is self._wanted


def set_tenant_factory(config: Configurator, factory: Factory) -> None:
    """Let ``factory`` tell whose each request is.

    It takes the request and returns a tenant or its name, ``SHARED`` for what uses shared tables
    only, or ``None`` for what uses no tables. It has no effect where the project has no tenants.
    """
    factory = config.maybe_dotted(factory)

    def register() -> None:
        config.registry[TENANT_FACTORY] = factory

    config.action(TENANT_FACTORY, register)


def _require_factory(config: Configurator) -> None:
    if TENANT_FACTORY not in config.registry:
        raise SettingsError(
            "berceau.tenants is set, but nothing tells which tenant a request is for.",
            cure="Call config.set_tenant_factory() in the includeme of a component, or where the "
            "application is made.",
        )


def tenant_tween_factory(handler: Callable[[Request], Response], registry: Any) -> Any:
    """Return a tween that finds out whose a request is, before its unit of work begins.

    The files of pages are the same for all tenants, and need none. The console is about the tenant
    of its address, and without one about the shared tables.
    """
    settings = settings_of(registry.settings)
    directory: Directory = registry[RUNNING].tenants
    factory: Factory = registry[TENANT_FACTORY]

    def tenant_tween(request: Request) -> Response:
        if request.path_info.startswith(STATIC):
            return handler(request)
        try:
            found = _find(request, factory, directory)
        except (NoSuchTenant, DatabaseUnfit, ConnectionFailedError, PoolTimeoutError) as refused:
            if not is_served_anyway(request, settings):
                raise
            found = _behind(refused.__cause__) or _nobody(request, refused)
        if found is None and is_served_anyway(request, settings):
            found = SHARED
        act_for(found)
        if not isinstance(found, Tenant):
            return handler(request)
        name = found.name
        looked_at_session = "session" in vars(request)
        request.tenant = found
        try:
            response = handler(request)
            if looked_at_session:
                claim(request, found.identity)
            return response
        except (HTTPException, RetryableException):
            raise
        except Exception:
            _served(directory.look, name)  # it may be gone since the last look
            raise

    return tenant_tween


def _find(request: Request, factory: Factory, directory: Directory) -> Choice | None:
    """Return whose the request is; raises what answers it where that one can't be served."""
    chosen = request.environ.get(CHOSEN) or _choose(request, factory)
    while chosen is not None and chosen is not SHARED:
        found = _served(directory.find, str(chosen))
        if is_own(request, found.identity):
            return found
        chosen = _choose(request, factory)  # whose session was another's has none any more
    return chosen


def _choose(request: Request, factory: Factory) -> Choice | str | None:
    with varying(request):
        return factory(request)


def _behind(reason: BaseException | None) -> Tenant | None:
    """Return the tenant that isn't served for this ``reason``, if it has tables to look at."""
    if isinstance(reason, TenantUnfitError) and reason.tenant.state == "ready":
        return reason.tenant
    return None


def _nobody(request: Request, refused: Exception) -> Choice:
    """Note why the tenant of the address isn't served, and return what the console shows then."""
    reason = "The tenant of this address isn't known while the database can't be reached."
    if isinstance(refused, NoSuchTenant):
        reason = refused.error.message
    elif isinstance(refused, DatabaseUnfit):
        reason = f"{refused.unfit.title}."
    request.environ[UNSERVED] = reason
    return SHARED


def _served(look: Callable[[str], Tenant], name: str) -> Tenant:
    """Return the tenant called ``name``; raise what answers the request if it can't be served."""
    try:
        return look(name)
    except TenantUnknownError as error:
        raise NoSuchTenant(error) from error
    except TenantUnfitError as error:
        raise DatabaseUnfit(error.unfit) from error


def unknown(answered: NoSuchTenant, request: Request) -> Response:
    """Answer a request for a tenant that isn't there; a developer reads what to do."""
    detail = "Its address may be mistyped, or what it showed was deleted."
    if settings_of(request.registry.settings).development:
        detail = f"{answered.error.message} {answered.error.cure}"
    return answer(request, Problem(answered.status_code, "This site doesn't exist", detail))
