"""Groups: which tenants have which version, and what they lack."""

from collections import defaultdict
from dataclasses import dataclass

from berceau.errors import TenantError
from berceau.migration.history import History
from berceau.postgres.core.connection import connect
from berceau.settings import Settings
from berceau.tenancy import Tenant
from berceau.workflows.shared.databases import resolve_databases
from berceau.workflows.shared.wording import counted
from berceau.workflows.tenants import histories
from berceau.workflows.tenants.states import look
from berceau.workflows.tenants.waiting import between

SHOWN = 5
"""How many tenants of a group a person reads the names of."""


@dataclass(frozen=True)
class Group:
    """The names of ``tenants`` whose newest migration is ``version``, and what they lack.

    ``unfinished`` is what was begun there, and why it doesn't go on.
    """

    version: str | None
    pending: tuple[str, ...]
    unfinished: tuple[str, ...]
    tenants: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if len(self.tenants) > SHOWN else ""
        names = f"{', '.join(self.tenants[:SHOWN])}{more}"
        head = (
            f"{counted(len(self.tenants), 'tenant')} at {self.version or 'no migration'}: {names}"
        )
        lines = [*self.unfinished, *(f"pending  {name}" for name in self.pending)]
        return "\n  ".join((head, *lines))


@dataclass(frozen=True)
class Groups:
    """All ready ``tenants``, in ``groups``; the ``others`` are being made or dropped.

    What of the shared tables and of tenants ``waits`` for each other is in words.
    """

    groups: tuple[Group, ...]
    tenants: tuple[Tenant, ...]
    others: tuple[Tenant, ...]
    waits: tuple[str, ...] = ()


def groups(settings: Settings) -> Groups:
    """Return all tenants, those that are alike together, the oldest version first."""
    url = resolve_databases(settings).migration_url
    migrations = histories.read(settings)
    with connect(url, autocommit=True) as connection:
        states = look(connection, url, migrations)
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for tenant, state in states.tenants.items():
        found[_like(state)].append(tenant.name)
    return Groups(
        tuple(
            Group(version or None, pending, unfinished, tuple(names))
            for (version, pending, unfinished), names in sorted(found.items())
        ),
        tuple(states.tenants),
        states.others,
        tuple(between(migrations, states)),
    )


def require_alike(settings: Settings) -> None:
    """Raise ``TenantError`` unless all tenants have the same history, as who rewrites it needs."""
    found = groups(settings)
    creating = [each for each in found.others if each.state == "creating"]
    if len(found.groups) < 2 and not creating:
        return
    lines = [*map(str, found.groups), *(f"tenant {each}: {each.deed}" for each in creating)]
    raise TenantError(
        "\n  ".join(("The tenants aren't at the same migration:", *lines)),
        cure="Nothing was written. Run `invoke migrate.deploy`, finish what is begun, and run the "
        "command again.",
    )


def _like(state: History) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    version = state.applied[-1].name if state.applied else ""
    return version, tuple(each.name for each in state.pending), tuple(map(str, state.unfinished))
