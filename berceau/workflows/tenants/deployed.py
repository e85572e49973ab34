"""What a deploy of the shared tables and of all tenants did."""

from dataclasses import dataclass, field
from itertools import chain

from berceau.errors import BerceauError
from berceau.tenancy import Tenant


@dataclass
class AllDeployed:
    """The names of what was applied to the ``shared`` tables, and to which ``tenants``, by name.

    ``notes`` are what waits, in words. The ``skipped`` are being made or dropped. What
    ``failed`` is by names of tenants, too.
    """

    shared: list[str] = field(default_factory=list)
    tenants: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skipped: tuple[Tenant, ...] = ()
    failed: dict[str, BerceauError] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what was applied anywhere, each once."""
        return tuple(dict.fromkeys((*self.shared, *chain(*self.tenants.values()))))
