"""The rules of a deploy of many tenants: which of them, in which order, and how far."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from berceau.errors import TenantError
from berceau.tenancy import Tenant
from berceau.workflows.tenants.states import States


@dataclass(frozen=True)
class Rules:
    """How to deploy.

    Whether a ``contract`` is applied, too, and whether no process runs meanwhile. ``patterns``
    choose tenants by name, as in a shell. ``jobs`` are done at the same time. The tenant ``canary``
    is first, and the others wait for it. After a failure it is to ``keep_going`` with the others.
    """

    contract: bool = False
    allow_downtime: bool = False
    patterns: tuple[str, ...] = ("*",)
    jobs: int = 1
    canary: str | None = None
    keep_going: bool = False

    @property
    def contracts(self) -> bool:
        """Whether what waits for old processes is applied, too, if it can be."""
        return self.contract or self.allow_downtime

    def choose(self, tenant: Tenant) -> bool:
        """Return whether ``tenant`` is one of those to deploy."""
        return any(fnmatchcase(tenant.name, each) for each in self.patterns)


EXPAND = Rules()


def require_chosen(states: States, rules: Rules) -> None:
    """Raise ``TenantError`` where ``rules`` name no tenant that is ready."""
    found = {each.name for each in states.tenants if rules.choose(each)}
    patterns = "" if rules.patterns == EXPAND.patterns else ", ".join(rules.patterns)
    cure = "Nothing was applied. `invoke tenant.list` shows all."
    if patterns and not found:
        raise TenantError(f"No tenant that is ready matches {patterns}.", cure=cure)
    if rules.canary is not None and rules.canary not in found:
        ready = f"that is ready and matches {patterns}" if patterns else "that is ready"
        raise TenantError(f"The canary {rules.canary} isn't a tenant {ready}.", cure=cure)
