"""Tenants as values: customers of one application, each with tables in a schema of its own."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias

from berceau.errors import TenantError

Mode: TypeAlias = Literal["schema"]
"""How tenants are kept apart: each has a schema."""

Scope: TypeAlias = Literal["shared", "tenant"]
"""Whose a component's tables are: those of all tenants together, or of each its own."""

SCOPES: Final[tuple[Scope, ...]] = ("shared", "tenant")

State: TypeAlias = Literal["ready", "creating", "dropping", "missing"]
"""What is being done with a tenant. Only one that is ready is served.

The schema of one that is ``missing`` was taken away by something else than a command.
"""

STATES: Final[tuple[State, ...]] = ("ready", "creating", "dropping")
"""Those that commands write."""

FRESH_SECONDS: Final = 5.0
"""How long a tenant is served without another look, whatever becomes of it meanwhile."""

PREFIX: Final = "tenant_"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Tenant:
    """A tenant: its ``name``, the ``schema`` of its tables, and its own ``identity``.

    ``version`` is the name of the newest migration that was applied to it, ``None`` before the
    first. ``since`` says when it was made, as the registry tells it.
    """

    name: str
    schema: str
    state: State = "ready"
    version: str | None = None
    since: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def identity(self) -> str:
        """What tells it from all others, also from one that had its name and was dropped.

        What outlives a request or a unit of work is told by it whose it is, and not by the name.
        """
        return f"{self.name}.{self.since}" if self.since else self.name

    @property
    def deed(self) -> str:
        """What is the matter with one that isn't ready, to follow its name."""
        if self.state == "missing":
            return f"its schema {self.schema} is missing"
        return f"it is {self.state}"

    def is_behind(self, needed: str | None) -> bool:
        """Return whether it lacks the migration ``needed``, or an older one."""
        return needed is not None and (self.version is None or self.version < needed)


@dataclass(frozen=True)
class Target:
    """What of a database with tenants something works on: what is shared, or what a tenant has.

    ``schema`` is that of the tenant ``name``. Where its migrations are tried out, the schema
    ``stand_in`` is in the place of the shared one.
    """

    scope: Scope
    schema: str | None = None
    stand_in: str | None = None
    name: str | None = None


class Shared(Enum):
    """The type of ``SHARED``."""

    SHARED = "shared"


SHARED: Final = Shared.SHARED
"""What a unit of work is given in the place of a tenant if it uses shared tables only."""


def tenant_schema(name: str, shared: str = "public") -> str:
    """Return what the schema of a new tenant ``name`` is called; raises ``TenantError``.

    Neither needs quotes, in SQL or in a shell. Beside another ``shared`` schema than PostgreSQL's
    usual one, the tenant has another schema, too: a database may have several applications.
    """
    if not _NAME.fullmatch(name):
        raise TenantError(
            f"A tenant can't be called {name!r}.",
            cure="Use a lower-case letter, then up to 40 lower-case letters of English, digits and "
            "underscores.",
        )
    if shared == "public":
        return PREFIX + name
    return f"{PREFIX}{name}_{hashlib.sha256(shared.encode()).hexdigest()[:8]}"
