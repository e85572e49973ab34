"""A deploy of the shared tables and of all tenants, in one process."""

from berceau.postgres.citus.nodes import has_citus
from berceau.postgres.core.connection import connect
from berceau.postgres.core.session import notice_loss
from berceau.postgres.inspect.schemas import require_schema
from berceau.postgres.runner import processes
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.settings import Settings
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.tenants import histories, versions
from berceau.workflows.tenants.deployed import AllDeployed
from berceau.workflows.tenants.rules import EXPAND, Rules, require_chosen
from berceau.workflows.tenants.states import look


def deploy_all(settings: Settings, report: Report = silent, rules: Rules = EXPAND) -> AllDeployed:
    """Apply what is pending to the shared tables and to all tenants that are ready.

    It is done in the order in which the migrations were written. Raises ``HistoryError`` or
    ``TenantError``, before anything is applied, where files and a ledger contradict each other, or
    rows don't fit what is pending; and ``TenantError`` where a tenant fails. Where it is to keep
    going, all this is only told of a tenant, and the others go on. Another run does the rest.
    """
    found = histories.read(settings)
    databases = resolve_databases(settings)
    url = databases.migration_url
    with connect(url, autocommit=True) as connection:
        notice_loss(connection)
        require_schema(connection, url.schema)
        registry.ensure(connection, databases.runtime_url.user)
        made = processes.ensure(connection, databases.runtime_url.user)
        states = look(connection, url, found)
        require_chosen(states, rules)
        sound_ones, failed = states.without_unsound()
        if not rules.keep_going or rules.canary in failed:
            states.require_sound()
        versions.correct(connection, sound_ones)
        done = AllDeployed(skipped=sound_ones.others, failed=failed)
        spread = has_citus(connection)
        if spread or any(sound_ones.open.values()):
            from berceau.workflows.tenants.stages import Stages  # only for what is pending

            Stages(connection, url, found, sound_ones, rules, report, done, spread).run(new=made)
    return done
