"""Versions: the newest migration of each tenant in the registry, as its ledger has it."""

from collections.abc import Sequence

from berceau.migration.history import Revision
from berceau.postgres.core.connection import Connection
from berceau.postgres.core.url import Url
from berceau.postgres.runner import ledger
from berceau.postgres.runner.progress import Report, silent
from berceau.postgres.tenants import registry
from berceau.workflows.deploy.deploy import deploying
from berceau.workflows.tenants.states import States


def record(url: Url, name: str, report: Report = silent) -> None:
    """Write the version of the tenant called ``name``, to whose schema ``url`` leads.

    No deploy changes it meanwhile.
    """
    with deploying(url, report) as connection:
        applied = [line for line in ledger.read(connection) if line.is_whole]
        registry.set_version(connection, [name], _newest(applied))


def correct(connection: Connection, states: States) -> None:
    """Correct the registry where a command was killed between the ledger and that."""
    for group in states.groups:
        registry.correct_version(connection, group.tenants, _newest(group.history.applied))


def _newest(applied: Sequence[Revision]) -> str | None:
    return applied[-1].name if applied else None
