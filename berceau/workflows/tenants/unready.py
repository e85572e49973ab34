"""Tenants whose command was stopped: they may be in the way of what is shared."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from berceau.errors import BerceauError, TenantError
from berceau.tenancy import Tenant

_COMMANDS = {
    "creating": "`invoke tenant.create {}`",
    "dropping": "`invoke tenant.drop {}`",
}
"""What goes on with one that is in such a state."""


def require_ready(tenant: Tenant) -> None:
    """Raise ``TenantError`` unless ``tenant`` is ready: it may have some tables, or none."""
    if tenant.state == "ready":
        return
    command = _COMMANDS.get(tenant.state)
    raise TenantError(
        f"The tenant {tenant} isn't ready: {tenant.deed}.",
        cure=f"Run {command.format(tenant)} first."
        if command
        else f"Restore its schema from a backup, or end the tenant: `invoke tenant.drop {tenant}`.",
    )


@contextmanager
def in_the_way(unready: Sequence[Tenant]) -> Iterator[None]:
    """Let an error of the body that names the schema of an ``unready`` tenant say what helps."""
    try:
        yield
    except BerceauError as error:
        for each in unready:
            if each.state in _COMMANDS and re.search(rf"\b{each.schema}\b", error.message):
                command = _COMMANDS[each.state].format(each)
                raise error.with_cure(
                    f"The tenant {each} was left out: {each.deed}. Run {command} and then this "
                    "command again. `invoke tenant.list` shows all that aren't ready."
                ) from error
        raise
