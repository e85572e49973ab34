"""Down: undo the last migrations of the shared tables, or of all tenants."""

from collections.abc import Mapping

from berceau.errors import TenantError
from berceau.migration.history import History
from berceau.postgres.core.connection import connect
from berceau.postgres.core.session import notice_loss
from berceau.postgres.inspect.schemas import use_schema
from berceau.postgres.runner.progress import Report, silent
from berceau.settings import Settings
from berceau.tenancy import Scope, Target, Tenant
from berceau.workflows.deploy.down import ZERO, down, require_undoable
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories, versions
from berceau.workflows.tenants.commands import completing
from berceau.workflows.tenants.states import States, look, of_tenant


def down_all(
    settings: Settings,
    scope: Scope | None = None,
    to: str | None = None,
    report: Report = silent,
    *,
    allow_data_loss: bool = False,
) -> dict[str, tuple[str, ...]]:
    """Undo the last migration of one history, or all after ``to``; return their names.

    They are given by tenant, or under an empty name if they are about the shared tables. Without a
    ``scope``, it is the history that has the newest migration. Of tenants, all that have it are
    changed, or none if it can't be undone in one of them. Raises ``TenantError``, and what ``down``
    raises.
    """
    found = histories.read(settings)
    databases = resolve_databases(settings)
    url = databases.migration_url
    with connect(url, autocommit=True) as connection:
        notice_loss(connection)
        states = look(connection, url, found)
        versions.correct(connection, states)
        newest = {each: _newest(states, each) for each in ("shared", "tenant")}
        if scope is None:
            scope = "shared" if newest["shared"] > newest["tenant"] else "tenant"
        if scope == "shared":
            with completing(Target("shared")):
                undone = down(url, found.shared, to, allow_data_loss=allow_data_loss, report=report)
            return {"": undone} if undone else {}
        chosen = _chosen(states.tenants, newest["tenant"], to)
        for tenant in chosen:
            use_schema(connection, tenant.schema, url.schema)
            with of_tenant(tenant):
                require_undoable(connection, found.tenant, to, allow_data_loss=allow_data_loss)
        use_schema(connection, url.schema)
        done: dict[str, tuple[str, ...]] = {}
        for tenant in chosen:
            own = databases.of_tenant(tenant.schema).migration_url
            with of_tenant(tenant):
                done[tenant.name] = down(
                    own, found.tenant, to, allow_data_loss=allow_data_loss, report=report
                )
            versions.record(own, tenant.name, report)
        return done


def _newest(states: States, scope: str) -> str:
    """Return the newest migration that was applied, or begun, anywhere in a ``scope``."""
    all_ = [states.shared] if scope == "shared" else states.tenants.values()
    lines = (line for each in all_ for line in (*each.applied, *each.unfinished))
    return max((line.name for line in lines), default="")


def _chosen(tenants: Mapping[Tenant, History], newest: str, to: str | None) -> tuple[Tenant, ...]:
    """Return the tenants that have the ``newest`` migration, or any after ``to``."""
    after = to if to not in (None, ZERO) else ""
    if after and all(after not in _names(each) for each in tenants.values()):
        raise TenantError(
            f"No migration called {to} is applied to a tenant.",
            cure="`invoke migrate.status` lists them; `--to zero` undoes all.",
        )
    return tuple(
        tenant
        for tenant, each in tenants.items()
        if (newest in _names(each) if to is None else any(n > str(after) for n in _names(each)))
    )


def _names(state: History) -> set[str]:
    return {line.name for line in (*state.applied, *state.unfinished)} - {""}
